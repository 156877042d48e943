"""What a subscription can be told. Instants are those that the command takes effect at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.billing.domain.agreed_one_off import AgreedOneOff
from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.amended_line import LineChange
from services.billing.domain.coupon import Metered
from services.billing.domain.subscription.bill_parts import DeferredCorrection, LateInvoice
from services.billing.domain.subscription.changes import CreditRule, Origin, Start, When
from services.billing.domain.subscription.events import Bill, RenewalMode, Term
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSubscription:
    subscription_id: UUID
    party: Party
    line: AgreedLine
    quote_id: UUID
    purchase_order: str | None = None
    one_offs: tuple[AgreedOneOff, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTerm:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePayment:
    """An invoice of it was paid in full."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivePurchaseOrder:
    purchase_order: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StartSubscription:
    """What it starts with has happened, or its latest day has come."""

    start: Start
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertTrial:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTrial:
    """The end of the trial has come."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindOfTrialEnd:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindOfEnd:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTerm:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireSubscription:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewTerm:
    """`term_number` is the number of the new term; an older one has been renewed already."""

    term_number: int
    line: AgreedLine
    quote_id: UUID
    at: datetime
    mode: RenewalMode = "assisted"
    purchase_order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoRenewTerm:
    """The instant from which on nobody can say no any more has come; `line` is that of the next term."""

    line: AgreedLine
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLegalNotice:
    at: datetime
    sent_at: datetime
    channel: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestNonRenewal:
    """`at` is when the customer says it; a closed opportunity is never too late."""

    reason: str
    successor_subscription_id: UUID | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawNonRenewal:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelSubscription:
    """`at` is when it is said, `when` when it is to take effect."""

    at: datetime
    when: When
    credit: CreditRule
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCancellation:
    """The instant of a scheduled cancellation has come."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendSubscription:
    """`at` is when it is said, `when` when it is to take effect."""

    at: datetime
    when: When
    change: LineChange


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectAmendments:
    """The instant of scheduled amendments has come."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSubscription:
    """To another customer, from the start of a day on."""

    at: datetime
    on: date
    to: Party
    purchase_order: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawTransfer:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectTransfer:
    """The instant of a transfer has come."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOverSubscription:
    """What was another customer's goes on: `term` is what is left of it."""

    subscription_id: UUID
    party: Party
    term: Term
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSubscription:
    """Without `until` to the last day of the term. With `extend` the paused days are added to it."""

    at: datetime
    until: date | None
    reason: str
    extend: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeSubscription:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPause:
    """The instant to which it was paused has come."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBill:
    """Bill what has come due by an instant and was not billed yet; `tax` is the customer's status, `taxation` the
    rates where they are. `is_consolidated` where the customer has one invoice a day. `metered` is what the usage of earlier
    bills of the same billing period came to."""

    at: datetime
    tax: TaxStatus | None = None
    taxation: Taxation | None = None
    is_consolidated: bool = False
    metered: Metered | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInterimBill:
    """Bill usage of periods that go on, which has come to a threshold."""

    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseAhead:
    """An interim invoice is given up: the bill of the period takes nothing off for it."""

    invoice_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferCorrection:
    """Put it on the next bill."""

    correction: DeferredCorrection


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessLateFee:
    """Once for an invoice."""

    late: LateInvoice
    at: datetime


SubscriptionCommand = (
    CreateSubscription
    | StartTerm
    | NotePayment
    | GivePurchaseOrder
    | StartSubscription
    | ConvertTrial
    | EndTrial
    | RemindOfTrialEnd
    | RemindOfEnd
    | EndTerm
    | ExpireSubscription
    | RenewTerm
    | AutoRenewTerm
    | RecordLegalNotice
    | RequestNonRenewal
    | WithdrawNonRenewal
    | CancelSubscription
    | EffectCancellation
    | AmendSubscription
    | EffectAmendments
    | TransferSubscription
    | WithdrawTransfer
    | EffectTransfer
    | TakeOverSubscription
    | PauseSubscription
    | ResumeSubscription
    | EndPause
    | RequestBill
    | RequestInterimBill
    | ReleaseAhead
    | DeferCorrection
    | AssessLateFee
)
