"""What a quote says of tax is what the invoices say: one implementation, whatever the prices have in them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from services.billing.domain.quote_totals import quote_totals
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.lines import TaxedAs
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.tax_oracle import NEW_YORK
from tests.unit.billing.test_subscription import FEE, LINE, new_york

STATUSES: Any = some.sampled_from(
    [None, TaxStatus(treatment="exempt", reference="4711"), TaxStatus(treatment="reverse_charge", reference="1")]
)
CATEGORIES = some.sampled_from([None, "standard", "reduced", "zero", "unlisted"])


@given(
    CATEGORIES,
    CATEGORIES,
    some.booleans(),
    some.sampled_from(["tax_per_rate", "tax_per_line"]),
    STATUSES,
    some.decimals(0, 100, places=2),
    some.sampled_from(["0", "12.5", "33.333"]),
    some.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_the_invoices_of_a_quote_are_those_that_follow(
    first: str | None,
    second: str | None,
    inclusive: bool,
    rounding: Any,
    status: TaxStatus | None,
    amount: Decimal,
    discount: str,
    in_advance: bool,
) -> None:
    fee = replace(FEE, price=replace(FEE.price, unit_amount=amount), in_advance=in_advance)
    charges = tuple(
        replace(fee, code=code, tax_category=category, tax_rates=() if category else ("0.08875", "0.07"))
        for code, category in (("fee", first), ("support", second))
    )
    line = replace(LINE, charges=charges, tax_inclusive=inclusive, discount_percent=Decimal(discount), quantity=3)
    taxation = replace(NEW_YORK, rounding=rounding)
    life = Lifetime(line, new_york(2012, 12, 1), taxation=taxation, tax=status)
    life.move(new_york(2013, 5, 1))
    (quoted,) = quote_totals([line], "USD", "America/New_York", by=TaxedAs(status, taxation)).lines
    planned = [invoice for invoice in quoted.first_invoices if invoice.lines]
    assert planned and life.invoices
    for plan, invoice in zip(planned, life.invoices, strict=False):
        assert plan.issued_on == invoice.header.bill.billing_on
        assert (plan.totals.subtotal, plan.totals.taxes, plan.totals.total) == (
            invoice.totals.subtotal,
            invoice.totals.taxes,
            invoice.totals.total,
        )
        assert [each.net for each in plan.lines] == [each.net for each in invoice.lines]
        assert all(each.list_amount - each.discount == each.net for each in plan.lines)
    breakdown = quoted.term
    assert breakdown.list_amount - breakdown.discount == breakdown.net
    assert breakdown.net + breakdown.tax == breakdown.total
    assert status is None or not breakdown.tax.minor
