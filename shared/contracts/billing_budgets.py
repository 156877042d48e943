"""What billing tells of the budgets of its customers, on `billing.budgets`. Fields are only ever added, as optional."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.messages import Contract


class BudgetReachedV1(Contract, frozen=True, kw_only=True):
    """So many percent of the budget of a cost centre are billed: `percent` is the highest of those that the budget names.
    Amounts are net, the days those from `starts_on` up to, not including, `ends_on`."""

    TYPE: ClassVar[str] = "billing.budget_reached.v1"
    customer_id: UUID
    customer_key: str
    cost_centre: str
    period: str
    starts_on: date
    ends_on: date
    currency: str
    amount_minor: int
    billed_minor: int
    percent: int
    reached_at: datetime
