"""Which bill trues up the term of a usage period, and whether a revision that was answered changes what it lacks."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from services.billing.processes.correcting import Revised


def bill_of(subscription: Subscription, period: UsagePeriod) -> UUID | None:
    """None while the term runs, and where nothing is committed to for it."""
    return subscription.trued_up.get(period.item.term_number)


def follows(billed: Invoice, trued_up: Invoice | None, period: UsagePeriod) -> bool:
    """The revision is on the invoice that bills the period, and counts on another one. What was ignored does not."""
    if trued_up is None or trued_up.header.invoice_id == billed.header.invoice_id:
        return False
    id_ = period.item.period_id
    is_counted = any(item.period_id == id_ for item in trued_up.header.metered)
    return is_counted and billed.revision(id_) == period.revision


def once_more(revised: Revised) -> Revised:
    """The same revision, answered on the invoice of the true-up."""
    return replace(revised, correction_id=uuid5(revised.correction_id, "true_up"))
