"""Interim invoices: usage of a period that goes on is billed when it comes to a threshold, and once with the period."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from services.billing.domain.billed_ahead import Interim
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.ahead_lines import Ahead, billed_by
from services.billing.domain.invoice.commands import DiscardInvoice
from services.billing.domain.invoice.compose import compose, when
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import ahead_of, bill, next_invoice_id, usage_periods
from services.billing.domain.subscription.commands import ReleaseAhead
from services.billing.domain.subscription.couponed import couponed
from services.billing.domain.subscription.events import Bill, UsageItem
from services.billing.domain.subscription.interim import is_unbilled
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation, tax_point
from services.billing.domain.usage_period import UsagePeriod
from services.billing.processes.correction_documents import Usage
from services.billing.processes.writing import Desk
from shared.money import Money
from shared.orders import Order

DAY = timedelta(days=1)
Totals = Mapping[UUID, tuple[PeriodTotal, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxed:
    """How the customer is taxed by now."""

    status: TaxStatus | None = None
    taxation: Taxation | None = None


def shared_items(subscription: Subscription, item: UsageItem) -> list[UsageItem]:
    """What shares the thresholds of a usage period: the metered charges whose periods begin with it, and are not billed."""
    beside = usage_periods(subscription, item.starts_on, item.starts_on)
    return [each for each in beside if when(each) == when(item) and is_unbilled(subscription, each)]


def interim_bill(
    subscription: Subscription, items: Sequence[UsageItem], periods: Usage, told: Totals, at: datetime, taxed: Taxed
) -> Bill | None:
    """Of the totals that were told of periods that go on; None where they have come to no threshold that was not billed.
    Without minimum: what is lacking may still be used."""
    on = subscription.day(at)
    used = [item for item in items if item.period_id in told and item.starts_on <= on < item.ends_on]
    if not used or subscription.cancelled is not None:
        return None
    used = [_so_far(item, periods[item.period_id], on + DAY) for item in used]
    wanted = _bill(subscription, used, at, taxed)
    usage = {item.period_id: _with(periods[item.period_id], told[item.period_id]) for item in used}
    interim = _interim(subscription, wanted, compose(subscription, wanted, usage))
    return replace(wanted, interim=interim) if interim else None


def _so_far(item: UsageItem, period: UsagePeriod, until: date) -> UsageItem:
    return replace(item, ends_on=min(item.ends_on, until), told=len(period.so_far) + 1)


def _with(period: UsagePeriod, totals: tuple[PeriodTotal, ...]) -> UsagePeriod:
    return replace(period, so_far=(*period.so_far, totals))


def _bill(subscription: Subscription, used: Sequence[UsageItem], at: datetime, taxed: Taxed) -> Bill:
    on, nothing = subscription.day(at), Money.zero(subscription.currency)
    days = {on, *(tax_point(item.ends_on, on) for item in used)}
    return Bill(
        invoice_id=next_invoice_id(subscription),
        billing_on=on,
        billed_at=at,
        flat=(),
        usage=(),
        fees=(),
        tax=taxed.status,
        taxation=taxed.taxation and taxed.taxation.between(min(days), max(days)),
        coupons=couponed(subscription, on, used, is_interim=True),
        interim=Interim(threshold=nothing, reached=nothing, billed=()),
        used=tuple(used),
        ahead=ahead_of(subscription, used),
    )


def _interim(subscription: Subscription, wanted: Bill, lines: Sequence[InvoiceLine]) -> Interim | None:
    """Before coupons and tax; whoever has taken usage back since the last interim invoice comes to less than was billed."""
    progressive = subscription.line(wanted.used[0].term_number, wanted.used[0].amendment).progressive
    if progressive is None:
        return None
    ahead = Ahead(wanted.ahead, subscription.currency)
    used = [line for line in lines if line.kind == "usage"]
    reached = Money.total((line.rated for line in used), subscription.currency)
    billed = Money.total((each.amount for each in wanted.ahead), subscription.currency)
    threshold = progressive.reached(reached, billed)
    if threshold is None:
        return None
    return Interim(threshold=threshold, reached=reached, billed=tuple(billed_by(wanted.invoice_id, ahead, used)))


def withdraw_drafts(subscription: Subscription, at: datetime, desk: Desk) -> Iterator[Order]:
    """What nobody has issued by the time that its period is billed is billed there."""
    wanted = bill(subscription, at) if subscription.ahead else None
    for id_ in dict.fromkeys(each.invoice_id for each in wanted.ahead) if wanted else ():
        if desk.invoice(id_).status == "draft":
            yield Order(INVOICE, id_, DiscardInvoice(reason="the period that it is of is billed"))
            yield Order(SUBSCRIPTION, subscription.subscription_id, ReleaseAhead(invoice_id=id_))


def on_given_up(invoice: Invoice) -> Iterator[Order]:
    """An interim invoice was discarded, or made void: its usage is for the bill of the period. Raises BilledSince."""
    if invoice.header.kind == "progressive" and invoice.header.subscription_id is not None:
        command = ReleaseAhead(invoice_id=invoice.header.invoice_id)
        yield Order(SUBSCRIPTION, invoice.header.subscription_id, command)
