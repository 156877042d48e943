"""A story by its number: who buys, uses, pays, renews or leaves, and on which day of a small tenant's few months."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from shared.periods import start_of_day
from tests.simulation import acts, paying
from tests.simulation.acts import Act
from tests.simulation.changing import Sold, change
from tests.simulation.offers import Author, fee, late_usage, plan, policy

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
# Who speaks of the renewal when the term may not have begun.
TOO_EARLY_FOR_A_TRIAL = ("early", "opened", "stays", "lost", "moves")
LONGEST_STEP = timedelta(days=24)


@dataclass
class Story:
    """`chapters` are instants in order; the acts of a chapter happen while the clocks stand at its instant."""

    number: int
    chapters: list[tuple[datetime, list[Act]]] = field(default_factory=list)


def story(number: int) -> Story:
    author = Author(Random(number))
    sold, terms = plan(author) | late_usage(Random(f"late usage of {number}")), policy(author)
    settings = {"legal_entity": "Acme", "currency": "EUR", "zone": "UTC", "invoice_series": "A"}
    author.write(BEGINNING, acts.set_up(settings, terms, sold))
    if author.chance(30):
        _, *prices = sold["prices"]["EUR"]
        author.write(BEGINNING + timedelta(days=33), acts.publish(sold | {"prices": {"EUR": [fee("61.00"), *prices]}}))
    for zone in list(ZONES)[: author.random.choice((1, 1, 1, 1, 1, 2, 2, 3))]:
        _customer(author, zone, terms, sold, Random(f"changes of {zone} in {number}"))
        _beside(author, zone, Random(f"beside {zone} in {number}"))
    return Story(number, _chapters(author.acts))


def _customer(author: Author, zone: str, terms: dict[str, Any], sold: dict[str, Any], changes: Random) -> None:
    random, name = author.random, zone.rsplit("/", 1)[-1].lower()
    months = random.choice((1, 1, 2))
    signed = BEGINNING + timedelta(days=random.randrange(4), hours=1)
    starts_on = signed.date() + timedelta(days=random.randrange(-3, 7))
    author.write(BEGINNING, acts.join(name, zone))
    ends_on = _months_later(starts_on, months)
    ends_at = start_of_day(ends_on, zone)
    window_at = start_of_day(ends_on + timedelta(days=terms["grace_days"] + terms["reinstatement_days"]), zone)
    metered = len(sold["prices"]["EUR"]) > 1
    _use(author, name, zone, starts_on, ends_at, metered=metered, reviewed=sold["review_days"] > 0)
    _pay(author, name, signed, window_at)
    way = _renew(author, name, zone, signed, ends_at, window_at, terms)
    tried = (starts_on - signed.astimezone(ZoneInfo(zone)).date()).days
    trial_days = tried if tried > 0 and way not in TOO_EARLY_FOR_A_TRIAL and changes.random() < 0.5 else 0
    day = (starts_on - timedelta(days=trial_days)).isoformat()
    author.write(signed, acts.buy(name, day, months, trial_days=trial_days))
    if way == "silent":
        begins_at, notice = max(signed, start_of_day(starts_on, zone)), terms.get("auto", {}).get("notice_days")
        change(author, changes, Sold(name, zone, begins_at, ends_at, notice), ZONES[zone])


def _beside(author: Author, zone: str, random: Random) -> None:
    """A customer without a subscription, who pays in time, late, or not at all."""
    if random.random() < 0.6:
        return
    name, at = f"{zone.rsplit('/', 1)[-1].lower()}-beside", BEGINNING + timedelta(days=random.randrange(1, 20), hours=2)
    author.write(BEGINNING, acts.join(name, zone))
    author.write(at, acts.charge_once(name, f"{random.randrange(1, 900)}.05", random.choice((0, 3))))
    for day in random.choice(((6,), (11,), (40,), ())):
        author.write(at + timedelta(days=day, minutes=3), paying.pay(f"{name} pays", name))


def _months_later(day: date, months: int) -> date:
    first = day.replace(day=1) + timedelta(days=31 * months)
    return first.replace(day=min(day.day, 28)) if day.day > 28 else first.replace(day=day.day)


def _use(
    author: Author, name: str, zone: str, starts_on: date, ends_at: datetime, *, metered: bool, reviewed: bool
) -> None:
    random, begins_at = author.random, start_of_day(starts_on, zone)
    if not metered:
        return
    for number in range(random.randrange(1, 4)):
        at = begins_at + (ends_at + timedelta(days=20) - begins_at) * random.random()
        events = [_event(author, name, f"{number}-{n}", at - n * SECOND) for n in range(3)]
        author.write(max(at, BEGINNING + timedelta(days=5)), acts.use(name, events))
    if author.chance(40):  # on the last second of what was sold
        author.write(ends_at - SECOND, acts.use_at_the_end(name, [_event(author, name, "last", ends_at - 2 * SECOND)]))
    if author.chance(40) and not reviewed:
        day = begins_at + timedelta(days=40)
        late = [_event(author, name, "late", begins_at + timedelta(days=random.randrange(30)))]
        until = day.astimezone(ZoneInfo(zone)).date() - timedelta(days=4)
        author.write(day, acts.use_late(name, late, until))


def _event(author: Author, name: str, id_: str, at: datetime) -> dict[str, Any]:
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


def _pay(author: Author, name: str, signed: datetime, window_at: datetime) -> None:
    match author.random.choice(("prompt", "prompt", "late", "late", "half", "never", "credited")):
        case "prompt":
            days = [*range(8, 80, 12)]
        case "late":
            days = [author.random.choice((25, 36, 45)), 75]
        case "half":
            author.write(signed + timedelta(days=12), paying.pay(author.name(), name, 50))
            days = [50]
        case "credited":
            author.write(signed + timedelta(days=author.random.choice((9, 33))), paying.credit(author.name(), name))
            days = [60]
        case _:
            days = []
    for day in days:
        author.write(signed + timedelta(days=day, minutes=7), paying.pay(author.name(), name))


def _renew(
    author: Author,
    name: str,
    zone: str,
    signed: datetime,
    ends_at: datetime,
    window_at: datetime,
    terms: dict[str, Any],
) -> str:
    random = author.random
    opens_at = max(ends_at - timedelta(days=terms["open_days"]), signed)
    early = opens_at + (ends_at - opens_at) / 2
    way = random.choice(("early", "second", "grace", "window", *("silent",) * 5, "lost", "opened", "stays", "moves"))
    if author.chance(20):
        at = signed + timedelta(days=random.randrange(5, 50))
        author.write(at, acts.block(name))
        author.write(at + timedelta(days=6), acts.unblock(name))
    match way:
        case "early":
            author.write(early, acts.renew(name))
        case "second":
            author.write(ends_at - SECOND, acts.renew(name))
        case "grace" if terms["grace_days"]:
            author.write(ends_at + timedelta(days=terms["grace_days"]) - SECOND, acts.renew(name))
        case "window" if window_at > ends_at:
            author.write(window_at - SECOND, acts.renew(name))
        case "lost":
            author.write(early, acts.lose(name, random.choice(("budget_lost", "price_increase"))))
        case "opened" if opens_at > signed + timedelta(days=3):  # before its day comes by itself
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
    return way


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
