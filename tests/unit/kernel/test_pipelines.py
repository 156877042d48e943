"""What is said behind a request that is being answered takes nothing away from that answer."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from shared.http.connections import Doorway, GuardedConnection
from tests.unit.kernel.test_heads import CHUNKED, GET, Line


class Slow:
    """An application that hears a whole request, and answers when it is let."""

    def __init__(self) -> None:
        self.let = asyncio.Event()
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            return
        await self.let.wait()
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def answered(*said: bytes, hangs_up: bool = False) -> tuple[bytes, int]:
    """What came back until the server hung up, or was heard hanging up, and how many requests were begun."""

    async def talk() -> tuple[bytes, int]:
        slow, line = Slow(), Line()
        config = Config(slow, ws="none", log_config=None)
        config.load()
        doorway = Doorway(limit=1, head_seconds=60, answer_seconds=60)
        protocol = GuardedConnection(doorway=doorway, config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(line)
        for piece in said:
            protocol.data_received(piece)
            await asyncio.sleep(0)
        if hangs_up:
            protocol.connection_lost(ConnectionResetError())
        slow.let.set()
        async with asyncio.timeout(5):
            while protocol.tasks if hangs_up else not line.closed:
                await asyncio.sleep(0)
        if not hangs_up:
            protocol.connection_lost(ConnectionResetError())
        return line.written, slow.asked

    return asyncio.run(talk())


def test_a_request_that_was_read_gets_its_own_answer_whatever_is_said_behind_it() -> None:
    for said in ([GET + b"\r\nnonsense\r\n\r\n"], [GET + b"\r\n", b"nonsense\r\n\r\n", GET + b"\r\n"]):
        written, asked = answered(*said)
        assert (written.count(b"HTTP/1.1 "), written[:12], asked) == (1, b"HTTP/1.1 202", 1)
        assert b"connection: close" in written


def test_too_many_requests_behind_each_other_end_with_the_answer_to_the_first() -> None:
    for asks in (b"", b"Connection: upgrade\r\nUpgrade: x\r\n"):
        written, asked = answered(5000 * (GET + asks + b"\r\n"))
        assert (written.count(b"HTTP/1.1 "), asked) == (1, 1)


def test_what_cannot_be_read_in_a_body_is_its_own_requests_fault() -> None:
    written, _ = answered(CHUNKED + b"zz\r\n")
    assert written.startswith(b"HTTP/1.1 400")
    assert written.count(b"HTTP/1.1 ") == 1


def test_whoever_hangs_up_is_not_answered_any_more_however_much_they_asked() -> None:
    for requests in (1, 2):
        assert answered(requests * (GET + b"\r\n"), hangs_up=True) == (b"", 1)
