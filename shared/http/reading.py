"""A front door for documents that are read one by one or by the page: what is asked for at about the same time is read
together."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from fastapi.routing import APIRoute
from sqlalchemy import Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.access import Needs
from shared.http.documents import DocumentedApi, needs_of
from shared.http.front import tell
from shared.http.gathering import Gathering
from shared.http.observation import correlation_id_of
from shared.http.pages import PlainPage, plain_page
from shared.http.problems import Problem
from shared.http.rate_limits import RateLimits
from shared.http.ready import Written
from shared.http.routes import rendered
from shared.http.tokens import Caller, Tokens
from shared.http.turns import Turns
from shared.logs import logger
from shared.tenancy import Ask, asking

READS_AT_ONCE = 2
# Of these most wait for PostgreSQL at any time; beside others a tenant has a part of them. A page is worth a hundred documents.
REQUESTS_AT_ONCE, REQUESTS_BESIDE_OTHERS = 256, 32
PAGES_AT_ONCE, PAGES_BESIDE_OTHERS = 8, 1
PATIENCE_SECONDS = 5.0
# What else a request says, such as a body or a version, is the route's own business.
_TOLD = frozenset((b"content-length", b"transfer-encoding", b"content-encoding", b"if-match"))

What = TypeVar("What", bound=Hashable)

# Of one tenant, those of these documents that there are.
Read = Callable[[Ask, UUID, Sequence[What]], Mapping[What, Written]]


class _Wanted(NamedTuple, Generic[What]):
    tenant_id: UUID
    what: What


def open_reading(app: DocumentedApi, service: str, route: APIRoute, prefix: str, read: Read[UUID]) -> None:
    """For a route `…/{id}` that shows one document, of which the id reads `prefix_…`, and says what a caller needs."""
    path = re.compile(rf"{re.escape(route.path.partition('{')[0])}{prefix}_([0-9a-f]{{32}})")

    def asked(scope: Scope) -> UUID | None:
        found = None if scope["query_string"] else path.fullmatch(scope["path"])
        return None if found is None else UUID(found[1])

    _open(app, service, route, asked, read, Turns(REQUESTS_AT_ONCE, REQUESTS_BESIDE_OTHERS))


def open_pages(app: DocumentedApi, service: str, route: APIRoute, read: Read[PlainPage]) -> None:
    """For a route that lists documents by their ids, and says what a caller needs; filters are its own business."""

    def asked(scope: Scope) -> PlainPage | None:
        return plain_page(scope["query_string"]) if scope["path"] == route.path else None

    _open(app, service, route, asked, read, Turns(PAGES_AT_ONCE, PAGES_BESIDE_OTHERS))


def _open(
    app: DocumentedApi,
    service: str,
    route: APIRoute,
    asked: Callable[[Scope], What | None],
    read: Read[What],
    turns: Turns,
) -> None:
    (needs,) = needs_of(route)
    app.front = ReadingDoor(
        app=app.front or super(DocumentedApi, app).__call__,
        service=service,
        route=route,
        needs=needs,
        asked=asked,
        tokens=app.state.tokens,
        rate_limits=app.state.rate_limits,
        turns=turns,
        reads=_reads(app.state.engine, read),
    )


def _reads(engine: Engine, read: Read[What]) -> Gathering[_Wanted[What], Written | None]:
    def together(wanted: Sequence[_Wanted[What]]) -> list[Written | None]:
        of_tenants: dict[UUID, dict[What, None]] = {}
        for tenant_id, what in wanted:
            of_tenants.setdefault(tenant_id, {})[what] = None
        found = {
            tenant_id: read(asking(engine, tenant_id), tenant_id, [*what]) for tenant_id, what in of_tenants.items()
        }
        return [found[tenant_id].get(what) for tenant_id, what in wanted]

    return Gathering(together, seconds=0, at_once=READS_AT_ONCE, patience_seconds=PATIENCE_SECONDS)


@dataclass(frozen=True, slots=True)
class ReadingDoor(Generic[What]):
    """An ASGI application before `app`. It answers who was proved before and asks for what is there; whatever else it is,
    and whatever goes wrong, `app` answers."""

    app: ASGIApp
    service: str
    route: APIRoute
    needs: Needs
    asked: Callable[[Scope], What | None]
    tokens: Tokens
    rate_limits: RateLimits
    turns: Turns
    reads: Gathering[_Wanted[What], Written | None]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, wanted = time.perf_counter(), self._wanted(scope)
        answer = None if wanted is None else await self._answer(wanted)
        if answer is None:
            return await self.app(scope, receive, send)
        return await tell(self.service, self.route, scope, rendered(answer, 200), send, began)

    def _wanted(self, scope: Scope) -> _Wanted[What] | None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return None
        asked = self.asked(scope)
        if asked is None:
            return None
        headers = dict(scope["headers"])
        if len(headers) < len(scope["headers"]) or not _TOLD.isdisjoint(headers):
            return None
        caller = self._caller(headers)
        state = scope.setdefault("state", {})
        if caller is None or not self.rate_limits.hit(state, caller.tenant_id, None):
            return None
        state["correlation_id"], state["caller"] = correlation_id_of(headers), caller
        return _Wanted(caller.tenant_id, asked)

    def _caller(self, headers: Mapping[bytes, bytes]) -> Caller | None:
        caller = self.tokens.known(headers.get(b"authorization", b"").decode("latin-1"))
        return caller if caller is not None and self.needs.scope in caller.scopes else None

    async def _answer(self, wanted: _Wanted[What]) -> Written | None:
        try:
            async with self.turns.turn(wanted.tenant_id):
                return await self.reads.add(wanted)
        except Problem:
            return None
        except Exception as error:  # who asks alone hears what it is
            logger().warning("could not read together", route=self.route.path, error=repr(error))
            return None
