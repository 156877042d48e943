"""The front lets in what is plain, answers it like everybody else, and sends on untouched whatever it has a doubt about."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from shared.http.access import evaluates
from shared.http.documents import needs_of
from shared.http.front import FrontDoor, Headers, Plain
from shared.http.problems import Problem
from shared.http.rate_limits import QuotaExceeded, RateLimits
from shared.http.tokens import Caller
from shared.http.turns import Turns
from shared.settings import Settings

ANN = Caller(UUID(int=1), "ann", frozenset({"things:send"}))
BOB = Caller(UUID(int=2), "bob", frozenset({"things:read"}))
TOKENS = {"Bearer ann": ANN, "Bearer bob": BOB}
PLAIN = [(b"authorization", b"Bearer ann"), (b"content-length", b"2")]
SETTINGS = Settings(
    database_url="", kafka_bootstrap_servers="", auth_issuer="", auth_jwks_url="", rate_limit_requests=2
)

router = APIRouter()


@router.post("/things", dependencies=[evaluates("things:send", by_bytes=True)])
def things() -> None:
    """Never called: what is behind the front is a fake."""


class Known:
    def known(self, authorization: str) -> Caller | None:
        return TOKENS.get(authorization)


@dataclass
class Behind:
    """What the front sends on, and what was heard of it there."""

    heard: list[Any] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.state = scope.get("state", {})
        try:
            while not self.heard or self.heard[-1].get("more_body"):
                self.heard.append(await receive())
        except TimeoutError:
            self.heard.append("late")
        await send({"type": "http.response.start", "status": 299, "headers": []})


@dataclass
class House:
    """`answer` is what the front makes of a plain body."""

    answer: Any = None
    behind: Behind = field(default_factory=Behind)
    sent: list[Any] = field(default_factory=list)
    limits: RateLimits = field(default_factory=lambda: RateLimits(SETTINGS))

    def door(self) -> FrontDoor:
        (route,) = (route for route in router.routes if isinstance(route, APIRoute))
        (needs,) = needs_of(route)
        plain = Plain(10, Turns(1), lambda caller: caller is not None, self._answer)
        return FrontDoor(self.behind, "things", route, needs, plain, Known(), self.limits, body_seconds=0.05)  # type: ignore[arg-type]

    async def _answer(self, headers: Headers, caller: Caller, body: bytes) -> Response | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return None if self.answer is None else Response(self.answer + body, 202)

    def ask(
        self, headers: Sequence[tuple[bytes, bytes]] = PLAIN, *said: Any, path: str = "/things", method: str = "POST"
    ) -> int:
        """The status; 299 is from behind."""
        scope = {"type": "http", "path": path, "method": method, "headers": list(headers), "state": {}}
        messages = iter(said or [{"type": "http.request", "body": b"{}", "more_body": False}])

        async def receive() -> Any:
            for message in messages:
                return message
            return await asyncio.Event().wait()

        async def send(message: Any) -> None:
            self.sent.append(message)

        asyncio.run(self.door()(scope, receive, send))
        status: int = self.sent[0]["status"]
        return status


def test_what_is_plain_is_answered_with_what_every_answer_says() -> None:
    house = House(answer=b"took ")
    assert house.ask([*PLAIN, (b"x-correlation-id", b"abc")]) == 202
    headers = dict(house.sent[0]["headers"])
    assert (headers[b"x-correlation-id"], house.sent[1]["body"]) == (b"abc", b"took {}")
    assert b'"requests";r=1;' in headers[b"ratelimit"] and b'"bytes";q=' in headers[b"ratelimit-policy"]
    assert house.behind.heard == []


@pytest.mark.parametrize(
    "headers",
    [
        PLAIN[1:],
        PLAIN[:1],
        [PLAIN[0], (b"content-length", b"11")],
        [PLAIN[0], (b"content-length", b"-1")],
        [PLAIN[0], (b"content-length", b"9" * 30)],
        [(b"authorization", b"Bearer nobody"), PLAIN[1]],
        [(b"authorization", b"Bearer bob"), PLAIN[1]],
        [*PLAIN, (b"authorization", b"Bearer bob")],
        [*PLAIN, (b"content-encoding", b"gzip")],
    ],
    ids=["no token", "no length", "large", "negative", "endless", "unknown", "no scope", "two tokens", "compressed"],
)
def test_what_is_not_plain_goes_on_uncounted(headers: Sequence[tuple[bytes, bytes]]) -> None:
    house = House(answer=b"took ")
    assert house.ask(headers) == 299
    assert house.behind.heard == [{"type": "http.request", "body": b"{}", "more_body": False}]
    assert "headers" not in house.behind.state


def test_other_routes_go_on() -> None:
    assert House(answer=b"").ask(path="/others") == 299
    assert House(answer=b"").ask(method="GET") == 299


def test_what_turns_out_not_to_be_plain_is_heard_again_from_the_beginning() -> None:
    house = House(answer=None)
    said = [{"type": "http.request", "body": part, "more_body": part == b"{"} for part in (b"{", b"}")]
    assert house.ask(PLAIN, *said) == 299
    assert house.behind.heard == said


def test_a_client_that_leaves_is_heard_leaving() -> None:
    house = House(answer=b"took ")
    said = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    assert house.ask(PLAIN, *said) == 299
    assert house.behind.heard == said


def test_a_body_that_does_not_come_in_time_is_late_for_everybody() -> None:
    house = House(answer=b"took ")
    said = {"type": "http.request", "body": b"{", "more_body": True}
    assert house.ask(PLAIN, said) == 299
    assert house.behind.heard == [said, "late"]


def test_a_quota_is_used_up_once_and_refused_behind() -> None:
    house = House(answer=b"took ")
    assert [house.ask(), house.ask()] == [202, 202]
    house.sent.clear()
    assert house.ask() == 299
    request = Request({"type": "http", "headers": PLAIN, "state": house.behind.state})
    with pytest.raises(QuotaExceeded):
        house.limits.count(request, ANN.tenant_id, by_bytes=True)


def test_what_is_counted_in_front_is_not_counted_again_behind() -> None:
    house = House(answer=None)
    assert house.ask() == 299
    before = dict(house.behind.state)
    request = Request({"type": "http", "headers": PLAIN, "state": house.behind.state})
    house.limits.count(request, ANN.tenant_id, by_bytes=True)
    assert house.behind.state == before


def test_a_refusal_is_a_problem_document_like_any_other() -> None:
    house = House(answer=Problem(503, "broker_away", "try again", {"Retry-After": "1"}))
    assert house.ask() == 503
    headers = dict(house.sent[0]["headers"])
    assert (headers[b"content-type"], headers[b"retry-after"]) == (b"application/problem+json", b"1")
    assert b"x-correlation-id" in headers


def test_a_bug_is_ours() -> None:
    house = House(answer=ZeroDivisionError())
    assert house.ask() == 500
    assert json.loads(house.sent[1]["body"])["title"] == "internal_error"
