"""What a tenant of a story sells, and on which terms it renews."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from tests.simulation.acts import Act


@dataclass
class Author:
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


def plan(author: Author) -> dict[str, Any]:
    random = author.random
    calls = {
        "code": "calls",
        "name": "Calls",
        "kind": "metered",
        "meter": "calls",
        "group_by": random.choice(([], ["region"])),
        "price": {"model": "graduated", "tiers": [{"up_to": "100", "unit_amount": "0.30"}, {"unit_amount": "0.11"}]},
    }
    charges = [fee("49.00"), *([calls] if author.chance(80) else [])]
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
        **(minimum if author.chance(30) and calls in charges else {}),
    }


def late_usage(random: Random) -> dict[str, Any]:
    """Not `next_invoice`: which one that is depends on when a renewal is heard of."""
    return random.choice(({}, {}, {"late_usage": "ignore_after", "late_usage_days": random.randrange(15)}))


def fee(amount: str) -> dict[str, Any]:
    price = {"model": "per_unit", "unit_amount": amount}
    return {"code": "fee", "name": "Fee", "kind": "flat", "in_advance": True, "price": price}


def policy(author: Author) -> dict[str, Any]:
    random = author.random
    auto = {"auto": {"notice_days": random.choice((3, 8)), "price_cap_percent": random.choice(("3", "7"))}}
    return (auto if author.chance(40) else {}) | {
        "open_days": random.choice((10, 20, 45)),
        "grace_days": random.choice((0, 5, 14)),
        "reinstatement_days": random.choice((0, 12)),
        "reinstatement_percent": "20",
        "uplift_percent": random.choice(("0", "4")),
    }
