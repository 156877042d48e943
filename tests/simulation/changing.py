"""What those do who neither renew nor say so: amend, cancel, pause, hand over, or let the term renew by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.simulation import acts, paying
from tests.simulation.acts import Act
from tests.simulation.offers import Author
from tests.simulation.world import World

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sold:
    """A customer's term: when it begins, and ends if nothing happens."""

    customer: str
    zone: str
    begins_at: datetime
    ends_at: datetime
    notice_days: int | None

    def within(self, share: float) -> datetime:
        return self.begins_at + (self.ends_at - self.begins_at) * share

    def day(self, at: datetime, later: int = 0) -> str:
        return (at.astimezone(ZoneInfo(self.zone)).date() + later * DAY).isoformat()


def change(author: Author, random: Random, sold: Sold, heir_zone: str) -> None:
    random.choice((_amend, _amend, _pause, _hand_over, _be_told))(author, random, sold, heir_zone)


def _amend(author: Author, random: Random, sold: Sold, _: str) -> None:
    """Seats more and less, and perhaps an end before the end, each on a day of its own."""
    name, ends_at = sold.customer, sold.ends_at
    instants = sorted(sold.within(random.uniform(0.05, 0.9)) for _ in range(random.randrange(4)))
    for at, seats in zip(instants, random.sample(range(2, 90), len(instants)), strict=True):
        when = random.choice(({}, {}, {"effective": "period_end"}))
        if at is instants[-1] and random.random() < 0.6:
            credit = random.choice(("unused_time", "unused_time", "none"))
            author.write(at, acts.cancel(name, credit=credit, **when))
        elif at + 2 * DAY < ends_at:
            author.write(at, paying.pay_and_amend(f"{name} takes {seats}", name, quantity=seats))


def _pause(author: Author, random: Random, sold: Sold, _: str) -> None:
    """For some days, perhaps fewer than was said, and perhaps the term is longer by them."""
    name, at, days = sold.customer, sold.within(random.uniform(0.1, 0.6)), random.randrange(1, 9)
    pause = {"until": sold.day(at, days), "extend": random.random() < 0.5, "reason": "holidays"}
    author.write(at, paid_first(f"{name} pauses", name, _when_active(name, "pause", pause)))
    if days > 3 and random.random() < 0.5:
        author.write(at + random.uniform(0.2, 2.5) * DAY, _say(name, "resume"))


def _hand_over(author: Author, random: Random, sold: Sold, heir_zone: str) -> None:
    """To somebody who uses it from then on, and whom nobody asks to renew."""
    name, heir, at = sold.customer, f"{sold.customer}-heir", sold.within(random.uniform(0.1, 0.6))
    author.write(sold.begins_at, acts.join(heir, heir_zone))
    later = random.randrange(1, 8)
    transfer = {"customer": heir, "on": sold.day(at, later)}
    author.write(at, paid_first(f"{name} hands over", name, _when_active(name, "transfer", transfer)))
    event = {"specversion": "1.0", "id": "first", "source": f"/{heir}", "type": "api.call", "subject": heir}
    used_at = at + (later + 1) * DAY
    event |= {"time": used_at.isoformat(), "data": {"calls": random.randrange(200), "region": "eu"}}
    author.write(used_at, acts.use(heir, [event]))


def _be_told(author: Author, random: Random, sold: Sold, _: str) -> None:
    """That the term renews by itself, where it does."""
    if sold.notice_days is None:
        return
    latest = sold.ends_at - (sold.notice_days + 1) * DAY
    at = sold.begins_at + (latest - sold.begins_at) * random.uniform(0.1, 0.9)
    notice = {"sent_at": at.isoformat(), "channel": "mail", "reference": "letter"}
    author.write(at, _when_active(sold.customer, "legal-notice", notice))


def paid_first(name: str, customer: str, then: Act) -> Act:
    """Who owes for long is refused; when dunning hears of what, is not the same in every order."""

    def act(world: World) -> Iterator[bool]:
        yield from paying.pay(name, customer)(world)
        yield from then(world)

    return act


def _when_active(customer: str, command: str, body: dict[str, Any]) -> Act:
    """A worker may be late with the start of the term."""

    def act(world: World) -> Iterator[bool]:
        while not (found := world.items("billing", "/v1/subscriptions", customer=customer, status="active")):
            yield False
        yield True
        world.call("billing", "POST", f"/v1/subscriptions/{found[0]['subscription_id']}/{command}", body)

    return act


def _say(customer: str, command: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        found = world.items("billing", "/v1/subscriptions", customer=customer)
        yield True
        world.call("billing", "POST", f"/v1/subscriptions/{found[0]['subscription_id']}/{command}")

    return act
