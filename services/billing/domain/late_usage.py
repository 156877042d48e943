"""What is done about usage that is known only after its invoice was issued: a policy of the plan, agreed with the customer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

LateUsagePolicy = Literal["correct", "next_invoice", "ignore_after"]
Treatment = Literal["correct", "next_invoice", "ignore"]


def treatment(
    policy: LateUsagePolicy, days: int | None, issued_on: date, on: date, *, is_billed_after: bool
) -> Treatment:
    """`on` is the day on which it became known, in the customer's zone; `days` count from the day of issue, which
    is day 0. Where the subscription is not billed again there is no next invoice."""
    match policy:
        case "ignore_after" if on > issued_on + timedelta(days=days or 0):
            return "ignore"
        case "next_invoice" if is_billed_after:
            return "next_invoice"
        case _:
            return "correct"


def policy_text(policy: LateUsagePolicy, days: int | None) -> str:
    """As it is stored with what it made."""
    return policy if days is None else f"{policy} {days} days"
