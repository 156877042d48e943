"""Moves a tenant's test clock in one service, with the worker's answers given meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.support.house import Service, settle
from tests.support.waiting import eventually

LONGEST_MOVE = timedelta(days=62)


def move_clock(service: Service, client: Any, to: datetime) -> None:
    """To an instant however far, in moves of at most 62 days; what was told before has arrived, what falls due has fired."""
    settle([service])
    with service.working():
        clock = client.get("/v1/test-clock").json()
    now = datetime.fromisoformat(clock["now"]) if clock["test_mode"] else to - timedelta(seconds=1)
    while now < to:
        now = min(to, now + LONGEST_MOVE)
        with service.working():
            put_clock(client, now)
        while service.background.timers.step():
            pass
    settle([service])


def put_clock(client: Any, now: datetime) -> None:
    """Asked again while the worker, on a busy machine, has not seen yet that the last move is over."""

    def moved() -> bool:
        answer = client.put("/v1/test-clock", json={"now": now.isoformat()})
        assert answer.status_code == 200 or answer.json()["title"] == "unsettled", answer.text
        return bool(answer.status_code == 200)

    eventually(moved)
