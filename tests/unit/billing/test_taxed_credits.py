"""Time that was billed with tax and is not used: net and tax go back together, and never more of either than was charged."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from services.billing.domain.amended_line import LineChange
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import CreditInvoice, Number
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.subscription.commands import AmendSubscription, CancelSubscription
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from shared.orders import Order
from tests.unit.billing.ledger_books import of_stream
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.tax_oracle import NEW_YORK
from tests.unit.billing.test_subscription import CALLS, FEE, LINE, new_york

SEATS = replace(FEE, tax_category="standard", price=replace(FEE.price, unit_amount=Decimal("33.33")))
RATED = replace(SEATS, tax_category=None, tax_rates=("0.08875", "0.07"))
SUPPORT = replace(SEATS, code="support", tax_category="reduced", price=replace(FEE.price, unit_amount=Decimal("0.07")))
EXEMPT = TaxStatus(treatment="exempt", reference="4711")
ROUNDINGS: Any = some.sampled_from(["tax_per_rate", "tax_per_line"])


def payable(life: Lifetime, invoice: Invoice) -> Counter[str | None]:
    """Tax by rate that the documents of an invoice come to."""
    found: Counter[str | None] = Counter()
    for entry in of_stream(life.events["invoice", invoice.header.invoice_id]):
        for posting in entry.postings:
            if posting.account == "tax_payable":
                found[posting.tax_rate] -= posting.amount.minor
    return found


def credit(life: Lifetime, invoice: Invoice) -> None:
    number = Number(legal_entity="Us", series="INV-CN", sequence=999)
    command = CreditInvoice(number=number, on=life.now.date(), reason="goodwill")
    life.carry_out([Order(INVOICE, invoice.header.invoice_id, command)])


@given(
    some.lists(some.tuples(some.integers(1, 6), some.integers(0, 40)), min_size=1, max_size=4),
    some.booleans(),
    some.booleans(),
    ROUNDINGS,
    some.sampled_from(["days", "seconds"]),
    some.sampled_from(["0", "12.5"]),
    some.booleans(),
    some.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_partial_credits_never_give_back_more_tax_than_was_charged(
    changes: list[tuple[int, int]],
    inclusive: bool,
    by_category: bool,
    rounding: Any,
    policy: Any,
    discount: str,
    cancels: bool,
    exempt: bool,
) -> None:
    charges = (SEATS, SUPPORT, CALLS) if by_category else (RATED, CALLS)
    line = replace(
        LINE, charges=charges, tax_inclusive=inclusive, proration=policy, discount_percent=Decimal(discount), quantity=3
    )
    taxation: Taxation = replace(NEW_YORK, rounding=rounding)
    life = Lifetime(line, new_york(2012, 12, 1), taxation=taxation, tax=EXEMPT if exempt else None)
    life.move(new_york(2013, 1, 2))
    for quantity, days in changes:
        at = life.now.replace(microsecond=0)
        life.say(AmendSubscription(at=at, when="now", change=LineChange(quantity=quantity)))
        life.move(at)
        life.move(at + timedelta(days=days + 1))
    if cancels:
        life.say(CancelSubscription(at=life.now, when="now", credit="unused_time", reason="too dear"))
        life.move(life.now)
    assert life.differences() == []
    for invoice in life.invoices:
        charged = {rate: tax.minor for rate, tax in invoice.totals.taxes.items()}
        left = payable(life, invoice)
        assert all(0 <= left[rate] <= charged[rate] for rate in charged), (charged, left)
        assert invoice.credited_tax <= invoice.totals.tax and invoice.credited <= invoice.totals.total
        if inclusive and not exempt:
            whole = sum(line.priced.minor for line in invoice.lines)
            given_back = sum(line.priced.minor for carried in invoice.unused for line in carried.lines)
            assert (invoice.totals.total.minor, invoice.credited.minor) == (whole, given_back)
    for invoice in life.invoices:
        if invoice.facts is not None and invoice.left.minor:
            credit(life, invoice)
            assert +payable(life, invoice) == -payable(life, invoice) == Counter()


def test_a_price_with_tax_is_given_back_as_gross_by_the_day() -> None:
    """22 of 31 days of 119.00 with 19 % in it: 84.45, of which 13.48 are tax."""
    fee = replace(FEE, tax_rates=("0.19",), price=replace(FEE.price, unit_amount=Decimal("119.00")))
    life = Lifetime(replace(LINE, charges=(fee, CALLS), tax_inclusive=True), new_york(2012, 12, 1))
    at = new_york(2013, 1, 10)
    life.move(at)
    life.say(CancelSubscription(at=at, when="now", credit="unused_time", reason="too dear"))
    life.move(at)
    (invoice,) = [invoice for invoice in life.invoices if invoice.header.bill.flat]
    assert (invoice.totals.subtotal.minor, invoice.totals.tax.minor, invoice.totals.total.minor) == (10000, 1900, 11900)
    (line,) = invoice.unused[0].lines
    assert (line.starts_on, line.priced.minor, line.amount.minor) == (date(2013, 1, 10), 8445, 7097)
    assert (invoice.credited.minor, invoice.credited_tax.minor) == (8445, 1348)
    assert life.differences() == []
