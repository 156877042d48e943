"""From the bills of a customer's day to one invoice: a part for each bill, one number, one due day, one total of tax."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from services.billing.domain.invoice.header import Header, Part
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from services.billing.processes import invoicing
from services.billing.processes.correction_documents import Usage
from services.billing.processes.writing import Desk
from shared.orders import Order

MOST_PARTS = 1000
TaxedAlike = tuple[TaxStatus | None, Taxation | None, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A bill that was asked for, with the subscription as it is by now and the version of its stream."""

    subscription: Subscription
    version: int
    bill: Bill


def invoice(wanted: Sequence[Wanted], usage: Usage, desk: Desk) -> Iterator[Order]:
    """Bills of one customer, day and currency, of which every usage period is closed. What is taxed in another way, because
    that changed during the day, is invoiced apart; so is what is more than `MOST_PARTS`. A bill that is alone has the invoice
    that it always had."""
    for alike in _taxed_alike(sorted(wanted, key=_place)):
        for start in range(0, len(alike), MOST_PARTS):
            yield from _together(alike[start : start + MOST_PARTS], usage, desk)


def _together(wanted: Sequence[Wanted], usage: Usage, desk: Desk) -> Iterator[Order]:
    if len(wanted) == 1:
        (one,) = wanted
        yield from invoicing.invoice(one.subscription, one.version, one.bill, usage, desk)
        return
    header, review_until = _header(wanted, desk), _review_until(wanted)
    yield from invoicing.draft(header, review_until, desk.contract, usage, desk)
    if review_until is None:
        yield from invoicing.issue(None, 0, desk.invoice(header.invoice_id), desk)


def _header(wanted: Sequence[Wanted], desk: Desk) -> Header:
    """As the contract that was agreed last names the customer. Nobody owes earlier than any of the contracts says, and the
    purchase order stands above where it is the same for all."""
    parts = tuple(_part(each) for each in wanted)
    orders = {part.purchase_order for part in parts}
    bill = _bill([each.bill for each in wanted])
    return Header(
        invoice_id=bill.invoice_id,
        subscription_id=None,
        subscription_version=0,
        party=wanted[-1].subscription.party,
        legal_entity=desk.legal_entity,
        net_days=max(invoicing.term_of(each.bill, each.subscription).line.net_days for each in wanted),
        bill=bill,
        purchase_order=orders.pop() if len(orders) == 1 else None,
        parts=parts,
    )


def _part(wanted: Wanted) -> Part:
    return Part(
        subscription_id=wanted.subscription.subscription_id,
        subscription_version=wanted.version,
        bill=wanted.bill,
        purchase_order=invoicing.term_of(wanted.bill, wanted.subscription).purchase_order,
    )


def _bill(bills: Sequence[Bill]) -> Bill:
    """What is the same for all of them; items are in the parts. The id follows from the first bill, which is on no other
    invoice."""
    first = bills[0]
    return Bill(
        invoice_id=consolidated_id(first.invoice_id),
        billing_on=first.billing_on,
        billed_at=max(bill.billed_at for bill in bills),
        flat=(),
        usage=(),
        fees=(),
        tax=first.tax,
        taxation=_of_day(first),
    )


def consolidated_id(first_bill: UUID) -> UUID:
    return uuid5(first_bill, "consolidated")


def _review_until(wanted: Sequence[Wanted]) -> datetime | None:
    """As long as the longest review."""
    found = (invoicing.review_until(each.bill, each.subscription) for each in wanted)
    return max((until for until in found if until is not None), default=None)


def _taxed_alike(wanted: Sequence[Wanted]) -> list[list[Wanted]]:
    groups: list[tuple[TaxedAlike, list[Wanted]]] = []
    for each in wanted:
        key = each.bill.tax, _of_day(each.bill), each.subscription.party.zone
        known = next((group for of, group in groups if of == key), None)
        if known is None:
            groups.append((key, [each]))
        else:
            known.append(each)
    return [group for _, group in groups]


def _of_day(bill: Bill) -> Taxation | None:
    """What of the rates is in force on the billing day: a bill keeps others, too, for what ended before."""
    return bill.taxation and bill.taxation.between(bill.billing_on, bill.billing_on)


def _place(wanted: Wanted) -> tuple[date, UUID, datetime, UUID]:
    """Contracts in the order in which they began, bills of one in the order in which they were asked for."""
    subscription, bill = wanted.subscription, wanted.bill
    return subscription.anchor, subscription.subscription_id, bill.billed_at, bill.invoice_id
