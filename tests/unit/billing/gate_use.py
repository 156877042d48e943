"""The plan of an airport that bills airlines for its gates, with a charge of every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from services.billing.domain.agreement import AgreedLine, RenewalTerms
from services.billing.domain.plan import Charge, MinimumCommitment, PlanVersion
from services.billing.domain.uplift import uplifted
from shared.money import Money
from tests.unit.billing.prices import flat, metered, per_unit, price, tiers

TAX = ("0.08875",)

CHARGES = (
    flat("platform_fee", "1500.00", in_advance=True),
    metered(
        "departures",
        price("graduated", tiers=tiers(("300", "30.00"), ("1500", "22.50"), (None, "15.75"))),
        group_by=("origin",),
    ),
    metered("distance", price("package", package={"size": "10000", "amount": "8.50", "free": "50000"})),
    metered("aircraft", price("volume", tiers=tiers(("50", "140.00"), ("200", "110.00"), (None, "85.00")))),
    metered("destinations", per_unit("250.00", discount={"quantity": "20"})),
    metered("cancellations", per_unit("45.00")),
    metered("delay_minutes", per_unit("0.0375")),
)


def taxed(charges: tuple[Charge, ...]) -> tuple[Charge, ...]:
    return tuple(replace(charge, tax_rates=TAX) for charge in charges)


PLAN = PlanVersion(
    code="gate-use-2013",
    version=1,
    name="Gate use",
    prices={"USD": taxed(CHARGES)},
    every="month",
    calendar=True,
    term_months=12,
    net_days=15,
    collect_seconds=0,
    minimums={"USD": MinimumCommitment(code="true_up", name="Minimum", amount=Money(500000, "USD"), tax_rates=TAX)},
    features={"gate-use": None},
)

RENEWAL = RenewalTerms(
    policy="standard",
    version=1,
    grace_days=14,
    reinstatement_days=365,
    reinstatement_percent=Decimal(20),
    uplift_percent=Decimal(4),
)


def agreed(plan: PlanVersion = PLAN, currency: str = "USD", **parts: Any) -> AgreedLine:
    line = AgreedLine(
        plan=plan.code,
        plan_version=plan.version,
        name=plan.name,
        charges=plan.charges_in(currency),
        every=plan.every,
        calendar=plan.calendar,
        term_months=plan.term_months,
        net_days=plan.net_days,
        collect_seconds=plan.collect_seconds,
        review_days=plan.review_days,
        proration=plan.proration,
        features=plan.features,
        renewal=RENEWAL,
        starts_on=date(2013, 1, 1),
        minimum=plan.minimums.get(currency),
    )
    return replace(line, **parts)


def uplifted_line() -> AgreedLine:
    """The next year's line, flat charges at 4 % more."""
    line = agreed(starts_on=date(2014, 1, 1))
    return replace(line, charges=uplifted(line.charges, Decimal(4), "USD"))
