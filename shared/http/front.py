"""A front door: one route's plain requests are answered before FastAPI, whose own way costs more than they do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.errors import DomainError
from shared.http.access import Needs
from shared.http.begun import Begun
from shared.http.documents import DocumentedApi, needs_of
from shared.http.observation import correlation_id_of, note, told_of
from shared.http.problems import Problem, bug, refusal
from shared.http.rate_limits import RateLimits
from shared.http.tokens import Caller, Tokens
from shared.http.turns import Turns

Headers = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Plain:
    """What comes in by the front: requests of up to `most_bytes`, which they say beforehand, of callers whom `knows`
    names. `answer` may still say None: whatever is not plain is the route's own business."""

    most_bytes: int
    turns: Turns
    knows: Callable[[Caller], bool]
    answer: Callable[[Headers, Caller, bytes], Awaitable[Response | None]]


def open_front(app: DocumentedApi, service: str, route: APIRoute, plain: Plain) -> None:
    """What a caller needs is what the route says that they need."""
    (needs,) = needs_of(route)
    state = app.state
    app.front = FrontDoor(
        app=super(DocumentedApi, app).__call__,
        service=service,
        route=route,
        needs=needs,
        plain=plain,
        tokens=state.tokens,
        rate_limits=state.rate_limits,
        body_seconds=state.settings.body_timeout_seconds,
    )


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """An ASGI application before `app`. It lets in who was proved before, counts and notes like every other way,
    and sends on whatever it has a doubt about, before anybody was answered: refusals are the other middlewares' and
    the route's own."""

    app: ASGIApp
    service: str
    route: APIRoute
    needs: Needs
    plain: Plain
    tokens: Tokens
    rate_limits: RateLimits
    body_seconds: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = self._admitted(scope)
        if request is None:
            return await self.app(scope, receive, send)
        body = await request.body(receive, self.body_seconds)
        answer = None if body is None else await self._answer(request, body)
        if answer is None:
            return await self.app(scope, request.again(receive), send)
        return await tell(self.service, self.route, scope, answer, send, request.began)

    def _admitted(self, scope: Scope) -> Asked | None:
        request = Asked.plainly(scope, self.route, self.plain.most_bytes)
        if request is None:
            return None
        caller = self.tokens.known(request.text(b"authorization"))
        if caller is None or self.needs.scope not in caller.scopes or not self.plain.knows(caller):
            return None
        if not self.rate_limits.hit(request.state, caller.tenant_id, request.size):
            return None
        request.let_in(caller)
        return request

    async def _answer(self, request: Asked, body: bytes) -> Response | None:
        caller: Caller = request.state["caller"]
        try:
            async with self.plain.turns.turn(caller.tenant_id):
                return await self.plain.answer(request.headers, caller, body)
        except (Problem, DomainError) as error:
            return refusal(error)
        except Exception as error:
            with structlog.contextvars.bound_contextvars(correlation_id=request.state["correlation_id"]):
                return bug(error)


@dataclass(slots=True)
class Asked:
    """A request that a front may answer, and all that was heard of it. `size` is what it says of its body."""

    headers: Headers
    size: int
    state: dict[str, Any]
    began: float = field(default_factory=time.perf_counter)
    heard: list[Message] = field(default_factory=list)
    is_late: bool = False

    @classmethod
    def plainly(cls, scope: Scope, route: APIRoute, most_bytes: int) -> Asked | None:
        """None for another address, and for a request of which not all that matters is said plainly, or that is too large."""
        if scope["type"] != "http" or scope["path"] != route.path or scope["method"] not in (route.methods or ()):
            return None
        headers = dict(scope["headers"])
        size = _size(headers)
        if size is None or size > most_bytes or len(headers) < len(scope["headers"]):
            return None
        return cls(headers, size, scope.setdefault("state", {}))

    def text(self, header: bytes) -> str:
        return self.headers.get(header, b"").decode("latin-1")

    def let_in(self, caller: Caller) -> None:
        self.state["correlation_id"], self.state["caller"] = correlation_id_of(dict(self.headers)), caller

    async def body(self, receive: Receive, seconds: float) -> bytes | None:
        """None for one that does not come in time, or whose client left; the next to ask hears the same."""
        try:
            return await self._listen(receive, seconds)
        except TimeoutError:
            self.is_late = True
            return None

    async def _listen(self, receive: Receive, seconds: float) -> bytes | None:
        """Nearly always all of it has come already, and nobody has to look at the clock."""
        first = Begun(receive())
        if first.is_over:
            self.heard.append(await first)
        if not self.has_heard_all:
            async with asyncio.timeout(seconds):
                if not first.is_over:
                    self.heard.append(await first)
                while not self.has_heard_all:
                    self.heard.append(await receive())
        is_whole = self.heard[-1]["type"] == "http.request"
        return b"".join([part.get("body", b"") for part in self.heard]) if is_whole else None

    @property
    def has_heard_all(self) -> bool:
        return bool(self.heard) and not self.heard[-1].get("more_body", False)

    def again(self, receive: Receive) -> Receive:
        """The same once more, for whoever asks next: then what comes after it."""
        told = iter(self.heard)

        async def retell() -> Message:
            for message in told:
                return message
            if self.is_late:
                raise TimeoutError
            return await receive()

        return retell


async def tell(service: str, route: APIRoute, scope: Scope, answer: Response, send: Send, began: float) -> None:
    """As every answer is told: with what is said of each request, counted and noted."""
    scope["route"] = route
    answer.raw_headers += told_of(scope["state"])
    try:
        await answer(scope, _nothing_more, send)
    finally:
        note(service, scope, answer.status_code, time.perf_counter() - began)


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}


def _size(headers: Headers) -> int | None:
    """Of a body that is sent as it is, where the request says it."""
    announced = headers.get(b"content-length", b"")
    is_plain = b"content-encoding" not in headers and announced.isdigit() and len(announced) < 10
    return int(announced) if is_plain else None
