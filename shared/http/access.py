"""What a route may ask for: its signature names the scope it needs and whether it writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import Depends, Request

from shared.http.parameters import refuse_unknown
from shared.http.tokens import Caller, ScopeMissing
from shared.http.turns import Turn, Turns


@dataclass(frozen=True, slots=True)
class Opening:
    """A unit of work that is allowed but not begun: the route's own thread opens the transaction."""

    request: Request
    caller: Caller
    writes: bool


@dataclass(frozen=True)
class Needs:
    """A dependency that lets only callers with `scope` pass. Every route has exactly one."""

    scope: str
    writes: bool = False
    by_bytes: bool = False
    by_bearer_token: ClassVar[bool] = True

    async def check(self, request: Request) -> Caller:
        caller: Caller = await request.app.state.tokens.caller(request.headers.get("authorization"))
        request.scope["state"]["caller"] = caller
        request.app.state.rate_limits.count(request, caller.tenant_id, by_bytes=self.by_bytes)
        if self.scope not in caller.scopes:
            raise ScopeMissing(self.scope)
        refuse_unknown(request)
        return caller

    async def take_turn(self, request: Request) -> Caller:
        """The caller, once it is this tenant's turn; one turn a request, however many of its dependencies ask. To be
        followed by `leave_turn`."""
        caller, state = await self.check(request), request.scope["state"]
        if "turn" not in state:
            turns: Turns = request.app.state.ingest_turns if self.by_bytes else request.app.state.turns
            turn = turns.turn(caller.tenant_id)
            await turn.enter()
            state["turn"] = turn
        return caller


def leave_turn(request: Request) -> None:
    """Of the turn that the request has, if it has one. That it had one stays noted."""
    turn: Turn | None = request.scope["state"].get("turn")
    if turn is not None:
        request.scope["state"]["turn"] = None
        turn.leave()


@dataclass(frozen=True)
class _Unit(Needs):
    """The route says `leave_turn`: FastAPI needs longer to see a generator through than for all else here."""

    async def __call__(self, request: Request) -> Opening:
        return Opening(request, await self.take_turn(request), self.writes)


@dataclass(frozen=True)
class _Caller(Needs):
    async def __call__(self, request: Request) -> AsyncIterator[Caller]:
        try:
            yield await self.take_turn(request)
        finally:
            leave_turn(request)


@dataclass(frozen=True)
class _Streaming(Needs):
    async def __call__(self, request: Request) -> Caller:
        return await self.check(request)


def reads(scope: str) -> Any:
    """For `Annotated[UnitOfWork, reads("…")]`: a transaction that asks."""
    return Depends(_Unit(scope, writes=False), scope="function")


def writes(scope: str) -> Any:
    """For `Annotated[UnitOfWork, writes("…")]`: a transaction that commands; a POST needs an Idempotency-Key."""
    return Depends(_Unit(scope, writes=True), scope="function")


def evaluates(scope: str, *, by_bytes: bool = False) -> Any:
    """For `Annotated[Caller, evaluates("…")]`: no transaction at all. `by_bytes` where the size of a body counts, too."""
    return Depends(_Caller(scope, by_bytes=by_bytes), scope="function")


def streams(scope: str) -> Any:
    """For `Annotated[Caller, streams("…")]`: a body that may come for minutes takes nobody's turn; the route bounds how
    many it works on at once."""
    return Depends(_Streaming(scope), scope="function")
