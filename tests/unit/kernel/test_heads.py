"""Heads of requests: what httptools leaves open is refused, and what it does not read is read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from shared.http.heads import LARGEST_HEAD, MOST_BEHIND_EACH_OTHER, StrictHeads

GET = b"GET /things?a=b HTTP/1.1\r\nHost: here\r\n"
CHUNKED = b"POST /things HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass
class Heard:
    """An application that keeps what it hears, and says thank you."""

    requests: list[tuple[dict[str, Any], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.requests.append((scope, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


class Line(asyncio.Transport):
    """What was written to it, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """All is there already."""

    def resume_reading(self) -> None:
        """All is there already."""


def said(*pieces: bytes) -> tuple[Heard, Line]:
    """What becomes of a connection on which this was said, piece by piece."""
    heard, line = Heard(), Line()

    async def listen() -> None:
        config = Config(heard, ws="none", log_config=None)
        config.load()
        protocol = StrictHeads(config=config, server_state=ServerState(), app_state={})
        protocol.connection_made(line)
        for piece in pieces:
            if not line.closed:
                protocol.data_received(piece)
            for _ in range(5):
                await asyncio.sleep(0)
        protocol.connection_lost(ConnectionResetError())

    asyncio.run(listen())
    return heard, line


def bytewise(text: bytes) -> Iterable[bytes]:
    return (text[n : n + 1] for n in range(len(text)))


def is_refused(*pieces: bytes) -> bool:
    heard, line = said(*pieces)
    return line.closed and heard.requests == [] and b" 400 " in line.written


def test_a_plain_request_is_heard_however_it_is_cut() -> None:
    for pieces in ([GET + b"\r\n"], bytewise(GET + b"\r\n")):
        ((scope, body),) = said(*pieces)[0].requests
        assert (scope["method"], scope["path"], scope["query_string"], body) == ("GET", "/things", b"a=b", b"")


def test_requests_behind_each_other_are_answered_one_by_one() -> None:
    heard, line = said(3 * (GET + b"Content-Length: 2\r\n\r\nab"), b"")
    assert [body for _, body in heard.requests] == [b"ab"] * 3
    assert line.written.count(b"HTTP/1.1 200 OK") == 3


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        b"CONNECT there:443 HTTP/1.1\r\nHost: there\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        GET + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        GET + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        GET + b"X: a\r\n b\r\n\r\n",
        GET + b"X : a\r\n\r\n",
        GET + b"X: a\x1bb\r\n\r\n",
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        GET + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        GET + b"Transfer-Encoding: identity\r\n\r\n",
        GET + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        GET + b"Content-Length: +2\r\n\r\nab",
    ],
    ids=[
        "no host",
        "two hosts",
        "two hosts of old",
        "a proxy's",
        "HTTP/2",
        "two lengths",
        "two ways to end",
        "folded",
        "a blank before the colon",
        "a control character",
        "half line ends",
        "no version",
        "a later version",
        "a coding before the end",
        "a coding in a field before",
        "a coding without an end",
        "nearly chunked",
        "chunked of old",
        "a length with a sign",
    ],
)
def test_a_head_that_can_be_read_in_two_ways_is_refused(head: bytes) -> None:
    assert is_refused(head)


def test_a_request_of_old_needs_no_host() -> None:
    assert len(said(b"GET / HTTP/1.0\r\n\r\n")[0].requests) == 1


@pytest.mark.parametrize("piece", [100, 10_000, 10**9], ids=["drops", "pieces", "at once"])
@pytest.mark.parametrize(
    "head",
    [
        GET + b"X: " + b"x" * 5 * LARGEST_HEAD,
        GET + b"X: y\r\n" * LARGEST_HEAD + b"\r\n",
        b"GET /" + b"x" * 5 * LARGEST_HEAD,
        GET + b"x" * 5 * LARGEST_HEAD,
    ],
    ids=["a value without end", "many fields", "a path without end", "a name without end"],
)
def test_a_head_has_an_end(head: bytes, piece: int) -> None:
    """A line that does not end may come at once, as large as what is read at once; then it is not kept any longer."""
    more = [b"x" * 1000] * 70
    assert is_refused(*(head[n : n + piece] for n in range(0, len(head), piece)), *more)


def test_a_large_body_before_a_head_is_not_taken_for_one() -> None:
    first = GET + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000
    heard, _ = said(first + GET[:10], GET[10:], b"\r\n", b"")
    assert [len(body) for _, body in heard.requests] == [200_000, 0]


@pytest.mark.parametrize("piece", [1000, 100_000])
@pytest.mark.parametrize("end", [b"0\r\nX: ", b"1;x="], ids=["a field behind the body", "words beside a length"])
def test_what_stands_around_a_body_has_an_end_too(end: bytes, piece: int) -> None:
    _, line = said(CHUNKED + end, *[b"x" * piece] * (LARGEST_HEAD // piece + 2))
    assert line.closed and b" 400 " in line.written


def test_only_so_many_requests_may_wait_behind_each_other() -> None:
    heard, line = said((MOST_BEHIND_EACH_OTHER + 1) * (GET + b"\r\n"), *[b""] * MOST_BEHIND_EACH_OTHER)
    assert (len(heard.requests), line.closed) == (MOST_BEHIND_EACH_OTHER + 1, False)


def test_what_follows_a_body_is_no_field_of_the_head() -> None:
    ((scope, body),) = said(CHUNKED + b"2\r\nab\r\n0\r\nAuthorization: Bearer x\r\n\r\n")[0].requests
    assert body == b"ab"
    assert b"authorization" not in dict(scope["headers"])


@pytest.mark.parametrize("cut", [1, 40, 10_000])
def test_who_would_rather_speak_http_2_is_answered_all_the_same(cut: int) -> None:
    """As Java's client does with everything that it sends."""
    asks = b"POST /things HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nContent-Length: 2\r\nHost: here\r\n"
    asks += b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n\r\nab"
    text = asks + GET + b"\r\n"
    heard, _ = said(*(text[n : n + cut] for n in range(0, len(text), cut)), b"")
    assert [(scope["method"], body) for scope, body in heard.requests] == [("POST", b"ab"), ("GET", b"")]
