"""What is charged by itself for one invoice: on its due day, and again by a schedule, until it succeeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID, uuid5

from services.billing.domain.payment_profile import PaymentMethod
from shared.decider import CorruptStream, Decider
from shared.errors import Conflict, NotFound
from shared.money import Money
from shared.periods import start_of_day

# An attempt of which nobody tells for so long what became of it has failed, as far as the schedule is concerned.
GIVEN_UP_AFTER = timedelta(days=7)
A_DAY = timedelta(days=1)

AttemptStatus = Literal["requested", "pending", "succeeded", "failed"]
Outcome = Literal["succeeded", "failed", "pending"]


class AttemptNotFound(NotFound):
    pass


class AttemptSettled(Conflict):
    """What became of it is known already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """The invoice that is charged for, as every message about it tells it."""

    invoice_id: UUID
    invoice: str
    subscription_id: UUID | None
    customer_id: UUID
    customer_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfInstalment:
    """What was due of an invoice by a payment plan; after `last_attempt_at` nothing is tried for this instalment."""

    plan_id: UUID
    last_attempt_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`key` is the provider's guard against charging twice; `is_last` that the schedule has no later one."""

    key: UUID
    number: int
    is_last: bool
    owed: Owed
    amount: Money
    method: PaymentMethod
    requested_at: datetime
    instalment: OfInstalment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAutopay:
    owed: Owed
    attempts_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAttempt:
    """`amount` is what is open of the invoice."""

    amount: Money
    method: PaymentMethod
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInstalment:
    """`amount` is what of the invoice is due by now."""

    owed: Owed
    instalment: OfInstalment
    amount: Money
    method: PaymentMethod
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOutcome:
    key: UUID
    outcome: Outcome
    reference: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayScheduled:
    owed: Owed
    attempts_at: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayRequested:
    attempt: Attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayPending:
    """The provider took it, and a webhook will say what became of it."""

    attempt: Attempt
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopaySucceeded:
    attempt: Attempt
    reference: str
    succeeded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayFailed:
    attempt: Attempt
    reference: str
    reason: str
    failed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AutopayPostponed:
    """The provider took so long with an attempt that the later ones of the schedule were not made: one is made now. That of an
    instalment is made by its plan."""

    owed: Owed
    attempts_at: tuple[datetime, ...]
    instalment: OfInstalment | None = None


AutopayCommand = ScheduleAutopay | RequestAttempt | RequestInstalment | RecordOutcome
AutopayEvent = (
    AutopayScheduled | AutopayRequested | AutopayPending | AutopaySucceeded | AutopayFailed | AutopayPostponed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Autopay:
    """`under_way` is the attempt that waits for the provider; `reference` is known of a pending one. `of_instalments` of those
    that were `made` were for instalments: they are beside the schedule of the invoice."""

    owed: Owed | None = None
    attempts_at: tuple[datetime, ...] = ()
    made: int = 0
    of_instalments: int = 0
    under_way: Attempt | None = None
    reference: str | None = None
    has_succeeded: bool = False


def attempts_at(due_on: date, zone: str, retry_days: tuple[int, ...], now: datetime) -> tuple[datetime, ...]:
    """The first instant of the due day and of so many days after it, in the customer's zone; none before now."""
    days = (due_on + timedelta(days=days) for days in (0, *retry_days))
    return tuple(dict.fromkeys(max(now, start_of_day(day, zone)) for day in days))


def decide(autopay: Autopay, command: AutopayCommand) -> list[AutopayEvent]:
    match command:
        case ScheduleAutopay() if autopay.owed is not None:
            return []
        case ScheduleAutopay(owed=owed, attempts_at=instants):
            return [AutopayScheduled(owed=owed, attempts_at=instants)]
        case RequestAttempt():
            return _requested(autopay, command)
        case RequestInstalment():
            return _instalment(autopay, command)
        case RecordOutcome():
            return _outcome(autopay, command)


def _requested(autopay: Autopay, command: RequestAttempt) -> list[AutopayEvent]:
    """One at a time, none after a success, and no more than were scheduled."""
    is_over = autopay.has_succeeded or autopay.made - autopay.of_instalments >= len(autopay.attempts_at)
    if autopay.owed is None or autopay.under_way is not None or is_over or command.amount.minor <= 0:
        return []
    attempt = Attempt(
        key=uuid5(autopay.owed.invoice_id, f"autopay {autopay.made + 1}"),
        number=autopay.made + 1,
        is_last=command.at >= autopay.attempts_at[-1],
        owed=autopay.owed,
        amount=command.amount,
        method=command.method,
        requested_at=command.at,
    )
    return [AutopayRequested(attempt=attempt)]


def _instalment(autopay: Autopay, command: RequestInstalment) -> list[AutopayEvent]:
    """Whatever was charged before: as long as some of it is due, and nobody waits for an answer."""
    if autopay.under_way is not None or command.amount.minor <= 0:
        return []
    attempt = Attempt(
        key=uuid5(command.owed.invoice_id, f"autopay {autopay.made + 1}"),
        number=autopay.made + 1,
        is_last=command.at >= command.instalment.last_attempt_at,
        owed=command.owed,
        amount=command.amount,
        method=command.method,
        requested_at=command.at,
        instalment=command.instalment,
    )
    return [AutopayRequested(attempt=attempt)]


def _outcome(autopay: Autopay, command: RecordOutcome) -> list[AutopayEvent]:
    attempt, reference = autopay.under_way, command.reference
    if attempt is None or attempt.key != command.key:
        return []
    match command.outcome:
        case "succeeded":
            return [AutopaySucceeded(attempt=attempt, reference=reference, succeeded_at=command.at)]
        case "failed":
            failed = AutopayFailed(attempt=attempt, reference=reference, reason=command.reason, failed_at=command.at)
            return [failed, *_postponed(autopay, attempt, command.at)]
        case "pending":
            return [] if autopay.reference else [AutopayPending(attempt=attempt, reference=reference)]


def _postponed(autopay: Autopay, attempt: Attempt, at: datetime) -> list[AutopayEvent]:
    last_at = autopay.attempts_at[-1] if attempt.instalment is None else attempt.instalment.last_attempt_at
    if attempt.is_last or at < last_at:
        return []
    return [AutopayPostponed(owed=attempt.owed, attempts_at=(at + A_DAY,), instalment=attempt.instalment)]


def evolve(autopay: Autopay, event: AutopayEvent) -> Autopay:
    match event:
        case AutopayScheduled(owed=owed, attempts_at=instants):
            return replace(autopay, owed=owed, attempts_at=instants)
        case AutopayRequested(attempt=attempt):
            others = autopay.of_instalments + (attempt.instalment is not None)
            return replace(autopay, made=attempt.number, of_instalments=others, under_way=attempt, reference=None)
        case AutopayPending(reference=reference):
            return replace(autopay, reference=reference)
        case AutopayPostponed(instalment=OfInstalment()):
            return autopay
        case AutopayPostponed(attempts_at=instants):
            return replace(autopay, attempts_at=(*autopay.attempts_at, *instants))
        case AutopaySucceeded(attempt=attempt):
            is_paid = autopay.has_succeeded or attempt.instalment is None
            return replace(autopay, under_way=None, has_succeeded=is_paid)
        case AutopayFailed():
            return replace(autopay, under_way=None)
        case _:
            raise CorruptStream(autopay, event)


AUTOPAY: Decider[Autopay, AutopayCommand, AutopayEvent] = Decider(
    "autopay",
    Autopay(),
    decide,
    evolve,
    {
        "autopay_scheduled": AutopayScheduled,
        "autopay_requested": AutopayRequested,
        "autopay_pending": AutopayPending,
        "autopay_succeeded": AutopaySucceeded,
        "autopay_failed": AutopayFailed,
        "autopay_postponed": AutopayPostponed,
    },
)
