"""A front door for documents that are read one by one: those that are asked for at about the same time are read together."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.access import Needs
from shared.http.documents import DocumentedApi, needs_of
from shared.http.front import tell
from shared.http.gathering import Gathering
from shared.http.observation import correlation_id_of
from shared.http.problems import Problem
from shared.http.rate_limits import RateLimits
from shared.http.ready import Written
from shared.http.routes import rendered
from shared.http.tokens import Caller, Tokens
from shared.http.turns import Turns
from shared.logs import logger
from shared.tenancy import Ask, asking

READS_AT_ONCE = 2
# Of these most wait for PostgreSQL at any time; beside others a tenant has a part of them.
REQUESTS_AT_ONCE, REQUESTS_BESIDE_OTHERS = 256, 32
PATIENCE_SECONDS = 5.0
# What else a request says, such as a body or a version, is the route's own business.
_TOLD = frozenset((b"content-length", b"transfer-encoding", b"content-encoding", b"if-match"))

# Of one tenant, those of these documents that there are.
Read = Callable[[Ask, UUID, Sequence[UUID]], Mapping[UUID, Written]]


class _Wanted(NamedTuple):
    tenant_id: UUID
    id: UUID


def open_reading(app: DocumentedApi, service: str, route: APIRoute, prefix: str, read: Read) -> None:
    """For a route `…/{id}` that shows one document, of which the id reads `prefix_…`, and says what a caller needs."""
    (needs,) = needs_of(route)
    app.front = ReadingDoor(
        app=app.front or super(DocumentedApi, app).__call__,
        service=service,
        route=route,
        needs=needs,
        path=re.compile(rf"{re.escape(route.path.partition('{')[0])}{prefix}_([0-9a-f]{{32}})"),
        tokens=app.state.tokens,
        rate_limits=app.state.rate_limits,
        turns=Turns(REQUESTS_AT_ONCE, REQUESTS_BESIDE_OTHERS),
        reads=_reads(app.state.engine, read),
    )


def _reads(engine: Engine, read: Read) -> Gathering[_Wanted, Written | None]:
    def together(wanted: Sequence[_Wanted]) -> list[Written | None]:
        found: dict[_Wanted, Written] = {}
        for tenant_id, alike in groupby(sorted(set(wanted)), key=itemgetter(0)):
            documents = read(asking(engine, tenant_id), tenant_id, [each.id for each in alike])
            found |= {_Wanted(tenant_id, id_): written for id_, written in documents.items()}
        return [found.get(each) for each in wanted]

    return Gathering(together, seconds=0, at_once=READS_AT_ONCE, patience_seconds=PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class ReadingDoor:
    """An ASGI application before `app`. It answers who was proved before and asks for what is there; whatever else it is,
    and whatever goes wrong, `app` answers."""

    app: ASGIApp
    service: str
    route: APIRoute
    needs: Needs
    path: re.Pattern[str]
    tokens: Tokens
    rate_limits: RateLimits
    turns: Turns
    reads: Gathering[_Wanted, Written | None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, wanted = time.perf_counter(), self._wanted(scope)
        answer = None if wanted is None else await self._answer(wanted)
        if answer is None:
            return await self.app(scope, receive, send)
        return await tell(self.service, self.route, scope, rendered(answer, 200), send, began)

    def _wanted(self, scope: Scope) -> _Wanted | None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
            return None
        asked = self.path.fullmatch(scope["path"])
        headers = dict(scope["headers"])
        if asked is None or len(headers) < len(scope["headers"]) or not _TOLD.isdisjoint(headers):
            return None
        caller = self._caller(headers)
        state = scope.setdefault("state", {})
        if caller is None or not self.rate_limits.hit(state, caller.tenant_id, None):
            return None
        state["correlation_id"], state["caller"] = correlation_id_of(headers), caller
        return _Wanted(caller.tenant_id, UUID(asked[1]))

    def _caller(self, headers: Mapping[bytes, bytes]) -> Caller | None:
        caller = self.tokens.known(headers.get(b"authorization", b"").decode("latin-1"))
        return caller if caller is not None and self.needs.scope in caller.scopes else None

    async def _answer(self, wanted: _Wanted) -> Written | None:
        try:
            async with self.turns.turn(wanted.tenant_id):
                return await self.reads.add(wanted)
        except Problem:
            return None
        except Exception as error:  # who asks alone hears what it is
            logger().warning("could not read together", route=self.route.path, error=repr(error))
            return None
