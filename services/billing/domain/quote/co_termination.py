"""A line that ends with a subscription that is there already: same end, same billing days, renewed together."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.state import Subscription
from shared.errors import DomainError

GOES_ON = ("scheduled", "active", "non_renewing", "paused")


class SubscriptionUnknown(DomainError):
    """Terms end together with a subscription of the same customer."""


class TermTwice(DomainError):
    """Either the term is said, or what it ends with."""


class EndsBefore(DomainError):
    """The other subscription has ended, or will before this line starts."""


def ending_with(line: AgreedLine, other: Subscription, field: str) -> AgreedLine:
    """With the last term that was agreed there; the days before the first billing day are a part of a period."""
    last = other.last
    if other.waits_for == "start":
        raise EndsBefore("it has not started: name one that has", field=field)
    if other.status not in GOES_ON or last.ends_on <= line.starts_on:
        raise EndsBefore("name a subscription that goes on after the line starts", field=field)
    months, anchor = last.line.term_months, last.line.anchor or other.anchor
    return replace(line, ends_on=last.ends_on, term_months=months, calendar=last.line.calendar, anchor=anchor)
