"""Moves a tenant's test clock in all services, and waits until what the move caused has been done everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

import httpx

PATH = "/v1/test-clock"
REQUEST_SECONDS = 30.0
REPEAT_AFTER_SECONDS = 0.05
FOR_EVER = frozenset({"not_in_test_mode"})  # a conflict that no repetition ends
Answer = TypeVar("Answer")


class ClockRefused(Exception):
    """A service will not move the clock, however often it is asked."""

    def __init__(self, service: str, response: httpx.Response) -> None:
        super().__init__(f"{service} answers {response.status_code}: {response.text[:500]}")


class NeverSettled(Exception):
    """The services were still busy with the move when patience ended."""

    def __init__(self, busy: Mapping[str, Any]) -> None:
        super().__init__(f"not settled in time: {', '.join(busy)} ({busy})")


def move(clients: Mapping[str, httpx.Client], now: datetime, *, patience_seconds: float = 900.0) -> None:
    """Sets the clock of the clients' tenant to `now`, in every service, and returns when all have settled.

    `clients` are by service's name, each with its base URL and a token with scope `operations:clock`. Settled means: two
    rounds of questions in a row say so in all services, with the same counters, as one service may still be about to
    send work to another that has just answered. A service that is busy (409) or away is asked again.

    Raises ClockRefused (backwards, too far, not in test mode) and NeverSettled.
    """
    give_up_at = time.monotonic() + patience_seconds
    with ThreadPoolExecutor(len(clients)) as threads:
        _in_all(threads, clients, lambda service, client: _put(service, client, now, give_up_at))
        before: dict[str, Any] = {}
        while True:
            answers = _in_all(threads, clients, lambda service, client: _get(service, client, give_up_at))
            counters = {service: answer["counters"] for service, answer in answers.items()}
            busy = {service: answer for service, answer in answers.items() if not answer["settled"]}
            if not busy and counters == before:
                return
            before = {} if busy else counters
            if time.monotonic() > give_up_at:
                raise NeverSettled(busy or answers)


def read(clients: Mapping[str, httpx.Client]) -> dict[str, dict[str, Any]]:
    """What each service says: `now`, `settled`, `counters`."""
    give_up_at = time.monotonic() + REQUEST_SECONDS
    with ThreadPoolExecutor(len(clients)) as threads:
        return _in_all(threads, clients, lambda service, client: _get(service, client, give_up_at))


def _in_all(
    threads: ThreadPoolExecutor,
    clients: Mapping[str, httpx.Client],
    ask: Callable[[str, httpx.Client], Answer],
) -> dict[str, Answer]:
    return dict(zip(clients, threads.map(ask, clients.keys(), clients.values()), strict=True))


def _put(service: str, client: httpx.Client, now: datetime, give_up_at: float) -> None:
    _repeated(service, lambda: client.put(PATH, json={"now": now.isoformat()}, timeout=REQUEST_SECONDS), give_up_at)


def _get(service: str, client: httpx.Client, give_up_at: float) -> dict[str, Any]:
    response = _repeated(service, lambda: client.get(PATH, timeout=REQUEST_SECONDS), give_up_at)
    answer: dict[str, Any] = response.json()
    return answer


def _repeated(service: str, request: Callable[[], httpx.Response], give_up_at: float) -> httpx.Response:
    answer: Any = None
    while answer is None or time.monotonic() < give_up_at:
        try:
            response = request()
        except httpx.TransportError as error:
            answer = repr(error)
        else:
            if response.is_success:
                return response
            answer = response.text[:500]
            if response.status_code not in (409, 503) or response.json().get("title") in FOR_EVER:
                raise ClockRefused(service, response)
        time.sleep(REPEAT_AFTER_SECONDS)
    raise NeverSettled({service: answer})
