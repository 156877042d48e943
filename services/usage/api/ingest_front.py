"""The short way of POST /v1/events: faultless events of tenants on real time, several requests in one go to the log."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import FastAPI, Response
from fastapi.routing import APIRoute

from services.usage.api import ingest
from services.usage.api.ingest_answers import ANSWER_WITHIN_SECONDS, BrokerDidNotAnswer, accepted, is_lenient
from services.usage.domain.cloud_event import Sent, Window, put_together
from services.usage.domain.ingest import faultless
from shared.clock import real_now
from shared.http.documents import DocumentedApi
from shared.http.front import Headers, Plain, open_front
from shared.http.gathering import Gathering
from shared.http.tokens import Caller
from shared.http.turns import Turns

# Decoded between two looks at other connections: more would make those wait.
MOST_BYTES = 65_536
GATHER_SECONDS = 0.002
GOES_AT_ONCE = 8
# Of these most wait for Kafka at any time, and nobody waits for them.
REQUESTS_AT_ONCE = 512
REQUESTS_BESIDE_OTHERS = 64


def install(app: DocumentedApi) -> None:
    """Everything that is not so plain goes the way of the route, and so does the first request of each tenant."""
    (route,) = (route for route in ingest.router.routes if isinstance(route, APIRoute))
    turns = Turns(REQUESTS_AT_ONCE, REQUESTS_BESIDE_OTHERS)
    plain = Plain(
        MOST_BYTES, turns, knows=lambda caller: app.state.real_time.knows(caller.tenant_id), answer=Front(app)
    )
    open_front(app, "usage", route, plain)


class Front:
    def __init__(self, app: FastAPI):
        self._state = app.state
        self._log = Gathering(
            self._append, seconds=GATHER_SECONDS, at_once=GOES_AT_ONCE, patience_seconds=ANSWER_WITHIN_SECONDS
        )

    async def __call__(self, headers: Headers, caller: Caller, body: bytes) -> Response | None:
        read = {name: headers.get(name.encode(), b"").decode("latin-1") for name in ("content-type", "prefer")}
        window = Window.at(real_now())
        events = faultless(read, body, window)
        if events is None:
            return None
        try:
            batch_id = await self._log.add(Sent(caller.tenant_id, window.now, events))
        except TimeoutError:
            raise BrokerDidNotAnswer from None
        return accepted(len(events), batch_id, lenient=is_lenient(read))

    def _append(self, sent: Sequence[Sent]) -> list[UUID]:
        """The batch that each went with."""
        batches = put_together(sent, iter(self._state.new_id, None))
        log: ingest.IngestLog = self._state.ingest_log
        log.append(*batches.values())
        return [batches[each.tenant_id].batch_id for each in sent]
