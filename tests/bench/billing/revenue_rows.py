"""What a question about revenue costs with many contracts: a fee in advance and three metered charges each, two bills issued,
and the usage of a running period told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from infra.local.databases import Urls
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.plan import Charge
from services.billing.domain.pricing.price import Price
from services.billing.projections.books import revenue, unbilled_revenue
from services.billing.projections.subscriptions import recurring, running_usage, usage_periods
from shared.periods import Days
from shared.unit_of_work import UnitOfWork
from tests.bench.billing.seller import BILLED_AT, PLAN, ZONE, Seller
from tests.bench.usage.cpu import cpu_seconds

JANUARY, FEBRUARY, LAST = date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 10)
FEE = Charge(
    code="fee",
    name="Fee",
    kind="flat",
    in_advance=True,
    price=Price(model="per_unit", unit_amount=Decimal("49.00")),
    tax_rates=("0.19",),
)
WITH_FEE = replace(PLAN, code="with-fee", prices={"EUR": (FEE, *PLAN.prices["EUR"])})
QUESTIONS: dict[str, Callable[[UnitOfWork], Any]] = {
    "mapping": lambda unit: revenue.mapping(unit, FEBRUARY, ZONE),
    "recurring": lambda unit: recurring.over(unit, Days(JANUARY, FEBRUARY), ZONE),
    "unbilled": lambda unit: unbilled_revenue.at_end_of(unit, LAST, ZONE),
}


@dataclass(frozen=True, slots=True)
class Row:
    """CPU seconds of one answer."""

    question: str
    process: list[float]
    postgres: list[float]


def run(urls: Urls, postgres_pid: int, subscriptions: int, repeats: int) -> Iterator[Row]:
    seller = Seller(urls, plan=WITH_FEE)
    seller.sell(subscriptions)
    seller.bill()
    _tell_usage(seller)
    for name, question in QUESTIONS.items():
        answers = [_answered(seller, question, postgres_pid) for _ in range(repeats)]
        yield Row(name, [own for own, _ in answers], [postgres for _, postgres in answers])
    seller.close()


def _answered(seller: Seller, question: Callable[[UnitOfWork], Any], postgres_pid: int) -> tuple[float, float]:
    own, postgres = time.process_time(), cpu_seconds([postgres_pid])
    with seller.unit(BILLED_AT + timedelta(days=10)) as unit:
        question(unit)
    return time.process_time() - own, cpu_seconds([postgres_pid]) - postgres


def _tell_usage(seller: Seller) -> None:
    with seller.unit(BILLED_AT + timedelta(days=9)) as unit:
        open_ = usage_periods.of_tenant(unit, status="open")
        total = PeriodTotal(group="", quantity=Decimal("1234.567"), count=99, digest="00")
        for period in unit.tx.execute(open_).mappings().all():
            running_usage.tell(unit, period["period_id"], (total,), LAST)
