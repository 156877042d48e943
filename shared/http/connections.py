"""Open connections: there are only so many, none may be silent for long, and who is refused is told why."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from shared.http.heads import StrictHeads
from shared.http.problems import RETRY_SOON, problem


@dataclass(frozen=True, slots=True)
class Doorway:
    """What all connections of a process share. `waiting` are those without a request, the longest waiting first."""

    limit: int
    head_seconds: float
    answer_seconds: float
    waiting: dict[GuardedConnection, None] = field(default_factory=dict)

    def make_room_for(self, newcomer: GuardedConnection) -> None:
        """Who asks for nothing leaves before those who do; if all others are being served, the newcomer leaves."""
        next(iter(self.waiting), newcomer).show_out(
            503, "too_many_connections", "all connections are taken: try again", RETRY_SOON
        )


class GuardedConnection(StrictHeads):
    """uvicorn's own, which waits for a request, and for an answer to be taken, as long as the client likes."""

    def __init__(self, *, doorway: Doorway, **options: Any):
        super().__init__(**options)
        self._doorway = doorway
        self._for_head: asyncio.TimerHandle | None = None
        self._for_answer: asyncio.TimerHandle | None = None
        self._answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._doorway.limit:
            self._doorway.make_room_for(self)
        if not transport.is_closing():
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting_for_head()
        self._taken()
        super().connection_lost(exc)
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True  # uvicorn tells only the request that it read last
            self._answering.message_event.set()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if not self.is_to_be_read_again:
            self._stop_waiting_for_head()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self._wait_for_head()

    def pause_writing(self) -> None:
        self._for_answer = self.loop.call_later(self._doorway.answer_seconds, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What cannot be read behind a request that was read is no answer to that: it gets its own, and no other does."""
        running = self._answering
        if running is None or running.response_complete or running.more_body:
            self.refuse(400, "malformed_request", "this is not HTTP/1.1, or its head is too large")
        else:
            self.is_deaf, running.keep_alive = True, False

    def refuse(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer without a request, or to one that cannot be read, and hang up. Nothing is written into an answer."""
        self._stop_waiting_for_head()
        running = self._answering
        if running is None or running.response_complete or not running.response_started:
            answer = problem(status, code, detail, headers={**(headers or {}), "Connection": "close"})
            lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()]
            lines += [name + b": " + value for name, value in answer.raw_headers]
            self.transport.write(b"\r\n".join([*lines, b"", bytes(answer.body)]))
        self.transport.close()

    def show_out(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Who was answered before might take this for the answer to a request that is on its way: only hang up."""
        if self.cycle is None:
            self.refuse(status, code, detail, headers)
        else:
            self._stop_waiting_for_head()
            self.transport.close()

    def _wait_for_head(self) -> None:
        self._doorway.waiting[self] = None
        self._for_head = self.loop.call_later(self._doorway.head_seconds, self._too_late)

    def _stop_waiting_for_head(self) -> None:
        self._doorway.waiting.pop(self, None)
        if self._for_head is not None:
            self._for_head.cancel()

    def _too_late(self) -> None:
        self.show_out(408, "request_timeout", "the head of the request did not arrive in time")

    def _taken(self) -> None:
        if self._for_answer is not None:
            self._for_answer.cancel()
