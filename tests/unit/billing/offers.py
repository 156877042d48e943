"""A plan, a quote for it, and everything that may be asked of the quote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.billing.domain.agreement import AgreedLine, Party, RenewalTerms
from services.billing.domain.plan import MinimumCommitment, PlanVersion
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote.commands import (
    AcceptQuote,
    ApproveQuote,
    DeclineQuote,
    DraftQuote,
    ExpireQuote,
    MarkStale,
    RefuseQuote,
    ReviseQuote,
    SendQuote,
    SubmitQuote,
    WithdrawQuote,
)
from services.billing.domain.quote.lines import agreed_line
from services.billing.domain.quote.state import Quote
from shared.money import Money
from tests.unit.billing.prices import flat, metered, per_unit

QUOTE_ID, CUSTOMER_ID, SUBSCRIPTION_ID, OPPORTUNITY_ID, PLAN_ID = (UUID(int=n) for n in range(1, 6))
NOW = datetime(2012, 12, 3, 17, tzinfo=UTC)
UNTIL = datetime(2012, 12, 20, 5, tzinfo=UTC)

POLICY = RenewalTerms(
    policy="standard",
    version=2,
    grace_days=14,
    reinstatement_days=365,
    reinstatement_percent=Decimal(20),
    uplift_percent=Decimal(4),
)
PLAN = PlanVersion(
    code="gate-use",
    version=1,
    name="Gate use",
    prices={
        "USD": (
            flat("platform", "1500.00", in_advance=True, tax_rates=("0.08875",)),
            metered("departures", per_unit("30"), group_by=("origin",)),
        )
    },
    every="month",
    calendar=True,
    term_months=12,
    net_days=15,
    collect_seconds=0,
    renewal_policy="standard",
    minimums={"USD": MinimumCommitment(code="floor", name="Minimum", amount=Money(500_000, "USD"))},
    features={"gates": None, "lounge": 5},
)
PARTY = Party(customer_id=CUSTOMER_ID, key="F9", name="Frontier", zone="America/New_York", currency="USD")


def line(discount: str = "0", quantity: int = 1, **changes: Any) -> AgreedLine:
    made = agreed_line(
        PLAN, "USD", POLICY, starts_on=date(2013, 1, 1), quantity=quantity, discount_percent=Decimal(discount)
    )
    return replace(made, **changes)


def draft(*lines: AgreedLine, **changes: Any) -> DraftQuote:
    made = DraftQuote(quote_id=QUOTE_ID, purpose="new", party=PARTY, lines=lines or (line(),), requested_by="rita")
    return replace(made, **changes)


def revise(*lines: AgreedLine, by: str = "rita", valid_until: datetime | None = None, **more: Any) -> ReviseQuote:
    return ReviseQuote(lines=lines, by=by, valid_until=valid_until, **more)


def submit(by: str = "rita") -> SubmitQuote:
    return SubmitQuote(by=by)


def approve(by: str = "dora") -> ApproveQuote:
    return ApproveQuote(by=by)


def refuse(by: str = "dora") -> RefuseQuote:
    return RefuseQuote(by=by, reason="too cheap")


def send(valid_until: datetime | None = UNTIL, at: datetime = NOW) -> SendQuote:
    return SendQuote(at=at, valid_until=valid_until)


def accept(version: int = 1, at: datetime = NOW, **more: Any) -> AcceptQuote:
    return AcceptQuote(**{"version": version, "name": "Ann Buyer", "at": at, "purchase_order": "PO-7"} | more)


def decline() -> DeclineQuote:
    return DeclineQuote(reason="budget")


def withdraw() -> WithdrawQuote:
    return WithdrawQuote(reason="a mistake")


def expire(at: datetime = UNTIL) -> ExpireQuote:
    return ExpireQuote(at=at)


def outdate() -> MarkStale:
    return MarkStale(reason="the subscription was amended")


out = (draft(), submit(), send())


def events_of(*commands: Any) -> list[Any]:
    """Everything that happens when these commands come, one after the other."""
    history: list[Any] = []
    for command in commands:
        history += QUOTE.decide(QUOTE.replay(history), command)
    return history


def after(*commands: Any) -> Quote:
    quote = QUOTE.replay(events_of(*commands))
    assert quote is not None
    return quote


def given(*commands: Any) -> Callable[[Any], list[Any]]:
    return lambda command: QUOTE.decide(QUOTE.replay(events_of(*commands)), command)
