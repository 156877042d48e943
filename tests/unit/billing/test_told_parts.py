"""What usage tells in several messages closes and revises a period with the last of them."""

from __future__ import annotations

from typing import Any

import pytest

from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.told_parts import PartMissing
from services.billing.domain.usage_period import (
    USAGE_PERIOD,
    RecordClosing,
    RecordPart,
    UsagePeriodNotFound,
    UsagePeriodPartTold,
)
from tests.unit.billing.test_invoice import AT, February, total

OPENED = February().period_events[:1]


def part(number: int, *totals: PeriodTotal, parts: int = 3, ids: tuple[str, ...] = ()) -> RecordPart:
    return RecordPart(part=number, parts=parts, totals=totals, event_ids=ids)


def after(*commands: Any) -> list[Any]:
    events: list[Any] = list(OPENED)
    for command in commands:
        events += USAGE_PERIOD.decide(USAGE_PERIOD.replay(events), command)
    return events


def test_parts_are_kept_until_the_last_one_and_close_nothing() -> None:
    period = USAGE_PERIOD.replay(after(part(1, total(1), ids=("a",)), part(2, total(2), ids=("b",))))
    whole = period.told.plus(3, 3, (total(3),), ("c",))
    assert (period.closed, period.totals) == (False, ())
    assert (whole.totals, whole.event_ids) == ((total(1), total(2), total(3)), ("a", "b", "c"))


def test_a_part_that_is_told_again_changes_nothing() -> None:
    told = after(part(1, total(1)), part(2, total(2)))
    assert after(part(1, total(1)), part(2, total(2)), part(2, total(2)), part(1, total(1))) == told


def test_a_part_without_the_one_before_is_refused() -> None:
    with pytest.raises(PartMissing):
        after(part(2, total(2)))
    with pytest.raises(PartMissing):
        after(part(1, total(1)), part(3, total(3)))
    with pytest.raises(PartMissing):
        USAGE_PERIOD.replay(after(part(1, total(1)))).told.plus(3, 3, (total(3),))


def test_the_first_part_of_another_telling_begins_anew() -> None:
    period = USAGE_PERIOD.replay(after(part(1, total(1)), part(2, total(2)), part(1, total(9), parts=2)))
    assert period.told.totals == (total(9),)


def test_what_was_told_in_parts_is_over_with_the_closing() -> None:
    closing = RecordClosing(totals=(total(1), total(2)), learned_at=AT)
    period = USAGE_PERIOD.replay(after(part(1, total(1), parts=2), closing))
    assert (period.closed, period.totals, period.told.totals) == (True, (total(1), total(2)), ())


def test_what_one_message_says_needs_no_part() -> None:
    period = USAGE_PERIOD.replay(after(part(1, total(1))))
    assert period.told.plus(1, 1, (total(5),)).totals == (total(5),)


def test_parts_of_a_period_that_billing_does_not_know_wait() -> None:
    with pytest.raises(UsagePeriodNotFound):
        USAGE_PERIOD.decide(None, part(1, total(1)))
    assert isinstance(after(part(1, total(1)))[-1], UsagePeriodPartTold)
