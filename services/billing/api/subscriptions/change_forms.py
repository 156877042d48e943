"""Changes of subscriptions as they are asked for, and the money that they will move."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.billing.api.catalogue.plan_forms import Code
from services.billing.domain.correction import Carried
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.changes import CreditRule, When
from services.billing.processes.foreseeing import Foreseen, ForeseenBill
from shared.http.fields import Day

Quantity = Annotated[int, Field(strict=True, ge=1, lt=10**9)]
Effective = Literal["now", "period_end", "date"]


class ChangeForm(BaseModel):
    """`on` is the day, where it is effective on a date."""

    model_config = ConfigDict(extra="forbid")
    effective: Effective = "now"
    on: Day | None = None

    @model_validator(mode="after")
    def _names_the_day(self) -> ChangeForm:
        if (self.effective == "date") != (self.on is not None):
            raise PydanticCustomError("day_and_date", "`on` goes with effective `date`, and with nothing else")
        return self

    @property
    def when(self) -> When:
        if self.effective == "date":
            assert self.on is not None  # validated
            return self.on
        return self.effective


class CancelIn(ChangeForm):
    """What was charged in advance is credited for the time that is not used, by the plan's policy of proration, or not."""

    credit: CreditRule = "unused_time"
    reason: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class AddOnForm(BaseModel):
    """Without `plan_version` the current one. An add-on that is there is replaced."""

    model_config = ConfigDict(extra="forbid")
    plan: Code
    plan_version: Annotated[int, Field(strict=True, ge=1, lt=2**31)] | None = None
    quantity: Quantity = 1


class AmendIn(ChangeForm):
    """What is not named stays. `remove` names add-ons by their plan. Billing periods are those of the calendar, or counted from
    `anchor_on`; the one that the change falls into is cut there, and so is the first one on the new days. They are as long as
    the plan says. From a day on which a billing period begins days may be those of another `zone`: up to there they end as the
    old one has it, and the next period begins at this instant. An empty `cost_centre` is none."""

    quantity: Quantity | None = None
    plan: Code | None = None
    plan_version: Annotated[int, Field(strict=True, ge=1, lt=2**31)] | None = None
    add: Annotated[list[AddOnForm], Field(max_length=20)] = Field(default_factory=list)
    remove: Annotated[list[Code], Field(max_length=20)] = Field(default_factory=list)
    calendar: StrictBool | None = None
    anchor_on: Day | None = None
    zone: Annotated[str, Field(max_length=100)] | None = None
    cost_centre: Code | Literal[""] | None = None


class ForeseenLineOut(BaseModel):
    """For the days from `starts_on` up to, not including, `ends_on`."""

    charge: str
    description: str
    starts_on: date
    ends_on: date
    amount_minor: int


class ForeseenBillOut(BaseModel):
    """`metered` names what is charged for besides, by what is used until then."""

    billing_on: date
    lines: list[ForeseenLineOut]
    metered: list[str]
    subtotal_minor: int
    tax_minor: int
    total_minor: int


class ForeseenCreditOut(BaseModel):
    """`invoice` is None for one that is not issued yet."""

    invoice: str | None
    lines: list[ForeseenLineOut]
    net_minor: int
    tax_minor: int
    total_minor: int


class ForeseenOut(BaseModel):
    """The bills from now until the change has taken effect, and what is credited then; `balance_minor` is their sum."""

    effective_at: datetime
    bills: list[ForeseenBillOut]
    credits: list[ForeseenCreditOut]
    balance_minor: int


def foreseen_out(at: datetime, foreseen: Foreseen) -> ForeseenOut:
    bills = [_bill(each) for each in foreseen.bills]
    credits = [_credit(invoice, carried) for invoice, carried in foreseen.credits]
    billed, credited = sum(each.total_minor for each in bills), sum(each.total_minor for each in credits)
    return ForeseenOut(effective_at=at, bills=bills, credits=credits, balance_minor=billed - credited)


def _bill(each: ForeseenBill) -> ForeseenBillOut:
    totals = each.invoice.totals
    return ForeseenBillOut(
        billing_on=each.invoice.header.bill.billing_on,
        lines=[_line(line) for line in each.invoice.lines],
        metered=list(each.metered),
        subtotal_minor=totals.subtotal.minor,
        tax_minor=totals.tax.minor,
        total_minor=totals.total.minor,
    )


def _credit(invoice: Invoice, carried: Carried) -> ForeseenCreditOut:
    totals = carried.totals(invoice.totals.total.currency)
    return ForeseenCreditOut(
        invoice=invoice.issued.number if invoice.header.legal_entity else None,
        lines=[_line(line) for line in carried.lines],
        net_minor=totals.subtotal.minor,
        tax_minor=totals.tax.minor,
        total_minor=totals.total.minor,
    )


def _line(line: InvoiceLine) -> ForeseenLineOut:
    return ForeseenLineOut(
        charge=line.charge,
        description=line.description,
        starts_on=line.starts_on,
        ends_on=line.ends_on,
        amount_minor=line.amount.minor,
    )
