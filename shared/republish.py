"""Publishes history again: for a broker that came back empty, or a consumer that starts anew."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from shared.event_store import EventStore
from shared.outbox import Outbox


def republish(engine: Engine, store: EventStore, outbox: Outbox, *, since: datetime | None = None) -> int:
    """Queue every published event of the streams that have an event since then, with the numbers they had.

    Consumers skip what they have. Returns how many messages were queued.
    """
    queued = 0
    with engine.begin() as tx:
        streams = _streams(tx, since)
        tx.exec_driver_sql(_FORGET, {"since": since})  # history holds them too, and in order
        for batch in store.everything(tx, categories=list(outbox.topics)):
            again = [r for r in batch if r.public_sequence is not None and (r.tenant_id, r.stream_id) in streams]
            outbox(tx, again)
            queued += len(again)
    return queued


def _streams(tx: Connection, since: datetime | None) -> set[tuple[UUID, UUID]]:
    return {(row.tenant_id, row.stream_id) for row in tx.exec_driver_sql(_STREAMS, {"since": since})}


def met_new_broker(engine: Engine, cluster_id: str) -> bool:
    """Remember the cluster; True where this service has published to another one before and never to this one."""
    with engine.begin() as tx:
        known = {row.cluster_id for row in tx.exec_driver_sql("SELECT cluster_id FROM brokers_met")}
        tx.exec_driver_sql(
            "INSERT INTO brokers_met (cluster_id, met_at) VALUES (%(id)s, now()) ON CONFLICT DO NOTHING",
            {"id": cluster_id},
        )
    return bool(known) and cluster_id not in known


_STREAMS = """
SELECT DISTINCT tenant_id, stream_id FROM events WHERE %(since)s::timestamptz IS NULL OR recorded_at >= %(since)s"""

_FORGET = f"""
DELETE FROM outbox o USING ({_STREAMS}) AS again
WHERE o.tenant_id = again.tenant_id AND o.key = again.stream_id::text"""  # noqa: S608
