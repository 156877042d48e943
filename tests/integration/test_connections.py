"""Who opens connections and keeps them, or sends drop by drop, is shown out, and everybody else is served meanwhile."""

from __future__ import annotations

import json
import resource
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.api_process import ApiProcess, api_process, everything
from tests.support.house import Service
from tests.support.waiting import eventually

CONNECTIONS = min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 500)
LIMIT = 200
HEAD = b"PUT /v1/customers/acme HTTP/1.1\r\nHost: quittance\r\nContent-Type: application/json\r\n"
HALF_A_BODY = HEAD + b'Content-Length: 1000\r\n\r\n{"name": "'
ALIVE = b"GET /livez HTTP/1.1\r\nHost: quittance\r\n"


@pytest.fixture(scope="module")
def impatient(billing: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """A second for everything."""
    log = tmp_path_factory.mktemp("impatient") / "log"
    with api_process(billing, log, head_timeout_seconds=1, body_timeout_seconds=1) as process:
        yield process


@pytest.fixture(scope="module")
def narrow(billing: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiProcess]:
    """With few places."""
    log = tmp_path_factory.mktemp("narrow") / "log"
    with api_process(billing, log, connection_limit=LIMIT, head_timeout_seconds=60) as process:
        yield process


def read(answer: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(status.split()[1]), headers, json.loads(body)


@pytest.mark.parametrize("said", [b"", ALIVE], ids=["nothing", "half a head"])
def test_who_does_not_finish_the_head_of_a_request_is_told_that_time_is_up(impatient: ApiProcess, said: bytes) -> None:
    status, headers, body = read(impatient.answer_to(said))
    assert (status, body["title"]) == (408, "request_timeout")
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")


def test_who_sends_a_body_drop_by_drop_is_told_that_time_is_up(impatient: ApiProcess) -> None:
    status, headers, body = read(impatient.answer_to(HALF_A_BODY))
    assert (status, body["title"]) == (408, "request_timeout")
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")


def test_who_goes_on_talking_after_the_answer_is_cut_off(impatient: ApiProcess) -> None:
    """A route that needs no body answers at once; what the request promised would be waited for without end."""
    status, _, body = read(impatient.answer_to(ALIVE + b"Content-Length: 1000\r\n\r\n"))
    assert (status, body) == (200, {"status": "alive"})


def test_a_connection_may_ask_again_and_again_and_ends_when_nothing_is_asked(impatient: ApiProcess) -> None:
    answered = impatient.answer_to(3 * (ALIVE + b"\r\n"))
    assert answered.count(b"HTTP/1.1 200 OK") == 3
    assert answered.count(b"HTTP/1.1") == 3, "what comes uncalled might be taken for the answer to the next request"


def test_ten_thousand_silent_connections_are_refused_politely_while_others_are_served(narrow: ApiProcess) -> None:
    with ExitStack() as opened:
        lines = [opened.enter_context(narrow.connection()) for _ in range(CONNECTIONS)]
        for _ in range(20):
            assert narrow.get("/livez").status_code == 200
        refused = [read(everything(line)) for line in lines[: CONNECTIONS - LIMIT]]
        assert {(status, body["title"]) for status, _, body in refused} == {(503, "too_many_connections")}
        assert {headers["retry-after"] for _, headers, _ in refused} == {"1"}
        lines[-1].sendall(ALIVE + b"Connection: close\r\n\r\n")
        assert everything(lines[-1]).startswith(b"HTTP/1.1 200 OK")


def test_when_all_connections_are_busy_a_new_one_is_refused(narrow: ApiProcess) -> None:
    """Nobody who is being served is sent away for somebody who is not."""
    with ExitStack() as opened:
        assert eventually(lambda: refusal_of(opened.enter_context(narrow.connection()))) == (
            503,
            "too_many_connections",
        )
    assert eventually(lambda: narrow.get("/livez").status_code == 200)
    assert "Traceback" not in narrow.log.read_text(), "a client that hangs up is no fault of ours"


def refusal_of(line: socket.socket) -> tuple[int, str] | None:
    """Of somebody who has begun to say something, if they were not let in."""
    line.settimeout(0.02)
    try:
        line.sendall(HALF_A_BODY)
        status, _, body = read(everything(line))
    except TimeoutError:
        return None
    return status, body["title"]


def test_who_does_not_take_their_answers_is_cut_off(billing: Service, tmp_path: Path) -> None:
    patient = {"head_timeout_seconds": 600, "answer_timeout_seconds": 1}
    with api_process(billing, tmp_path / "log", **patient) as process, process.connection() as line:
        line.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: quittance\r\n\r\n" * 100)
        assert eventually(lambda: is_cut_off(line))


def is_cut_off(line: socket.socket) -> bool:
    """Blank lines between requests are nobody's."""
    try:
        line.sendall(b"\r\n")
    except (ConnectionResetError, BrokenPipeError):
        return True
    return False


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        ALIVE + b"X: " + b"x" * 1_000_000 + b"\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}",
        HEAD + b"Content-Length: -1\r\n\r\n{}",
        HEAD + b"Content-Length: 9" + b"9" * 30 + b"\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        ALIVE + b"Bad Header: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=[
        "no HTTP",
        "no host",
        "a megabyte of header",
        "two lengths",
        "negative length",
        "endless length",
        "an encoding that we do not speak",
        "a chunk without length",
        "a malformed header",
        "TLS",
    ],
)
def test_what_is_no_http_is_answered_with_a_problem_document(impatient: ApiProcess, sent: bytes) -> None:
    status, headers, body = read(impatient.answer_to(sent))
    assert (status in (400, 408, 413), body["status"]) == (True, status)
    assert headers["content-type"] == "application/problem+json"


def test_whatever_is_sent_every_line_of_the_log_is_json_and_nobody_writes_into_it(impatient: ApiProcess) -> None:
    forged = '{"event":"forged"}'
    impatient.answer_to(b"nonsense\r\n" + forged.encode() + b"\r\n\r\n")
    impatient.get(f"/v1/customers/%0A{forged}%0A%1B%5B31m", headers={"X-Correlation-Id": forged, "User-Agent": forged})
    impatient.answer_to(ALIVE + b"X-Correlation-Id: a\x1b[31m\r\nConnection: close\r\n\r\n")
    lines = [json.loads(line) for line in impatient.log.read_text().splitlines()]
    assert lines
    assert {line["service"] for line in lines} == {"billing"}
    assert "forged" not in impatient.log.read_text()
    assert "\x1b" not in impatient.log.read_text()


def test_while_the_issuer_of_tokens_does_not_answer_everybody_else_is_served(billing: Service, tmp_path: Path) -> None:
    with ExitStack() as opened:
        mute = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        jwks = f"http://127.0.0.1:{mute.getsockname()[1]}/jwks"
        process = opened.enter_context(api_process(billing, tmp_path / "log", auth_jwks_url=jwks))
        asking = opened.enter_context(ThreadPoolExecutor(1))
        token = {"Authorization": billing.client("acme").headers["Authorization"]}
        waits = asking.submit(process.get, "/v1/customers", headers=token)
        opened.enter_context(mute.accept()[0])
        assert process.get("/livez").status_code == 200
        assert not waits.done(), "whether the token is good is not known yet"
        assert (waits.result().status_code, waits.result().json()["title"]) == (503, "issuer_unavailable")
