"""A story by its number: who buys, uses, pays, renews or leaves, and on which day of a small tenant's few months."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from shared.periods import start_of_day
from tests.simulation import acts
from tests.simulation.acts import Act

BEGINNING = datetime(2031, 1, 6, 9, tzinfo=UTC)
# Each customer lives in a zone of its own: no two subscriptions have timers at the same instant, whose order would
# follow from their random ids. A successor lives in the second one.
ZONES = {
    "UTC": "Atlantic/Azores",
    "America/New_York": "America/Denver",
    "Pacific/Auckland": "Australia/Brisbane",
    "Asia/Kolkata": "Asia/Tokyo",
}
SECOND = timedelta(seconds=1)
LONGEST_STEP = timedelta(days=24)


@dataclass
class Story:
    """`chapters` are instants in order; the acts of a chapter happen while the clocks stand at its instant."""

    number: int
    chapters: list[tuple[datetime, list[Act]]] = field(default_factory=list)


@dataclass
class _Author:
    random: Random
    acts: list[tuple[datetime, Act]] = field(default_factory=list)
    names: int = 0

    def write(self, at: datetime, act: Act) -> None:
        self.acts.append((at, act))

    def name(self) -> str:
        self.names += 1
        return f"act-{self.names}"

    def chance(self, percent: int) -> bool:
        return self.random.random() * 100 < percent


def story(number: int) -> Story:
    author = _Author(Random(number))
    plan, policy = _plan(author), _policy(author)
    settings = {"legal_entity": "Acme", "currency": "EUR", "zone": "UTC", "invoice_series": "A"}
    author.write(BEGINNING, acts.set_up(settings, policy, plan))
    if author.chance(30):
        _, *prices = plan["prices"]["EUR"]
        author.write(BEGINNING + timedelta(days=33), acts.publish(plan | {"prices": {"EUR": [_fee("61.00"), *prices]}}))
    for zone in list(ZONES)[: author.random.choice((1, 1, 1, 1, 2, 2, 3))]:
        _customer(author, zone, policy, plan)
    return Story(number, _chapters(author.acts))


def _plan(author: _Author) -> dict[str, Any]:
    random = author.random
    calls = {
        "code": "calls",
        "name": "Calls",
        "kind": "metered",
        "meter": "calls",
        "group_by": random.choice(([], ["region"])),
        "price": {"model": "graduated", "tiers": [{"up_to": "100", "unit_amount": "0.30"}, {"unit_amount": "0.11"}]},
    }
    charges = [_fee("49.00"), *([calls] if author.chance(80) else [])]
    minimum = {"minimums": {"EUR": {"code": "true_up", "name": "Minimum", "amount": "80.00"}}}
    return {
        "name": "Team",
        "every": "month",
        "calendar": author.chance(30),
        "term_months": 1,
        "net_days": random.choice((0, 7)),
        "collect_seconds": random.choice((0, 0, 3600, 200_000)),
        "review_days": random.choice((0, 0, 0, 2)),
        "renewal_policy": "standard",
        "features": {"api": None},
        "prices": {"EUR": charges},
        **(minimum if author.chance(30) else {}),
    }


def _fee(amount: str) -> dict[str, Any]:
    price = {"model": "per_unit", "unit_amount": amount}
    return {"code": "fee", "name": "Fee", "kind": "flat", "in_advance": True, "price": price}


def _policy(author: _Author) -> dict[str, Any]:
    random = author.random
    return {
        "open_days": random.choice((10, 20, 45)),
        "grace_days": random.choice((0, 5, 14)),
        "reinstatement_days": random.choice((0, 12)),
        "reinstatement_percent": "20",
        "uplift_percent": random.choice(("0", "4")),
    }


def _customer(author: _Author, zone: str, policy: dict[str, Any], plan: dict[str, Any]) -> None:
    random, name = author.random, zone.rsplit("/", 1)[-1].lower()
    months = random.choice((1, 1, 2))
    signed = BEGINNING + timedelta(days=random.randrange(4), hours=1)
    starts_on = signed.date() + timedelta(days=random.randrange(-3, 7))
    author.write(BEGINNING, acts.join(name, zone))
    author.write(signed, acts.buy(name, starts_on.isoformat(), months))
    ends_on = _months_later(starts_on, months)
    ends_at = start_of_day(ends_on, zone)
    window_at = start_of_day(ends_on + timedelta(days=policy["grace_days"] + policy["reinstatement_days"]), zone)
    metered = len(plan["prices"]["EUR"]) > 1
    _use(author, name, zone, starts_on, ends_at, metered=metered, reviewed=plan["review_days"] > 0)
    _pay(author, name, signed, window_at)
    _renew(author, name, zone, signed, ends_at, window_at, policy)


def _months_later(day: date, months: int) -> date:
    first = day.replace(day=1) + timedelta(days=31 * months)
    return first.replace(day=min(day.day, 28)) if day.day > 28 else first.replace(day=day.day)


def _use(
    author: _Author, name: str, zone: str, starts_on: date, ends_at: datetime, *, metered: bool, reviewed: bool
) -> None:
    random, begins_at = author.random, start_of_day(starts_on, zone)
    if not metered:
        return
    for number in range(random.randrange(1, 4)):
        at = begins_at + (ends_at + timedelta(days=20) - begins_at) * random.random()
        events = [_event(author, name, f"{number}-{n}", at - n * SECOND) for n in range(3)]
        author.write(max(at, BEGINNING + timedelta(days=5)), acts.use(name, events))
    if author.chance(40):  # on the last second of what was sold
        author.write(ends_at - SECOND, acts.use(name, [_event(author, name, "last", ends_at - 2 * SECOND)]))
    if author.chance(40) and not reviewed:
        day = begins_at + timedelta(days=40)
        late = [_event(author, name, "late", begins_at + timedelta(days=random.randrange(30)))]
        until = day.astimezone(ZoneInfo(zone)).date() - timedelta(days=4)
        author.write(day, acts.use_late(name, late, until))


def _event(author: _Author, name: str, id_: str, at: datetime) -> dict[str, Any]:
    data = {"calls": author.random.randrange(200), "region": author.random.choice(("eu", "us"))}
    return {
        "specversion": "1.0",
        "id": id_,
        "source": f"/{name}",
        "type": "api.call",
        "subject": name,
        "time": at.isoformat(),
        "data": data,
    }


def _pay(author: _Author, name: str, signed: datetime, window_at: datetime) -> None:
    match author.random.choice(("prompt", "prompt", "late", "late", "half", "never", "credited")):
        case "prompt":
            days = [*range(8, 80, 12)]
        case "late":
            days = [author.random.choice((25, 36, 45)), 75]
        case "half":
            author.write(signed + timedelta(days=12), acts.pay(author.name(), name, 50))
            days = [50]
        case "credited":
            author.write(signed + timedelta(days=author.random.choice((9, 33))), acts.credit(author.name(), name))
            days = [60]
        case _:
            days = []
    for day in days:
        author.write(signed + timedelta(days=day, minutes=7), acts.pay(author.name(), name))


def _renew(
    author: _Author,
    name: str,
    zone: str,
    signed: datetime,
    ends_at: datetime,
    window_at: datetime,
    policy: dict[str, Any],
) -> None:
    random = author.random
    opens_at = max(ends_at - timedelta(days=policy["open_days"]), signed)
    early = opens_at + (ends_at - opens_at) / 2
    way = random.choice(("early", "second", "grace", "window", "silent", "lost", "opened", "stays", "moves"))
    if author.chance(20):
        at = signed + timedelta(days=random.randrange(5, 50))
        author.write(at, acts.block(name))
        author.write(at + timedelta(days=6), acts.unblock(name))
    match way:
        case "early":
            author.write(early, acts.renew(name))
        case "second":
            author.write(ends_at - SECOND, acts.renew(name))
        case "grace" if policy["grace_days"]:
            author.write(ends_at + timedelta(days=policy["grace_days"]) - SECOND, acts.renew(name))
        case "window" if window_at > ends_at:
            author.write(window_at - SECOND, acts.renew(name))
        case "lost":
            author.write(early, acts.lose(name, random.choice(("budget_lost", "price_increase"))))
        case "opened":
            author.write(signed + timedelta(days=2), acts.open_early(name))
            author.write(signed + timedelta(days=9), acts.renew(name))
        case "stays":
            author.write(early, acts.stop_renewing(name))
            author.write(early + timedelta(hours=5), acts.stay_after_all(name))
            author.write(ends_at - SECOND, acts.renew(name))
        case "moves":
            successor = f"{name}-next"
            author.write(signed, acts.join(successor, ZONES[zone]))
            starts_on = ends_at.astimezone(ZoneInfo(zone)).date()
            author.write(early, acts.buy(successor, starts_on.isoformat(), 2))
            author.write(early + timedelta(hours=6), acts.migrate(name, successor))


def _chapters(written: list[tuple[datetime, Act]]) -> list[tuple[datetime, list[Act]]]:
    """In order of time, with empty chapters where the clock would move too far at once."""
    chapters: dict[datetime, list[Act]] = {}
    for at, act in sorted(written, key=lambda entry: entry[0]):
        chapters.setdefault(at, []).append(act)
    chapters[max(chapters) + timedelta(days=40)] = []
    instants = list(chapters)
    for before, after in pairwise(instants):
        while after - before > LONGEST_STEP:
            before += LONGEST_STEP
            chapters[before] = []
    return sorted(chapters.items())
