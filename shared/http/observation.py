"""Every request gets a correlation id, a log line and a place in the metrics."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.logs import logger
from shared.metrics import REQUESTS

_PLAIN = re.compile(r"[A-Za-z0-9._:-]{1,100}")


@dataclass(frozen=True, slots=True)
class Observation:
    """ASGI middleware. A correlation id that is not plain is replaced, so that nobody writes into our logs."""

    app: ASGIApp
    service: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        correlation_id = _correlation_id(scope)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        status, began = 500, time.perf_counter()

        async def with_correlation(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told = scope["state"].get("headers", ())
                message["headers"] = [*message["headers"], (b"x-correlation-id", correlation_id.encode()), *told]
            await send(message)

        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            try:
                await self.app(scope, receive, with_correlation)
            finally:
                self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        REQUESTS.labels(self.service, scope["method"], route, str(status)).observe(seconds)
        caller = scope["state"].get("caller")
        tenant = str(caller.tenant_id) if caller else None
        log = logger().warning if status >= 500 else logger().debug
        log(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            tenant=tenant,
            milliseconds=round(seconds * 1000, 1),
        )


def _correlation_id(scope: Scope) -> str:
    given: str = dict(scope["headers"]).get(b"x-correlation-id", b"").decode("latin-1")
    return given if _PLAIN.fullmatch(given) else uuid4().hex
