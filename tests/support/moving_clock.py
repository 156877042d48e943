"""Moves a tenant's test clock in one service, with the worker's answers given meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from tests.support.house import Service, settle

LONGEST_MOVE = timedelta(days=62)


@contextmanager
def answering(service: Service) -> Iterator[None]:
    """The API's questions about settling are answered by a loop of the worker."""
    settling, done = service.background.settling, threading.Event()

    def turn() -> None:
        while not done.is_set():
            settling.step()
            done.wait(0.005)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def move_clock(service: Service, client: Any, to: datetime) -> None:
    """To an instant however far, in moves of at most 62 days; what was told before has arrived, what falls due has fired."""
    settle([service])
    with answering(service):
        clock = client.get("/v1/test-clock").json()
    now = datetime.fromisoformat(clock["now"]) if clock["test_mode"] else to - timedelta(seconds=1)
    while now < to:
        now = min(to, now + LONGEST_MOVE)
        with answering(service):
            moved = client.put("/v1/test-clock", json={"now": now.isoformat()})
        assert moved.status_code == 200, moved.text
        while service.background.timers.step():
            pass
    settle([service])
