"""Small plain requests come in by the front, all others by the route: what they are answered is the same."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient

from infra.local.children import free_port
from infra.local.tokens import tenant_id
from services.usage.app import create_app
from services.usage.domain.cloud_event import Arrivals
from shared.clock import is_on_real_time_for_good, is_untouched
from shared.kafka import BrokerAway
from shared.tenancy import transaction
from tests.integration.usage.meter_room import METERS, trip
from tests.support.api_process import api_process
from tests.support.house import Service, settle

BATCH = "application/cloudevents-batch+json"
SINGLE = "application/cloudevents+json"


@pytest.fixture
def known(usage: Service, tenant: str) -> str:
    """A tenant that the front has heard of: its first request came by the route."""
    client = usage.client(tenant)
    assert client.put("/v1/meters/miles", json=METERS["miles"]).status_code == 200
    assert send(client, []).status_code == 202
    assert usage.app.state.real_time.knows(tenant_id(tenant))
    return tenant


def send(client: TestClient, sent: Any, **headers: str) -> Any:
    """By the front, where it is plain."""
    content_type = BATCH if isinstance(sent, list) else SINGLE
    return client.post("/v1/events", content=json.dumps(sent), headers={"Content-Type": content_type} | headers)


def send_by_the_route(client: TestClient, body: bytes, **headers: str) -> Any:
    """In chunks, without a length that could be read beforehand."""
    return client.post("/v1/events", content=iter([body]), headers=headers)


def now(id_: str, **data: Any) -> dict[str, Any]:
    return trip(id_, at=datetime.now(UTC), **data)


def told(answer: Any) -> tuple[int, dict[str, str], str]:
    """All of an answer but what is different every time."""
    headers = dict(answer.headers)
    for name in ("x-correlation-id", "ratelimit"):
        headers.pop(name, None)
    body = answer.text
    if answer.status_code == 202:
        body = body.replace(answer.json()["batch_id"], "<batch>")
    headers.pop("content-length")
    return answer.status_code, headers, body


REQUESTS: dict[str, tuple[bytes, dict[str, str]]] = {
    "a batch": (json.dumps([now("1", miles=1), now("2", miles=2)]).encode(), {"Content-Type": BATCH}),
    "an empty batch": (b"[]", {"Content-Type": BATCH}),
    "a single event": (json.dumps(now("3", miles=3)).encode(), {"Content-Type": SINGLE}),
    "a lenient batch without faults": (
        json.dumps([now("4")]).encode(),
        {"Content-Type": BATCH, "Prefer": "handling=lenient"},
    ),
    "a lenient batch": (
        json.dumps([now("5"), now("")]).encode(),
        {"Content-Type": BATCH, "Prefer": "handling=lenient"},
    ),
    "a batch with faults": (json.dumps([now("6"), now("")]).encode(), {"Content-Type": BATCH}),
    "an event with faults": (json.dumps(now("")).encode(), {"Content-Type": SINGLE}),
    "an event ahead of time": (
        json.dumps(trip("7", at=datetime.now(UTC) + timedelta(hours=1))).encode(),
        {"Content-Type": SINGLE},
    ),
    "a key twice": (
        json.dumps(now("8", miles=1)).replace('"miles"', '"miles": 2, "miles"').encode(),
        {"Content-Type": SINGLE},
    ),
    "a huge number": (json.dumps(now("9", miles=1)).replace(": 1}", ": 1e400}").encode(), {"Content-Type": SINGLE}),
    "binary mode": (
        b'{"miles": 1}',
        {f"ce-{k}": str(v) for k, v in now("10").items() if k != "data"} | {"Content-Type": "application/json"},
    ),
    "no JSON": (b"[{", {"Content-Type": BATCH}),
    "too many": (b"[" + b",".join([b"{}"] * 10_001) + b"]", {"Content-Type": BATCH}),
    "deep": (b"[" * 20_000, {"Content-Type": BATCH}),
    "another content type": (b"[]", {"Content-Type": "text/plain"}),
    "compressed": (b"[]", {"Content-Type": BATCH, "Content-Encoding": "gzip"}),
    "no token": (b"[]", {"Content-Type": BATCH, "Authorization": ""}),
    "a wrong token": (b"[]", {"Content-Type": BATCH, "Authorization": "Bearer nonsense"}),
}


@pytest.mark.parametrize("what", REQUESTS)
def test_what_is_answered_is_the_same_on_both_ways(usage: Service, known: str, what: str) -> None:
    body, headers = REQUESTS[what]
    client = usage.client(known)
    by_the_front = client.post("/v1/events", content=body, headers=headers)
    assert told(by_the_front) == told(send_by_the_route(client, body, **headers))


def test_who_may_not_send_is_told_the_same_on_both_ways(usage: Service, known: str) -> None:
    client = usage.client(known, scopes=["usage:read"])
    answers = [send(client, []), send_by_the_route(client, b"[]", **{"Content-Type": BATCH})]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert told(answers[0]) == told(answers[1])


def test_what_comes_in_by_the_front_is_metered_and_counted_once(usage: Service, known: str) -> None:
    client = usage.client(known)
    assert send(client, [now("1", miles=4), now("2", miles=5)]).json()["accepted"] == 2
    assert send(client, now("1", miles=4)).json()["accepted"] == 1
    settle([usage])
    found = client.get("/v1/events", params={"source": "/cars", "id": "1"}).json()
    assert (found["status"], json.loads(found["event"]["data"])) == ("unmatched", {"miles": 4})
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    bounds = {"from": (today - timedelta(days=1)).isoformat(), "to": (today + timedelta(days=2)).isoformat()}
    with usage.working():
        books = client.get("/v1/completeness", params=bounds).json()
    assert (books["received"], books["unmatched"], books["repeated"], books["difference"]) == (3, 2, 1, 0)


class Log:
    """A log that keeps what it is given, when it is let, or turns out to be away."""

    def __init__(self) -> None:
        self.gone: list[tuple[Arrivals, ...]] = []
        self.let = threading.Event()
        self.is_away = False

    def append(self, *batches: Arrivals) -> None:
        assert self.let.wait(10)
        if self.is_away:
            raise BrokerAway("Kafka is away: try again")
        self.gone.append(batches)


@pytest.fixture
def log(usage: Service):
    kept, usage.app.state.ingest_log = usage.app.state.ingest_log, Log()
    yield usage.app.state.ingest_log
    usage.app.state.ingest_log.let.set()
    usage.app.state.ingest_log = kept


def test_requests_of_the_same_moment_are_one_batch_of_their_tenant(usage: Service, known: str, log: Log) -> None:
    """In one server there is one loop, which the client with a lifespan of its own stands for."""
    with usage.client(known) as client, ThreadPoolExecutor(40) as senders:
        sent = [senders.submit(send, client, now(str(n))) for n in range(40)]
        log.let.set()
        ids = [answer.result().json()["batch_id"] for answer in sent]
    batches = [batch for go in log.gone for batch in go]
    assert {f"bat_{batch.batch_id.hex}" for batch in batches} == set(ids)
    assert len(batches) < 40
    assert sorted(int(event.id) for batch in batches for event in batch.events) == list(range(40))
    assert all(len([id_ for id_ in ids if id_ == f"bat_{b.batch_id.hex}"]) == len(b.events) for b in batches)


def test_nobody_is_answered_before_the_log_has_their_events_nor_refused_for_somebody_elses(
    usage: Service, known: str, log: Log
) -> None:
    with usage.client(known) as client, ThreadPoolExecutor(20) as senders:
        good = [senders.submit(send, client, now(str(n))) for n in range(10)]
        bad = [senders.submit(send, client, now("")) for _ in range(10)]
        assert {answer.result().status_code for answer in bad} == {422}
        assert not any(answer.done() for answer in good)
        log.let.set()
        assert {answer.result().status_code for answer in good} == {202}
    assert sorted(int(event.id) for go in log.gone for batch in go for event in batch.events) == list(range(10))


def test_when_the_log_fails_all_that_went_along_are_told_so(usage: Service, known: str, log: Log) -> None:
    log.is_away = True
    log.let.set()
    with usage.client(known) as client, ThreadPoolExecutor(20) as senders:
        sent = [senders.submit(send, client, now(str(n))) for n in range(20)]
        answers = [answer.result() for answer in sent]
    assert {(a.status_code, a.json()["title"], a.headers["retry-after"]) for a in answers} == {
        (503, "broker_away", "1")
    }


def test_a_body_that_comes_drop_by_drop_is_late_on_both_ways(usage: Service, known: str, tmp_path: Path) -> None:
    token = usage.client(known).headers["Authorization"]
    head = f"POST /v1/events HTTP/1.1\r\nHost: here\r\nContent-Type: {BATCH}\r\nAuthorization: {token}\r\n".encode()
    late = []
    with api_process(usage, tmp_path / "log", body_timeout_seconds=1) as process:
        for _ in range(2):  # by the route, then by the front
            late.append(process.answer_to(head + b"Content-Length: 9\r\n\r\n["))
            answered = process.answer_to(head + b"Connection: close\r\nContent-Length: 2\r\n\r\n[]")
            assert answered.startswith(b"HTTP/1.1 202 ")
    for answer in late:
        assert answer.startswith(b"HTTP/1.1 408 ") and b"connection: close" in answer
        assert b"request_timeout" in answer and b"x-correlation-id" in answer and b"ratelimit: " in answer


def test_a_broker_that_does_not_answer_is_said_to_be_away_within_five_seconds(
    usage: Service, known: str, log: Log
) -> None:
    began = time.monotonic()
    answer = send(usage.client(known), now("1"))
    assert (answer.status_code, answer.json()["title"], answer.headers["retry-after"]) == (503, "broker_away", "1")
    assert time.monotonic() - began < 5


def test_a_broker_that_is_away_is_said_to_be_away_by_the_front_as_well(usage: Service, known: str) -> None:
    away = usage.settings("api").model_copy(update={"kafka_bootstrap_servers": f"127.0.0.1:{free_port()}"})
    app = create_app(away)
    client = TestClient(app, headers=dict(usage.client(known).headers))
    for _ in range(2):
        began = time.monotonic()
        answer = send(client, now("1"))
        assert (answer.status_code, answer.json()["title"]) == (503, "broker_away")
        assert time.monotonic() - began < 5
    assert app.state.real_time.knows(tenant_id(known))
    app.state.engine.dispose()


def test_a_tenant_that_may_still_choose_a_test_clock_goes_by_the_route(usage: Service, tenant: str) -> None:
    client = usage.client(tenant)
    assert send(client, [now("1")]).status_code == 202
    assert not usage.app.state.real_time.knows(tenant_id(tenant))
    with usage.working():
        assert client.put("/v1/test-clock", json={"now": "2013-01-01T00:00:00Z"}).status_code == 200
    assert send(client, [now("2")]).status_code == 202, "with a test clock the future is not limited"
    assert send(client, [trip("3", at=datetime(2011, 1, 1, tzinfo=UTC))]).json()["errors"][0]["code"] == "too_old"
    assert not usage.app.state.real_time.knows(tenant_id(tenant))


def test_while_somebody_chooses_a_test_clock_nobody_finds_that_the_tenant_has_none(usage: Service, known: str) -> None:
    """Its event came after the choice began: the one who chooses has not seen it and will succeed."""
    id_: UUID = tenant_id(known)
    engine = usage.app.state.engine
    with transaction(engine, id_) as choosing:
        is_untouched(choosing, id_)
        with transaction(engine, id_) as asking:
            assert not is_on_real_time_for_good(asking, id_)
    with transaction(engine, id_) as asking:
        assert is_on_real_time_for_good(asking, id_)


def test_a_tenant_without_events_is_not_on_real_time_for_good(usage: Service) -> None:
    id_ = uuid4()
    with transaction(usage.app.state.engine, id_) as asking:
        assert not is_on_real_time_for_good(asking, id_)
