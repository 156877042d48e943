"""Totals that one message has no room for are told in parts, which say together what was to be told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from services.usage.domain.tally import GroupTotal
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import AdvancePeriod, ClosePeriod, RevisePeriod, ShortenPeriod
from services.usage.domain.usage_period.events import UsagePeriodClosed
from services.usage.domain.usage_period.state import EventName
from services.usage.messaging.outbound import to_contract
from shared.outbox import MOST_BYTES
from tests.unit.usage.test_usage_period import closed, end, late, one, opened, terms

FEW = 20_000


def totals(groups: int, text: str = "/v1/things/{}") -> tuple[GroupTotal, ...]:
    """Quantities and counts as long as they become."""
    return tuple(GroupTotal(text.format(n), Decimal(n) + Decimal("1e-12"), n, "f" * 32) for n in range(groups))


def told(history: list[Any], command: Any) -> list[dict[str, Any]]:
    events = USAGE_PERIOD.decide(USAGE_PERIOD.replay(history), command)
    return [json.loads(msgspec.json.encode(contract)) for event in events if (contract := to_contract(event))]


def close(some: tuple[GroupTotal, ...]) -> ClosePeriod:
    return ClosePeriod(totals=some, watermark={}, learned_at=closed.learned_at)


def together(messages: list[dict[str, Any]], field: str) -> list[Any]:
    return [row for message in messages for row in message[field]]


ways = {
    "closed": close,
    "advanced": lambda some: AdvancePeriod(totals=some),
    "shortened": lambda some: ShortenPeriod(ends_at=end - timedelta(days=1), totals=some),
}


@pytest.mark.parametrize(
    "text", ["/v1/things/{}", "\x01" * 200 + "{}", '["' + '\\"' * 100 + '"]{}', "\U0001f6eb" * 250 + "{}"]
)
@pytest.mark.parametrize("way", ways)
def test_the_parts_have_room_and_say_all_in_order(text, way):
    some = totals(FEW, text)
    messages = told([opened], ways[way](some))
    assert (
        len(messages) > 1 and max(len(json.dumps(each, ensure_ascii=False).encode()) for each in messages) < MOST_BYTES
    )
    assert [each["group"] for each in together(messages, "totals")] == [each.group for each in some]
    assert [(each["part"], each["parts"]) for each in messages[:-1]] == [
        (n, len(messages)) for n in range(1, len(messages))
    ]
    assert messages[-1]["parts"] == len(messages)


def test_what_has_room_is_one_message_as_it_was():
    [message] = told([opened], close(totals(5000)))
    assert (message["parts"], len(message["totals"])) == (1, 5000)


def test_a_revision_in_parts_has_every_total_and_every_name_once():
    some = totals(FEW)
    names = tuple(EventName("/s" * 128, str(n) + "x" * 240) for n in range(1000))
    revise = RevisePeriod(before=some, after=some[1:], cause="late_events", events=names)
    messages = told([opened, replace(closed, totals=some)], revise)
    assert [each["group"] for each in together(messages, "totals")] == [each.group for each in some[1:]]
    assert together(messages, "event_ids") == [f"{name.source}#{name.id}" for name in names]
    assert (messages[-1]["before"], messages[-1]["revision"]) == ([], 1)


def test_a_revision_that_leaves_nothing_of_many_groups_says_so_in_one_message():
    some = totals(FEW)
    [message] = told([opened, replace(closed, totals=some)], replace(late, before=some, after=(), events=()))
    assert (message["parts"], message["totals"], message["before"]) == (1, [], [])


def test_a_period_is_the_same_told_in_parts_or_not():
    some = totals(FEW)
    events = USAGE_PERIOD.decide(USAGE_PERIOD.replay([opened]), close(some))
    assert USAGE_PERIOD.replay([opened, *events]) == USAGE_PERIOD.replay([opened, replace(closed, totals=some)])


def test_a_closing_of_an_earlier_release_is_told_as_it_was():
    assert to_contract(UsagePeriodClosed(terms=terms, totals=one, watermark={}, learned_at=end)).parts == 1
