"""From lines to what is due: tax, true-up, credit notes, coupons, wallets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.invoicing.commitment import prorated_true_up, true_up
from services.billing.domain.invoicing.credit_note import credit_note_totals
from services.billing.domain.invoicing.discounts import Reduction, ReductionUnclear, share_coupons, validate_reduction
from services.billing.domain.invoicing.preview import (
    AppliedCreditNote,
    CouponRepeated,
    CreditNoteRepeated,
    DraftLine,
    LineRepeated,
    PreviewedInvoice,
    WalletRepeated,
    preview_invoice,
)
from services.billing.domain.invoicing.tax import InvalidTaxRate, tax_rate, taxes
from services.billing.domain.invoicing.totals import invoice_totals
from services.billing.domain.invoicing.wallets import Wallet
from services.billing.domain.proration import Share
from services.billing.domain.taxation.applied import AppliedTax
from shared.money import Money
from tests.cases import rows

amounts = st.integers(0, 10**9).map(lambda minor: Money(minor, "EUR"))
signed = st.integers(-(10**6), 10**9).map(lambda minor: Money(minor, "EUR"))
rates = st.decimals(0, 1, places=5).map(lambda rate: f"{rate:f}")


@dataclass(frozen=True, slots=True)
class Line:
    net: Money
    tax_rates: tuple[str, ...]
    taxes: tuple[AppliedTax, ...] = ()


@pytest.mark.parametrize("row", rows("invoices"), ids=lambda row: row["id"])
def test_an_invoice_meets_the_known_answer(row: dict[str, Any]) -> None:
    invoice = preview_invoice(
        [draft_line(line) for line in row["lines"]],
        row["currency"],
        coupons=[reduction(coupon) for coupon in row.get("coupons", [])],
        credit_notes=[
            AppliedCreditNote(id=note["id"], amount=Decimal(note["amount"])) for note in row.get("credit_notes", [])
        ],
        wallets=[wallet(each, row["currency"]) for each in row.get("wallets", [])],
        on=date.fromisoformat(row["on"]) if "on" in row else None,
    )
    answer = told(invoice)
    assert {name: answer[name] for name in row["expected"]} == row["expected"]


@pytest.mark.parametrize("row", rows("credit_notes"), ids=lambda row: row["id"])
def test_a_full_credit_note_meets_the_known_answer(row: dict[str, Any]) -> None:
    totals = credit_note_totals(Decimal(row["net"]), tax_rate(row["tax_rate"]), "EUR")
    found = {"net_minor": totals.net.minor, "tax_minor": totals.tax.minor, "total_minor": totals.total.minor}
    assert found == row["expected"]


@pytest.mark.parametrize("row", rows("commitments"), ids=lambda row: row["id"])
def test_a_true_up_meets_the_known_answer(row: dict[str, Any]) -> None:
    found = prorated_true_up(
        Decimal(row["commitment"]), share(row["part"]), Decimal(row["charges"]), share(row["charges_part"]), "EUR"
    )
    assert found.minor == row["expected"]["true_up_minor"]


@given(amounts, st.lists(amounts))
def test_lines_and_true_up_add_up_to_at_least_the_minimum(commitment: Money, usage: list[Money]) -> None:
    used = Money.total(usage, "EUR")
    assert used + true_up(commitment, usage) == max(used, commitment)


@given(st.lists(signed), rates)
def test_tax_of_one_rate_is_the_rounded_tax_of_the_sum(nets: list[Money], rate: str) -> None:
    found = taxes([Line(net, (rate,)) for net in nets], "EUR")
    assert found == ({rate: Money.total(nets, "EUR").times(Decimal(rate))} if nets else {})


@given(st.lists(signed), rates)
def test_tax_per_line_is_the_sum_of_rounded_taxes(nets: list[Money], rate: str) -> None:
    totals = invoice_totals([Line(net, (rate,)) for net in nets], "EUR", "tax_per_line")
    assert totals.tax == Money.total((net.times(Decimal(rate)) for net in nets), "EUR")
    assert totals.total == totals.subtotal + totals.tax


def test_the_two_tax_policies_differ_where_lines_are_small() -> None:
    lines = [Line(Money(10, "EUR"), ("0.05",))] * 3
    assert taxes(lines, "EUR") == {"0.05": Money(2, "EUR")}
    assert taxes(lines, "EUR", "tax_per_line") == {"0.05": Money(3, "EUR")}


def test_a_zero_rate_is_told_and_rates_do_not_compound() -> None:
    lines = [Line(Money(10000, "EUR"), ("0.06", "0.02")), Line(Money(500, "EUR"), ("0",))]
    assert taxes(lines, "EUR") == {"0.06": Money(600, "EUR"), "0.02": Money(200, "EUR"), "0": Money(0, "EUR")}


@pytest.mark.parametrize(
    "text", ["", "20%", "-0.1", "1.01", "NaN", "0.1234567890123", "1e-2", "0.1\n", "\u0660.\u0661"]
)
def test_a_tax_rate_is_a_plain_fraction(text: str) -> None:
    with pytest.raises(InvalidTaxRate) as refusal:
        tax_rate(text, "/lines/0/tax_rates/1")
    assert refusal.value.field == "/lines/0/tax_rates/1"


@given(st.lists(amounts, min_size=1), st.lists(st.decimals(0, 10**6, places=2), max_size=3))
def test_coupons_lose_no_cent_and_leave_no_line_below_zero(nets: list[Money], values: list[Decimal]) -> None:
    left = share_coupons(nets, [Reduction(amount=value) for value in values], "EUR")
    total, taken = Money.total(nets, "EUR"), Money.total((Money.rounded(value, "EUR") for value in values), "EUR")
    assert Money.total(left, "EUR") == max(Money.zero("EUR"), total - taken)
    assert all(0 <= after.minor <= before.minor for after, before in zip(left, nets, strict=True))


def test_a_coupon_does_not_touch_a_line_that_gives_money_back() -> None:
    left = share_coupons([Money(1000, "EUR"), Money(-400, "EUR")], [Reduction(percent=Decimal(50))], "EUR")
    assert left == [Money(700, "EUR"), Money(-400, "EUR")]


@pytest.mark.parametrize("wrong", [Reduction(), Reduction(percent=Decimal(1), amount=Decimal(1))])
def test_a_reduction_is_either_a_percentage_or_an_amount(wrong: Reduction) -> None:
    with pytest.raises(ReductionUnclear):
        validate_reduction(wrong, "/coupons/0")


def test_a_credit_note_larger_than_the_invoice_leaves_nothing_due_and_no_more() -> None:
    line = DraftLine(id="a", amount=Decimal(5))
    invoice = preview_invoice([line], "EUR", credit_notes=[AppliedCreditNote(id="n", amount=Decimal(8))])
    assert (invoice.credit.minor, invoice.due.minor) == (500, 0)


def test_two_wallets_for_one_line_pay_it_once() -> None:
    lines = [DraftLine(id="a", amount=Decimal(3)), DraftLine(id="b", amount=Decimal(7))]
    wallets = [Wallet(id=id, balance=Money(200, "EUR"), applies_to=("a",)) for id in ("first", "second")]
    invoice = preview_invoice(lines, "EUR", wallets=wallets)
    assert invoice.drawn == {"first": Money(200, "EUR"), "second": Money(100, "EUR")}


def test_a_line_that_a_wallet_names_twice_is_paid_once() -> None:
    lines = [DraftLine(id="a", amount=Decimal(3)), DraftLine(id="b", amount=Decimal(7))]
    wallet = Wallet(id="w", balance=Money(1000, "EUR"), applies_to=("a", "a"))
    assert preview_invoice(lines, "EUR", wallets=[wallet]).drawn == {"w": Money(300, "EUR")}


def test_wallets_with_one_id_are_refused() -> None:
    wallet = Wallet(id="w", balance=Money(100, "EUR"))
    with pytest.raises(WalletRepeated) as refusal:
        preview_invoice([DraftLine(id="a", amount=Decimal(3))], "EUR", wallets=[wallet, wallet])
    assert refusal.value.field == "/wallets/1/id"


def test_discounts_of_lines_and_shares_of_coupons_add_up_to_the_discount() -> None:
    lines = [
        DraftLine(id="a", amount=Decimal(80), discounts=(Reduction(percent=Decimal(25)),)),
        DraftLine(id="b", amount=Decimal(20)),
    ]
    invoice = preview_invoice(lines, "EUR", coupons=[Reduction(id="ten", amount=Decimal(10))])
    assert invoice.discount_shares == {"a": Money(2750, "EUR"), "b": Money(250, "EUR")}
    assert invoice.discount == Money(3000, "EUR")


def test_lines_with_one_id_are_refused() -> None:
    with pytest.raises(LineRepeated) as refusal:
        preview_invoice([DraftLine(id="a", amount=Decimal(1))] * 2, "EUR")
    assert refusal.value.field == "/lines/1/id"


def test_a_coupon_and_a_credit_note_are_named_once() -> None:
    lines = [DraftLine(id="a", amount=Decimal(100))]
    ten = Reduction(id="ten", percent=Decimal(10))
    with pytest.raises(CouponRepeated) as refusal:
        preview_invoice(lines, "EUR", coupons=[ten, replace(ten, id="five"), ten])
    assert refusal.value.field == "/coupons/2/id"
    note = AppliedCreditNote(id="n", amount=Decimal(8))
    with pytest.raises(CreditNoteRepeated) as repeated:
        preview_invoice(lines, "EUR", credit_notes=[note, note])
    assert repeated.value.field == "/credit_notes/1/id"


def draft_line(row: dict[str, Any]) -> DraftLine:
    return DraftLine(
        id=row["id"],
        amount=Decimal(row["amount"]),
        tax_rates=tuple(row["tax_rates"]),
        discounts=tuple(reduction(each) for each in row.get("discounts", [])),
    )


def reduction(row: dict[str, str]) -> Reduction:
    return Reduction(
        id=row.get("id", ""), **{name: Decimal(row[name]) for name in ("percent", "amount") if name in row}
    )


def wallet(row: dict[str, Any], currency: str) -> Wallet:
    return Wallet(
        id=row["id"],
        balance=Money.rounded(Decimal(row["balance"]), currency),
        priority=row.get("priority", 50),
        expires_on=date.fromisoformat(row["expires_on"]) if "expires_on" in row else None,
        promotional=row.get("promotional", False),
        applies_to=tuple(row["applies_to"]) if "applies_to" in row else None,
    )


def share(text: str) -> Share:
    numerator, _, denominator = text.partition("/")
    return Share(int(numerator), int(denominator or 1))


def told(invoice: PreviewedInvoice) -> dict[str, Any]:
    return {
        "subtotal_minor": invoice.subtotal.minor,
        "discount_minor": invoice.discount.minor,
        "discount_shares": {line: share.minor for line, share in invoice.discount_shares.items()},
        "tax_minor": invoice.tax.minor,
        "total_minor": invoice.total.minor,
        "credit_minor": invoice.credit.minor,
        "due_minor": invoice.due.minor,
        "drawn": {wallet: amount.minor for wallet, amount in invoice.drawn.items()},
    }
