"""The broker stops answering in the middle of requests, and the API dies meanwhile: what was acknowledged is there, what was
sent again counts once."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from infra.local.apache_kafka import ApacheKafka
from infra.local.broker import Broker
from tests.integration.usage.meter_room import BATCH, Room, trip
from tests.support.api_process import ApiProcess, api_process
from tests.support.house import Service, running
from tests.support.servers import Servers, create_product_topics
from tests.support.waiting import eventually

BATCHES, EVENTS = 40, 500


@pytest.fixture
def broker(servers: Servers, tmp_path: Path) -> Iterator[Broker | ApacheKafka]:
    """Nobody else waits for it."""
    log = tmp_path / "kafka.log"
    broker = ApacheKafka(tmp_path / "kafka", log) if servers.kafka_profile == "apache" else Broker(log)
    broker.start()
    create_product_topics(broker)
    yield broker
    broker.stop()


@pytest.fixture
def room(servers: Servers, broker: Broker | ApacheKafka, tmp_path: Path) -> Iterator[Room]:
    own = replace(servers, bootstrap_servers=broker.bootstrap_servers)
    with running("usage", own, tmp_path / "issuer") as service:
        room = Room(service, uuid4().hex)
        room.opened("trips")
        yield room


@contextmanager
def frozen(broker: Broker | ApacheKafka) -> Iterator[None]:
    assert broker.child is not None
    broker.child.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        broker.child.send_signal(signal.SIGCONT)


@dataclass
class Sender:
    """Sends numbered batches, each with an origin of its own; keeps which of them were acknowledged."""

    room: Room
    acknowledged: set[int] = field(default_factory=set)
    refused: list[tuple[int, float]] = field(default_factory=list)  # the status, and after how many seconds

    def send(self, api: ApiProcess, number: int) -> None:
        events = [trip(f"{number}-{n}", origin=str(number)) for n in range(EVENTS)]
        headers = {"Content-Type": BATCH, "Authorization": self.room.client.headers["Authorization"]}
        began = time.monotonic()
        try:
            address = f"http://127.0.0.1:{api.port}/v1/events"
            answer = httpx2.post(address, content=json.dumps(events), headers=headers, timeout=30)
        except httpx2.TransportError:  # nobody knows what became of it
            return
        if answer.status_code == 202:
            self.acknowledged.add(number)
        else:
            self.refused.append((answer.status_code, time.monotonic() - began))

    @property
    def missing(self) -> list[int]:
        return [number for number in range(BATCHES) if number not in self.acknowledged]


def served(service: Service, log: Path) -> Any:
    return api_process(service, log, kafka_profile=service.servers.kafka_profile)


def test_requests_in_the_middle_of_which_the_broker_stops_are_refused_in_time_and_lose_nothing(
    room: Room, broker: Broker | ApacheKafka, tmp_path: Path
) -> None:
    sender = Sender(room)
    with served(room.service, tmp_path / "log") as api, ThreadPoolExecutor(4) as threads:
        sender.send(api, 0)
        assert sender.acknowledged == {0}
        with frozen(broker):
            list(threads.map(lambda number: sender.send(api, number), range(1, 9)))
            assert sender.refused
        assert {status for status, _ in sender.refused} == {503}
        assert max(seconds for _, seconds in sender.refused) < 5
        refused = set(range(9)) - sender.acknowledged
        for number in refused:
            eventually(lambda number=number: sender.send(api, number) or number in sender.acknowledged)
    room.arrive()
    assert room.quantities("trips") == {str(number): str(EVENTS) for number in range(9)}
    books = room.completeness()
    assert (books["metered"], books["conflicting"], books["difference"]) == (9 * EVENTS, 0, 0)


def test_20_000_events_survive_a_frozen_broker_and_the_end_of_the_api(
    room: Room, broker: Broker | ApacheKafka, tmp_path: Path
) -> None:
    sender = Sender(room)
    with served(room.service, tmp_path / "log") as api, ThreadPoolExecutor(4) as threads:
        for number in range(5):
            sender.send(api, number)
        with frozen(broker):
            sending = [threads.submit(sender.send, api, number) for number in range(5, BATCHES)]
            eventually(lambda: sender.refused)
            api.child.kill()
            for each in sending:
                each.result()
    before = set(sender.acknowledged)
    assert {0, 1, 2, 3, 4} <= before != set(range(BATCHES))
    room.arrive()
    there = room.quantities("trips")
    assert {number: there.get(str(number)) for number in before} == dict.fromkeys(before, str(EVENTS))
    with served(room.service, tmp_path / "log") as api:
        for number in [*sender.missing, *before]:
            sender.send(api, number)
    room.arrive()
    assert room.quantities("trips") == {str(number): str(EVENTS) for number in range(BATCHES)}
    books = room.completeness()
    assert (books["metered"], books["conflicting"], books["difference"]) == (BATCHES * EVENTS, 0, 0)
    assert books["repeated"] >= len(before) * EVENTS


def test_a_thousand_repeats_at_the_same_time_count_once(room: Room, tmp_path: Path) -> None:
    headers = {"Content-Type": BATCH, "Authorization": room.client.headers["Authorization"]}
    body = json.dumps([trip("1", origin="JFK")])
    with (
        served(room.service, tmp_path / "log") as api,
        httpx2.Client(base_url=f"http://127.0.0.1:{api.port}", headers=headers, timeout=30) as client,
        ThreadPoolExecutor(16) as threads,
    ):
        sent = list(threads.map(lambda _: client.post("/v1/events", content=body).status_code, range(1000)))
    assert Counter(sent) == {202: 1000}
    room.arrive()
    assert room.quantities("trips") == {"JFK": "1"}
    books = room.completeness()
    assert (books["metered"], books["repeated"], books["difference"]) == (1, 999, 0)
