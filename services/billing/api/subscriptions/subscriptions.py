"""/v1/subscriptions: what customers have, term by term."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import RowMapping

from services.billing.api.access import ChangeSubscriptions, ReadBilling
from services.billing.domain.agreement import PaymentRule, Starts
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.pricing.price import Price
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.changes import CreditRule, StartKind, WaitsFor
from services.billing.domain.subscription.commands import RequestNonRenewal, WithdrawNonRenewal
from services.billing.domain.subscription.state import Status
from services.billing.projections.subscriptions import subscriptions, usage_periods
from services.billing.tables import subscriptions as table
from services.billing.tables import usage_periods as periods_table
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"], route_class=TransactionalRoute)

SubscriptionId = Annotated[UUID, prefixed("sub")]
QuoteId = Annotated[UUID, prefixed("quo")]
CustomerId = Annotated[UUID, prefixed("cus")]
InvoiceId = Annotated[UUID, prefixed("inv")]
PeriodId = Annotated[UUID, prefixed("per")]
PeriodStatus = Literal["open", "closed"]


class AutoRenewalOut(BaseModel):
    """The term renews by itself so many days before its end."""

    notice_days: int
    price_cap_percent: Decimal


class RenewalTermsOut(BaseModel):
    policy: str
    version: int
    grace_days: int
    reinstatement_days: int
    reinstatement_percent: Decimal
    uplift_percent: Decimal
    auto: AutoRenewalOut | None


class PhaseOut(BaseModel):
    """What changes for periods that begin on `begins_on` or later: None, and a price that is not named, stay as before."""

    begins_on: date
    quantity: int | None
    discount_percent: Decimal | None
    prices: dict[str, Price]


class TermOut(BaseModel):
    """`ends_on` is the first day after the term; `base_minor` the flat recurring value of a year. `quantity` is
    that before the first phase of the `ramp`; `coupons` are as they were when the customer agreed to them. `cost_centre` is the
    customer's."""

    number: int
    starts_on: date
    ends_on: date
    plan: str
    plan_version: int
    quote_id: QuoteId
    purchase_order: str | None
    quantity: int
    base_minor: int
    coupons: list[AgreedCoupon] = Field(default_factory=list)
    ramp: list[PhaseOut] = Field(default_factory=list)
    cost_centre: str | None = None
    renewal: RenewalTermsOut


class CancellationOut(BaseModel):
    """`at` is when use ends; it is still to come while the subscription is not cancelled."""

    at: datetime
    credit: CreditRule
    reason: str


class AddOnOut(BaseModel):
    plan: str
    plan_version: int
    quantity: int


class AmendmentOut(BaseModel):
    """What a term is from a day on. The term itself shows it once it has taken effect. Billing periods are those of the
    `calendar`, or counted from `anchor_on`, and without it from the first day of the subscription. With a `zone` days are
    those of that zone from then on."""

    number: int
    term_number: int
    effective_on: date
    has_taken_effect: bool
    plan: str
    plan_version: int
    quantity: int
    add_ons: list[AddOnOut]
    calendar: bool | None = None
    anchor_on: date | None = None
    zone: str | None = None
    cost_centre: str | None = None


class TrialOut(BaseModel):
    """From `starts_on` up to, not including, `ends_on`, or until it was converted. On `reminded_on` its end is told."""

    starts_on: date
    ends_on: date
    converts: bool
    reminded_on: date | None = None
    converted_at: datetime | None


class PauseOut(BaseModel):
    """`until` is the day on which it is over at the latest; with `extend` the days are added to the term."""

    number: int
    at: datetime
    on: date
    until: date
    reason: str
    extend: bool
    resumed_at: datetime | None
    resumed_on: date | None


class TransferOut(BaseModel):
    """From the start of a day it is another customer's, and goes on there as another subscription."""

    on: date
    at: datetime
    customer: str
    subscription_id: SubscriptionId
    has_taken_effect: bool


class OriginOut(BaseModel):
    """Whose it was before, and as which subscription."""

    customer: str
    subscription_id: SubscriptionId


class StartOut(BaseModel):
    """What it began with: the event, its day and reference, or that its latest day had come."""

    kind: StartKind
    on: date
    reference: str | None


class SubscriptionOut(BaseModel):
    """One that `waits_for` something is scheduled, whatever its days say, until that has come: then it was `released_at`. What
    `starts` with an event has no terms before its `start`."""

    subscription_id: SubscriptionId
    customer_id: CustomerId
    customer: str
    status: Status
    currency: str
    zone: str
    successor_subscription_id: SubscriptionId | None
    cancellation: CancellationOut | None
    transfer: TransferOut | None
    transferred_from: OriginOut | None
    amendments: list[AmendmentOut]
    trial: TrialOut | None
    pauses: list[PauseOut]
    terms: list[TermOut]
    payment: PaymentRule
    waits_for: WaitsFor | None
    released_at: datetime | None
    starts: Starts
    latest_start: date | None
    start: StartOut | None
    version: int


class UsagePeriodOut(BaseModel):
    period_id: PeriodId
    subscription_id: SubscriptionId
    charge: str
    starts_on: date
    ends_on: date
    status: PeriodStatus
    revision: int
    invoice_id: InvoiceId | None


class NonRenewalIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    successor_subscription_id: SubscriptionId | None = None


@router.get("")
def list_subscriptions(
    unit: ReadBilling, page: PageQuery, customer: str | None = None, status: Status | None = None
) -> Listed[SubscriptionOut]:
    mine = subscriptions.of_tenant(unit, customer=customer, status=status)
    return page_of(unit, mine, table.c.subscription_id, page, shown)


@router.get("/{subscription_id}")
def show(subscription_id: SubscriptionId, unit: ReadBilling, moment: AtMoment) -> SubscriptionOut:
    with subscriptions.THEN.at(unit, subscription_id, moment):
        return shown(subscriptions.get(unit, subscription_id))


@router.post("/{subscription_id}/non-renewal")
def stop_renewing(subscription_id: SubscriptionId, body: NonRenewalIn, unit: ChangeSubscriptions) -> SubscriptionOut:
    """The term runs to its end and is not renewed."""
    successor = body.successor_subscription_id
    command = RequestNonRenewal(reason=body.reason, successor_subscription_id=successor, at=unit.now)
    unit.execute(SUBSCRIPTION, subscription_id, command)
    return shown(subscriptions.get(unit, subscription_id))


@router.post("/{subscription_id}/non-renewal/withdraw")
def withdraw_non_renewal(subscription_id: SubscriptionId, unit: ChangeSubscriptions) -> SubscriptionOut:
    unit.execute(SUBSCRIPTION, subscription_id, WithdrawNonRenewal())
    return shown(subscriptions.get(unit, subscription_id))


@router.get("/{subscription_id}/usage-periods")
def list_usage_periods(
    subscription_id: SubscriptionId, unit: ReadBilling, page: PageQuery, status: PeriodStatus | None = None
) -> Listed[UsagePeriodOut]:
    subscriptions.get(unit, subscription_id)
    mine = usage_periods.of_tenant(unit, subscription_id=subscription_id, status=status)
    return page_of(unit, mine, periods_table.c.period_id, page, lambda row: UsagePeriodOut(**_without_tenant(row)))


# What rows say only of subscriptions that wait, or did.
_AT_ONCE: dict[str, Any] = {
    "payment": "on_invoice",
    "waits_for": None,
    "released_at": None,
    "starts": "date",
    "latest_start": None,
    "start": None,
}


def shown(row: RowMapping | dict[str, Any]) -> SubscriptionOut:
    document = row["subscription"]
    successor = document["successor_subscription_id"]
    return SubscriptionOut(
        subscription_id=row["subscription_id"],
        customer_id=row["customer_id"],
        customer=row["customer_key"],
        status=row["status"],
        currency=document["currency"],
        zone=document["zone"],
        successor_subscription_id=UUID(successor) if successor else None,
        cancellation=document["cancellation"],
        transfer=_with_id(document["transfer"]),
        transferred_from=_with_id(document["transferred_from"]),
        amendments=document["amendments"],
        trial=document["trial"],
        pauses=document["pauses"],
        terms=document["terms"],
        version=row["version"],
        **{name: document.get(name, nothing) for name, nothing in _AT_ONCE.items()},
    )


def _with_id(document: dict[str, Any] | None) -> Any:
    return document and document | {"subscription_id": UUID(document["subscription_id"])}


def _without_tenant(row: RowMapping) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "tenant_id"}
