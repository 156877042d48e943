"""Bodies are counted and timed while they stream in, so that nobody makes us hold 200 MB, or wait for ever."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import problem

ONE_MEGABYTE = 1_048_576
_NAME_IN_PATH = re.compile(r"\\\{\w+\\\}")


class _TooLarge(Exception):
    pass


class _TooSlow(Exception):
    pass


class _Compressed(Exception):
    pass


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """ASGI middleware: 1 MB, or what `larger` says for a path, which may hold a `{name}`.

    A body has `within_seconds`, and a second more for each megabyte that has come.
    """

    app: ASGIApp
    larger: Mapping[str, int] = field(default_factory=dict)
    within_seconds: float = 60

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit = self._limit(scope["path"])
        try:
            self._check_announced(scope, limit)
            await self.app(scope, _Body(receive, limit, self._deadline()), send)
        except _Compressed:
            detail = "send the body as it is, uncompressed"
            headers = {"Accept-Encoding": "identity"}
            await problem(415, "unsupported_content_encoding", detail, headers=headers)(scope, receive, send)
        except _TooLarge:
            answer = problem(413, "body_too_large", f"at most {limit} bytes", headers={"Connection": "close"})
            await answer(scope, receive, send)
        except _TooSlow:
            detail = f"the body did not arrive within {self.within_seconds:g} seconds"
            await problem(408, "request_timeout", detail, headers={"Connection": "close"})(scope, receive, send)
        except ClientDisconnect:  # nobody hears this; it is counted as what it is, and not as a fault of ours
            await problem(400, "client_gone", "the body ended before its end")(scope, receive, send)

    def _limit(self, path: str) -> int:
        return next((most for known, most in self.larger.items() if _matches(known).fullmatch(path)), ONE_MEGABYTE)

    def _deadline(self) -> float:
        return asyncio.get_running_loop().time() + self.within_seconds

    @staticmethod
    def _check_announced(scope: Scope, limit: int) -> None:
        headers = dict(scope["headers"])
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise _Compressed
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            raise _TooLarge


@dataclass(slots=True)
class _Body:
    """What follows a body, as the news that the client hung up, may take as long as it takes."""

    receive: Receive
    limit: int
    deadline: float
    received: int = 0
    complete: bool = False

    async def __call__(self) -> Message:
        if self.complete:
            return await self.receive()
        message = await self._next()
        self.received += len(message.get("body", b""))
        self.complete = not message.get("more_body", False)
        if self.received > self.limit:
            raise _TooLarge
        return message

    async def _next(self) -> Message:
        try:
            async with asyncio.timeout_at(self.deadline + self.received / ONE_MEGABYTE):
                return await self.receive()
        except TimeoutError:
            raise _TooSlow from None


@lru_cache
def _matches(path: str) -> re.Pattern[str]:
    return re.compile(_NAME_IN_PATH.sub("[^/]+", re.escape(path)))
