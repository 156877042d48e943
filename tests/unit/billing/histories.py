"""Contracts that live through whatever may happen to them, for the laws that hold of all of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from services.billing.domain.agreed_one_off import AgreedOneOff
from services.billing.domain.agreement import AgreedLine, RampPhase
from services.billing.domain.amended_line import LineChange
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.plan import MinimumCommitment
from services.billing.domain.pricing.price import Price
from services.billing.domain.subscription.bill_parts import LateInvoice
from services.billing.domain.subscription.commands import (
    AmendSubscription,
    AssessLateFee,
    CancelSubscription,
    PauseSubscription,
    RenewTerm,
    RequestNonRenewal,
    ResumeSubscription,
    TransferSubscription,
)
from shared.errors import DomainError
from shared.money import Money
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, ARREARS, TAXED
from tests.unit.billing.test_subscription import CALLS, ME, NEXT_QUOTE, new_york
from tests.unit.billing.test_transfers import ZURICH

BORN = new_york(2012, 12, 1)
LEAST = MinimumCommitment(code="least", name="Least", amount=Money(90_001, "USD"))
FOR_THE_TERM = replace(LEAST, amount=Money(500_001, "USD"), true_up="term")

lines = st.builds(
    lambda charges, every, calendar, minimum, ramp, inclusive, proration, trial, review: replace(
        AGREED,
        charges=charges,
        every=every,
        calendar=calendar,
        minimum=minimum if CALLS in charges and (proration != "fixed_30" or minimum != FOR_THE_TERM) else None,
        ramp=ramp,
        tax_inclusive=inclusive,
        proration=proration,
        trial_days=trial,
        review_days=review,
    ),
    charges=st.sampled_from([(TAXED,), (ARREARS,), (TAXED, CALLS), (ARREARS, CALLS), (TAXED, ARREARS, CALLS)]),
    every=st.sampled_from(["week", "month", "month", "quarter", "year"]),
    calendar=st.booleans(),
    minimum=st.sampled_from([None, LEAST, FOR_THE_TERM]),
    ramp=st.sampled_from([(), (RampPhase(after_months=5, quantity=3, discount_percent=Decimal("7.5")),)]),
    inclusive=st.booleans(),
    proration=st.sampled_from(["days", "seconds", "fixed_30", "none"]),
    trial=st.sampled_from([0, 0, 14]),
    review=st.sampled_from([0, 0, 10]),
)
coupons = st.sampled_from(
    [
        (),
        (AgreedCoupon(code="tenth", name="Tenth", percent=Decimal("12.3")),),
        (AgreedCoupon(code="once", name="Once", percent=Decimal(50), invoices=2),),
    ]
)
SETUP = AgreedOneOff(
    code="setup",
    description="Set-up",
    quantity=Decimal("2.5"),
    price=Price(model="per_unit", unit_amount=Decimal("9.99")),
)
one_offs = st.sampled_from([(), (SETUP,), (SETUP, replace(SETUP, code="signs", delivered_on=date(2013, 2, 10)))])
happenings = st.lists(
    st.tuples(
        st.integers(1, 120),
        st.sampled_from(
            ["amend", "amend later", "cancel", "cancel later", "pause", "resume", "renew", "leave", "fee", "transfer"]
        ),
        st.integers(1, 60),
        st.booleans(),
    ),
    max_size=7,
)


def lived(
    line: AgreedLine, told: list[tuple[int, str, int, bool]], one_offs: tuple[AgreedOneOff, ...] = ()
) -> Lifetime:
    """What is refused does not happen; where a worker is late, its timers come after what people did meanwhile."""
    used = [(new_york(2013, 1, 1) + timedelta(days=4 * n), 10 + n) for n in range(180)]
    life = Lifetime(line, BORN, used=used, one_offs=one_offs)
    day = 0
    for later, what, number, is_late in told:
        day += later
        at = BORN + timedelta(days=day, hours=12)
        if is_late and CALLS not in line.charges:
            life.now = max(life.now, at)
        else:
            life.move(max(life.now, at))
        with suppress(DomainError):
            life.say(_command(life, what, number))
    life.move(max(life.now, BORN + timedelta(days=day + 45)))
    return life


def _command(life: Lifetime, what: str, number: int) -> Any:
    at, later = life.now, life.subscription.day(life.now) + timedelta(days=number)
    match what:
        case "amend":
            return AmendSubscription(at=at, when="now", change=LineChange(quantity=number))
        case "amend later":
            return AmendSubscription(at=at, when=later, change=LineChange(quantity=number))
        case "cancel" | "cancel later":
            return CancelSubscription(
                at=at, when="now" if what == "cancel" else later, credit="unused_time", reason="x"
            )
        case "pause":
            return PauseSubscription(at=at, until=later, reason="x", extend=number % 2 == 0)
        case "resume":
            return ResumeSubscription(at=at)
        case "renew":
            last = life.subscription.last
            line = replace(life.line, starts_on=last.ends_on, trial_days=0)
            return RenewTerm(term_number=last.number + 1, line=line, quote_id=NEXT_QUOTE, at=at)
        case "leave":
            return RequestNonRenewal(at=at, reason="x", successor_subscription_id=None)
        case "fee":
            late = LateInvoice(
                invoice_id=ME, number=f"INV-{number}", open=Money(number * 101, "USD"), percent=Decimal(5)
            )
            return AssessLateFee(at=at, late=late)
        case _:
            return TransferSubscription(at=at, on=later, to=ZURICH)


def instants(life: Lifetime) -> list[datetime]:
    """The end of each month from its birth until after its last event."""
    last = max(entry.cause.occurred_at for entry in life.log)
    months = (new_york(2012 + n // 12, 1 + n % 12, 1) for n in range(12, 12 + 60))
    return [at for at in months if at <= last + timedelta(days=40)]
