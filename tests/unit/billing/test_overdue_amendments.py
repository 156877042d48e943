"""The worker was away: what had been agreed for a day takes effect before what is said behind that day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.billing.domain.subscription.commands import PauseSubscription
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_amendments import amend, money, running
from tests.unit.billing.test_cancellation import cancel
from tests.unit.billing.test_subscription import new_york

SAID = new_york(2013, 1, 14)
LATER: dict[str, Callable[[datetime], Any]] = {
    "amended": lambda at: amend(at, quantity=5),
    "amended for a day to come": lambda at: amend(at, date(2013, 1, 20), quantity=5),
    "cancelled": cancel,
    "paused": lambda at: PauseSubscription(at=at, until=None, reason="renovation"),
}


def agreed() -> Lifetime:
    life = running(new_york(2013, 1, 2))
    life.say(amend(life.now, date(2013, 1, 12), quantity=20))
    return life


@pytest.mark.parametrize("later", LATER)
def test_what_was_due_takes_effect_before_what_is_said_behind_it(later: str) -> None:
    late, punctual = agreed(), agreed()
    late.now = SAID
    punctual.move(SAID)
    for life in (late, punctual):
        life.say(LATER[later](SAID))
        life.move(SAID + timedelta(days=40))
    told = late.subscription.amendments
    assert [amendment.number for amendment in told] == list(range(1, len(told) + 1))
    assert told == punctual.subscription.amendments
    assert (late.money, money(late)) == (punctual.money, money(punctual))
    assert late.differences() == []
