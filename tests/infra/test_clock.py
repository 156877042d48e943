"""Moving the clock of all services, against services that answer from a script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from infra.local.clock import ClockRefused, NeverSettled, move

NEW_YEAR = datetime(2013, 1, 1, 5, tzinfo=UTC)


@dataclass
class Service:
    """Answers `PUT` with these statuses and `GET` with these (settled, count); the last of each again and again."""

    puts: list[int] = field(default_factory=lambda: [200])
    gets: list[tuple[bool, int]] = field(default_factory=lambda: [(True, 0)])
    title: str = "unsettled"
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.method)
        if request.method == "PUT":
            return httpx.Response(next_of(self.puts), json={"title": self.title})
        settled, count = next_of(self.gets)
        return httpx.Response(200, json={"settled": settled, "counters": {"messages_applied": count}})

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self), base_url="http://service")


def next_of(script: list[Any]) -> Any:
    return script.pop(0) if len(script) > 1 else script[0]


@pytest.fixture
def moved() -> Callable[..., None]:
    return lambda *services: move(
        {f"service {number}": service.client() for number, service in enumerate(services)},
        NEW_YEAR,
        patience_seconds=0.5,
    )


def test_a_settled_world_is_asked_twice(moved: Callable[..., None]) -> None:
    services = [Service(), Service()]
    moved(*services)
    assert [service.asked for service in services] == [["PUT", "GET", "GET"]] * 2


def test_a_busy_service_is_asked_to_move_again(moved: Callable[..., None]) -> None:
    service = Service(puts=[409, 409, 200])
    moved(service)
    assert service.asked == ["PUT", "PUT", "PUT", "GET", "GET"]


def test_a_counter_that_moved_needs_another_round(moved: Callable[..., None]) -> None:
    quiet, busy = Service(), Service(gets=[(True, 1), (True, 2), (True, 2)])
    moved(quiet, busy)
    assert quiet.asked == ["PUT", "GET", "GET", "GET"]


def test_two_rounds_in_a_row_have_to_be_settled(moved: Callable[..., None]) -> None:
    service = Service(gets=[(True, 1), (False, 1), (True, 1), (True, 1)])
    moved(service)
    assert service.asked == ["PUT", "GET", "GET", "GET", "GET"]


def test_a_service_that_never_settles_is_named(moved: Callable[..., None]) -> None:
    with pytest.raises(NeverSettled, match="service 1"):
        moved(Service(), Service(gets=[(False, 1)]))


def test_a_move_that_is_refused_is_not_repeated(moved: Callable[..., None]) -> None:
    service = Service(puts=[422])
    with pytest.raises(ClockRefused):
        moved(service)
    assert service.asked == ["PUT"]


def test_a_tenant_on_real_time_is_told_so_at_once(moved: Callable[..., None]) -> None:
    service = Service(puts=[409], title="not_in_test_mode")
    with pytest.raises(ClockRefused):
        moved(service)
    assert service.asked == ["PUT"]
