"""What happened to a subscription. Every event says all that a message about it must tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.agreed_one_off import AgreedOneOff, OneOffItem
from services.billing.domain.agreement import AgreedLine, Party, RenewalTerms
from services.billing.domain.billed_ahead import BilledAhead, Interim
from services.billing.domain.coupon import BilledCoupon, CappedCoupon
from services.billing.domain.invoicing.tax import TaxPolicy
from services.billing.domain.subscription.bill_parts import DeferredCorrection, LateInvoice, Together
from services.billing.domain.subscription.changes import (
    Amendment,
    AutoRefusal,
    Cancellation,
    LegalNotice,
    Origin,
    Trial,
    WaitsFor,
)
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from shared.money import Money

RenewalMode = Literal["assisted", "auto"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Days from `starts_on` up to, not including, `ends_on`, at the prices of `line`, agreed in a quote and accepted with a
    `purchase_order`, where the customer has one."""

    number: int
    starts_on: date
    ends_on: date
    line: AgreedLine
    quote_id: UUID
    purchase_order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The contract as it stands for one term. `base` is the flat recurring value of a year."""

    subscription_id: UUID
    party: Party
    plan: str
    plan_version: int
    features: dict[str, int | None]
    term_number: int
    starts_on: date
    ends_on: date
    starts_at: datetime
    ends_at: datetime
    renewal: RenewalTerms
    base: Money
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """Waits for the next invoice: for a reinstatement, or for a `late` invoice."""

    amount: Money
    term_number: int
    lapsed_days: int
    assessed_at: datetime
    late: LateInvoice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatItem:
    """A flat charge for a part of its nominal period, on the conditions of an amendment; 0 is the term itself. `resumption` is
    the number of the last pause before it."""

    charge: str
    term_number: int
    nominal_starts_on: date
    nominal_ends_on: date
    starts_on: date
    ends_on: date
    amendment: int = 0
    resumption: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageItem:
    """A metered charge for a usage period that has ended, likewise; for one that goes on `told` is which of its totals."""

    period_id: UUID
    charge: str
    term_number: int
    nominal_starts_on: date
    nominal_ends_on: date
    starts_on: date
    ends_on: date
    amendment: int = 0
    told: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierUse:
    """Usage of a term on an earlier bill, with what was flat on it, and its `coupons`, where these are shared; `ahead` as on
    the bill."""

    term_number: int
    billing_on: date
    flat: tuple[FlatItem, ...]
    usage: tuple[UsageItem, ...]
    coupons: tuple[BilledCoupon, ...] | None = None
    ahead: tuple[BilledAhead, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What an invoice is to be made of; with a `tax` status what it charges for is not taxed. `taxation` are the rates where
    the customer was, as they were known then; without it there are only those of prices. One that is for `together` has no
    invoice of its own, unless no other one came for the same day. `coupons` are those that take something off; None where
    nothing was agreed with one, or it was not told. An `interim` bill is of what was `used` so far of periods that go on;
    `ahead` is what interim invoices billed before of the usage of this one. `true_up_terms` are terms that end with it and of
    which a minimum is trued up; `earlier` is their usage on the bills before. `capped` is what earlier bills may
    still take of what they left. From `estimate_at` on it waits for no usage."""

    invoice_id: UUID
    billing_on: date
    billed_at: datetime
    flat: tuple[FlatItem, ...]
    usage: tuple[UsageItem, ...]
    fees: tuple[Fee, ...]
    corrections: tuple[DeferredCorrection, ...] = ()
    tax: TaxStatus | None = None
    taxation: Taxation | None = None
    one_offs: tuple[OneOffItem, ...] = ()
    together: Together | None = None
    coupons: tuple[BilledCoupon, ...] | None = None
    interim: Interim | None = None
    used: tuple[UsageItem, ...] = ()
    ahead: tuple[BilledAhead, ...] = ()
    true_up_terms: tuple[int, ...] = ()
    earlier: tuple[EarlierUse, ...] = ()
    capped: tuple[CappedCoupon, ...] = ()
    estimate_at: datetime | None = None

    @property
    def of_usage(self) -> tuple[UsageItem, ...]:
        """Of periods that are over, or so far of those that go on."""
        return self.used if self.interim else self.usage

    @property
    def metered(self) -> tuple[UsageItem, ...]:
        """All usage that its lines are made from: what it bills, and what a true-up counts of earlier bills."""
        return (*self.of_usage, *(item for use in self.earlier for item in use.usage))

    @property
    def rounding(self) -> TaxPolicy:
        return self.taxation.rounding if self.taxation else "tax_per_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionCreated:
    """With a trial the facts are those of it, as term number 0, and the term is what follows if nothing else is said. With an
    `origin` the term is what was left of it when the contract was transferred. `one_offs` of its quote are on its first
    bill. Of one that waits nobody else hears before it is released."""

    facts: Facts
    term: Term
    trial: Trial | None = None
    origin: Origin | None = None
    one_offs: tuple[AgreedOneOff, ...] = ()
    waits_for: WaitsFor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionActivated:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TermStarted:
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRenewed:
    """`anchor` is the first day of the subscription, from which its billing days are counted."""

    facts: Facts
    term: Term
    anchor: date
    mode: RenewalMode
    renewed_at: datetime
    reinstated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalNoticeRecorded:
    facts: Facts
    notice: LegalNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoRenewalRefused:
    """The day had come, and the term does not renew by itself: somebody has to see to it."""

    facts: Facts
    reason: AutoRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinstatementFeeAssessed:
    fee: Fee


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeeAssessed:
    """With `bill_at` there is no billing day to come: it is billed then, on an invoice of its own."""

    fee: Fee
    bill_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTermEnding:
    facts: Facts
    days_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NonRenewalRequested:
    facts: Facts
    reason: str
    successor_subscription_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NonRenewalWithdrawn:
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionTermEnded:
    facts: Facts
    successor_subscription_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionExpired:
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationScheduled:
    cancellation: Cancellation


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionCancelled:
    """The facts are those of the last term that was agreed. Nobody else had heard of one that `waited_for` something."""

    facts: Facts
    cancellation: Cancellation
    waited_for: WaitsFor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentScheduled:
    amendment: Amendment


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionAmended:
    """The facts are those of the term as it is now; `before` is the yearly value that it had. `anchor` as in a renewal."""

    facts: Facts
    amendment: Amendment
    anchor: date
    before: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRequested:
    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionDeferred:
    correction: DeferredCorrection
