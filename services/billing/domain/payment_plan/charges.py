"""When the instalments of a payment plan are charged, where that was agreed, and what of an invoice is due by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.billing.domain.autopay import attempts_at
from services.billing.domain.payment_plan.events import Agreement
from services.billing.domain.payment_plan.instalments import Part
from shared.money import Money
from shared.periods import start_of_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """So much of an invoice is due; after `last_attempt_at` nobody tries to charge for it."""

    invoice_id: UUID
    amount: Money
    last_attempt_at: datetime


def charges_at(agreement: Agreement, now: datetime) -> tuple[datetime, ...]:
    """The first instant of the day of each instalment, and of the days on which it is tried again; none before now."""
    retry_days = agreement.autopay_retry_days
    if retry_days is None:
        return ()
    instants = (attempts_at(each.due_on, agreement.zone, retry_days, now) for each in agreement.instalments)
    return tuple(sorted({at for of_one in instants for at in of_one}))


def due(agreement: Agreement, parts: Iterable[Part], today: date) -> Iterator[Due]:
    """By invoice, all that is due on a day and not paid: also what an earlier instalment has left."""
    late: dict[UUID, list[Part]] = {}
    for part in parts:
        if part.due_on <= today:
            late.setdefault(part.invoice_id, []).append(part)
    for invoice_id, mine in late.items():
        amount = Money.total((part.amount for part in mine), mine[0].amount.currency)
        last_at = max(_last_attempt_at(agreement, part.due_on) for part in mine)
        yield Due(invoice_id=invoice_id, amount=amount, last_attempt_at=last_at)


def _last_attempt_at(agreement: Agreement, due_on: date) -> datetime:
    days = max((0, *(agreement.autopay_retry_days or ())))
    return start_of_day(due_on + timedelta(days=days), agreement.zone)
