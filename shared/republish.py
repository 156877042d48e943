"""Publishes history again: for a broker that came back empty, or a consumer that starts anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from shared.event_store import EventStore
from shared.outbox import Outbox


def republish(engine: Engine, store: EventStore, outbox: Outbox, *, since: datetime | None = None) -> int:
    """Queue every published event of the streams that have an event since then, with the numbers they had.

    Consumers skip what they have. Returns how many messages were queued.
    """
    with engine.begin() as tx:
        return _republish(tx, store, outbox, since)


def read_from_the_beginning(engine: Engine, *, but: Sequence[str]) -> None:
    """Forget how far topics were read, for topics that were emptied; those in `but` were kept. The worker must not run."""
    with engine.begin() as tx:
        tx.exec_driver_sql("DELETE FROM consumer_offsets WHERE NOT topic = ANY(%(but)s)", {"but": list(but)})


def republish_to_new_broker(engine: Engine, store: EventStore, outbox: Outbox, cluster_id: str, *, wanted: bool) -> int:
    """Republish where this service has published to another broker before and never to this one; remember it.

    Both are one transaction: who is stopped in between does it at the next start.
    """
    with engine.begin() as tx:
        known = {row.cluster_id for row in tx.exec_driver_sql("SELECT cluster_id FROM brokers_met")}
        tx.exec_driver_sql(_MEET, {"id": cluster_id})
        is_new = bool(known) and cluster_id not in known
        return _republish(tx, store, outbox, None) if is_new and wanted else 0


def _republish(tx: Connection, store: EventStore, outbox: Outbox, since: datetime | None) -> int:
    queued = 0
    streams = {(row.tenant_id, row.stream_id) for row in tx.exec_driver_sql(_STREAMS, {"since": since})}
    tx.exec_driver_sql(_FORGET, {"since": since})  # history holds them too, and in order
    for batch in store.everything(tx, categories=list(outbox.topics)):
        again = [r for r in batch if r.public_sequence is not None and (r.tenant_id, r.stream_id) in streams]
        outbox(tx, again)
        queued += len(again)
    return queued


_STREAMS = """
SELECT DISTINCT tenant_id, stream_id FROM events WHERE %(since)s::timestamptz IS NULL OR recorded_at >= %(since)s"""

_FORGET = f"""
DELETE FROM outbox o USING ({_STREAMS}) AS again
WHERE o.tenant_id = again.tenant_id AND o.key = again.stream_id::text"""  # noqa: S608

_MEET = "INSERT INTO brokers_met (cluster_id, met_at) VALUES (%(id)s, now()) ON CONFLICT DO NOTHING"
