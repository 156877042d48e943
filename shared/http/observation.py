"""Every request gets a correlation id, a log line and a place in the metrics."""

from __future__ import annotations

import logging
import re
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.ids import new_hex
from shared.logs import is_written, logger
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
        correlation_id = correlation_id_of(dict(scope["headers"]))
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        status, began = 500, time.perf_counter()

        async def with_correlation(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *told_of(scope["state"])]
            await send(message)

        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            try:
                await self.app(scope, receive, with_correlation)
            finally:
                note(self.service, scope, status, time.perf_counter() - began)


def correlation_id_of(headers: dict[bytes, bytes]) -> str:
    """The one that was sent, if it is plain, or a new one."""
    given = headers.get(b"x-correlation-id", b"").decode("latin-1")
    return given if given and _PLAIN.fullmatch(given) else new_hex()


def told_of(state: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """What every answer says of its request: its correlation id, and what is left of quotas where they were counted."""
    return [(b"x-correlation-id", state["correlation_id"].encode()), *state.get("headers", ())]


@lru_cache(maxsize=1000)
def _measured(service: str, method: str, route: str, status: str) -> Histogram:
    return REQUESTS.labels(service, method, route, status)


def note(service: str, scope: Scope, status: int, seconds: float) -> None:
    """An answered request in the metrics, and in the log: as a warning from 500 on, otherwise for who wants to see all."""
    route = getattr(scope.get("route"), "path", "unmatched")
    _measured(service, scope["method"], route, str(status)).observe(seconds)
    level = logging.WARNING if status >= 500 else logging.DEBUG
    if not is_written(level):
        return
    caller = scope["state"].get("caller")
    logger().log(
        level,
        "request",
        correlation_id=scope["state"]["correlation_id"],
        method=scope["method"],
        route=route,
        status=status,
        tenant=str(caller.tenant_id) if caller else None,
        milliseconds=round(seconds * 1000, 1),
    )
