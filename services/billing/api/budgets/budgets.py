"""/v1/customers/{external_id}/budgets: what customers mean to spend on their cost centres, and what they do spend."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from services.billing.api.access import ReadBilling, SetBudgets
from services.billing.api.budgets.budget_forms import (
    BilledLineOut,
    BudgetIn,
    BudgetOut,
    BudgetSummary,
    SpendingByCostCentre,
    WithdrawnIn,
    budget_out,
    spending_out,
    summary_of,
)
from services.billing.api.customers import Key
from services.billing.domain.budget import BUDGET
from services.billing.domain.budget.commands import SetBudget, WithdrawBudget
from services.billing.domain.budget.events import BudgetFacts
from services.billing.domain.budget.period import days_of_period
from services.billing.domain.budget.state import BudgetStatus, budget_id
from services.billing.domain.customer import CUSTOMER, Customer, CustomerNotFound, customer_id
from services.billing.projections.budgets import budget_checks, budgets, spending
from services.billing.projections.budgets.spending import Known, Spending
from services.billing.tables import budgets as table
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.moments import Moment
from shared.money import Money
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1", tags=["budgets"], route_class=TransactionalRoute)

PERIOD = r"^(19|20|21)[0-9]{2}(-(Q[1-4]|0[1-9]|1[0-2]))?$"
CostCentre = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:@-]{1,100}$")]
Period = Annotated[str, Path(pattern=PERIOD, description="A year, a quarter or a month: 2026, 2026-Q2, 2026-05.")]
IS_NOW = Moment()
ONE = "/customers/{external_id}/budgets/{cost_centre}/{period}"


@router.put(ONE)
def put(external_id: Key, cost_centre: CostCentre, period: Period, body: BudgetIn, unit: SetBudgets) -> BudgetOut:
    """From now on; what is reached already is told next. One that is set anew tells again what it has reached."""
    id_, customer = customer_id(unit.tenant_id, external_id), _customer(unit, external_id)
    facts = BudgetFacts(
        customer_id=id_,
        customer_key=external_id,
        cost_centre=cost_centre,
        period=period,
        days=days_of_period(period),
    )
    command = SetBudget(
        facts=facts,
        amount=Money(body.amount_minor, customer.currency),
        alert_percents=tuple(body.alert_percents),
        reason=body.reason,
        at=unit.now,
    )
    mine = budget_id(id_, cost_centre, period)
    unit.execute(BUDGET, mine, command)
    return _shown(unit, mine)


@router.get(ONE)
def show(external_id: Key, cost_centre: CostCentre, period: Period, unit: ReadBilling, moment: AtMoment) -> BudgetOut:
    """As it is, or as it was and was known then."""
    mine = budget_id(customer_id(unit.tenant_id, external_id), cost_centre, period)
    with budgets.THEN.at(unit, mine, moment):
        return _shown(unit, mine, moment)


@router.post(f"{ONE}/withdraw")
def withdraw(
    external_id: Key, cost_centre: CostCentre, period: Period, body: WithdrawnIn, unit: SetBudgets
) -> BudgetOut:
    """Nothing is told of it any more, and no quote is held against it; putting it again lets it stand again."""
    mine = budget_id(customer_id(unit.tenant_id, external_id), cost_centre, period)
    unit.execute(BUDGET, mine, WithdrawBudget(reason=body.reason, at=unit.now))
    return _shown(unit, mine)


@router.get(f"{ONE}/lines")
def list_lines(
    external_id: Key, cost_centre: CostCentre, period: Period, unit: ReadBilling, page: PageQuery
) -> Listed[BilledLineOut]:
    """Every line that `billed_minor` is the sum of, in the order of the books."""
    row = budgets.get(unit, budget_id(customer_id(unit.tenant_id, external_id), cost_centre, period))
    mine = spending.documents(unit, row["customer_id"], cost_centre, row["currency"], budget_checks.days_of(row))
    return page_of(unit, mine, mine.selected_columns["place"], page, lambda line: BilledLineOut(**line))


@router.get("/budgets")
def list_budgets(
    unit: ReadBilling,
    page: PageQuery,
    customer: Annotated[str | None, Query(max_length=100)] = None,
    cost_centre: Annotated[str | None, Query(max_length=100)] = None,
    period: Annotated[str | None, Query(pattern=PERIOD)] = None,
    status: BudgetStatus | None = None,
) -> Listed[BudgetSummary]:
    mine = budgets.of_tenant(unit, customer_key=customer, cost_centre=cost_centre, period=period, status=status)
    return page_of(unit, mine, table.c.budget_id, page, summary_of)


@router.get("/customers/{external_id}/spending")
def show_spending(
    external_id: Key, unit: ReadBilling, period: Annotated[str, Query(pattern=PERIOD)]
) -> SpendingByCostCentre:
    """By cost centre, beside the budgets of the very period; a budget for which nothing was billed is among them."""
    days = days_of_period(period)
    _customer(unit, external_id)
    rows = unit.tx.execute(budgets.of_tenant(unit, customer_key=external_id, period=period, status="active"))
    amounts = {(row["cost_centre"], row["currency"]): row["amount_minor"] for row in rows.mappings()}
    spent = spending.by_cost_centre(unit, external_id, days)
    keys = sorted({*spent, *amounts}, key=lambda key: (key[0] is None, key))
    return SpendingByCostCentre(
        customer=external_id,
        period=period,
        starts_on=days.start,
        ends_on=days.end,
        cost_centres=[spending_out(*key, spent.get(key, Spending()), amounts.get(key)) for key in keys],
    )


def _customer(unit: UnitOfWork, key: str) -> Customer:
    customer: Customer | None = unit.state(CUSTOMER, customer_id(unit.tenant_id, key))
    if customer is None:
        raise CustomerNotFound("no such customer: put it first")
    return customer


def _shown(unit: UnitOfWork, mine: UUID, moment: Moment = IS_NOW) -> BudgetOut:
    row = budgets.get(unit, mine)
    zone = _customer(unit, row["customer_key"]).zone
    known = Known(through=moment.as_of and local_day(moment.as_of, zone), at=moment.known_at)
    committed = None
    if moment.is_now:
        committed = budget_checks.committed_of(unit, row, local_day(unit.now, zone))
    return budget_out(row, budget_checks.spent_of(unit, row, known), committed)
