"""Bodies are counted while they stream in, so that nobody makes us hold 200 MB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import problem

ONE_MEGABYTE = 1_048_576


class _TooLarge(Exception):
    pass


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """ASGI middleware: 1 MB, or what `larger` says for a path."""

    app: ASGIApp
    larger: Mapping[str, int] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        limit = self.larger.get(scope["path"], ONE_MEGABYTE)
        try:
            self._check_announced(scope, limit)
            await self.app(scope, _counted(receive, limit), send)
        except _TooLarge:
            answer = problem(413, "body_too_large", f"at most {limit} bytes", headers={"Connection": "close"})
            await answer(scope, receive, send)

    @staticmethod
    def _check_announced(scope: Scope, limit: int) -> None:
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > limit:
            raise _TooLarge


def _counted(receive: Receive, limit: int) -> Receive:
    received = 0

    async def counting() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _TooLarge
        return message

    return counting
