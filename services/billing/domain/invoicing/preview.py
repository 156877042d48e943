"""A whole invoice from its lines to what is due: discounts, coupons, tax, credit notes, wallets, in this order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from services.billing.domain.invoicing.discounts import Reduction, reduced, share_coupons, validate_reduction
from services.billing.domain.invoicing.tax import TaxPolicy, tax_rate
from services.billing.domain.invoicing.totals import invoice_totals
from services.billing.domain.invoicing.wallets import Wallet, draw_down
from services.billing.domain.pricing.limits import non_negative
from services.billing.domain.taxation.applied import AppliedTax
from shared.errors import DomainError
from shared.money import Money


class LineRepeated(DomainError):
    """Lines are told apart by their id."""


class WalletRepeated(DomainError):
    """What a wallet gave is told by its id."""


class CouponRepeated(DomainError):
    """A coupon is taken off once."""


class CreditNoteRepeated(DomainError):
    """A credit note is set against an invoice once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLine:
    """`amount` in major units, before its discounts, exact."""

    id: str
    amount: Decimal
    tax_rates: tuple[str, ...] = ()
    discounts: tuple[Reduction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedCreditNote:
    """A credit note that is set against the invoice, in major units."""

    id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class NetLine:
    """gross - discount = net, each in minor units; `discount` is the line's own and its share of the coupons."""

    id: str
    gross: Money
    net: Money
    tax_rates: tuple[str, ...]
    taxes: tuple[AppliedTax, ...] = ()

    @property
    def discount(self) -> Money:
        return self.gross - self.net


@dataclass(frozen=True, slots=True)
class PreviewedInvoice:
    """subtotal - discount + tax = total; total - credit = due. `credit` is credit notes plus what wallets gave."""

    lines: tuple[NetLine, ...]
    subtotal: Money
    discount: Money
    taxes: dict[str, Money]
    tax: Money
    total: Money
    credit: Money
    drawn: dict[str, Money]
    due: Money

    @property
    def discount_shares(self) -> dict[str, Money]:
        """By line id; they add up to `discount`."""
        return {line.id: line.discount for line in self.lines}


def preview_invoice(
    lines: Sequence[DraftLine],
    currency: str,
    *,
    coupons: Sequence[Reduction] = (),
    credit_notes: Sequence[AppliedCreditNote] = (),
    wallets: Sequence[Wallet] = (),
    on: date | None = None,
    policy: TaxPolicy = "tax_per_rate",
) -> PreviewedInvoice:
    """Each line is rounded half away from zero once, after its own discounts; coupons are shared by largest remainder.

    Credit is never more than the total: what a credit note or a wallet has left stays there. Raises LineRepeated,
    CouponRepeated, CreditNoteRepeated and WalletRepeated with the pointer of the second id.
    """
    _refuse_repeated(lines, "/lines", LineRepeated)
    _refuse_repeated(coupons, "/coupons", CouponRepeated)
    _refuse_repeated(credit_notes, "/credit_notes", CreditNoteRepeated)
    _refuse_repeated(wallets, "/wallets", WalletRepeated)
    nets = _net_lines(lines, coupons, currency)
    subtotal = Money.total((line.gross for line in nets), currency)
    totals = invoice_totals(nets, currency, policy)
    noted = _credited(totals.total, credit_notes)
    drawn = draw_down(totals.total - noted, {line.id: line.net for line in nets}, wallets, on)
    credit = Money.total(drawn.values(), currency) + noted
    total, reduced = totals.total, subtotal - totals.subtotal
    return PreviewedInvoice(nets, subtotal, reduced, totals.taxes, totals.tax, total, credit, drawn, total - credit)


def validate_preview(
    lines: Sequence[DraftLine], coupons: Sequence[Reduction], credit_notes: Sequence[AppliedCreditNote]
) -> None:
    """Raise a DomainError with the JSON pointer of the part that makes no invoice."""
    for index, line in enumerate(lines):
        for number, rate in enumerate(line.tax_rates):
            tax_rate(rate, f"/lines/{index}/tax_rates/{number}")
        for number, discount in enumerate(line.discounts):
            validate_reduction(discount, f"/lines/{index}/discounts/{number}")
    for index, coupon in enumerate(coupons):
        validate_reduction(coupon, f"/coupons/{index}")
    for index, note in enumerate(credit_notes):
        non_negative(note.amount, f"/credit_notes/{index}/amount")


class _Named(Protocol):
    @property
    def id(self) -> str: ...


def _refuse_repeated(parts: Sequence[_Named], at: str, refusal: type[DomainError]) -> None:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if part.id in seen:
            raise refusal("each has an id of its own: leave the second out, or rename it", field=f"{at}/{index}/id")
        seen.add(part.id)


def _net_lines(lines: Sequence[DraftLine], coupons: Sequence[Reduction], currency: str) -> tuple[NetLine, ...]:
    own = [Money.rounded(reduced(line.amount, line.discounts), currency) for line in lines]
    return tuple(
        NetLine(line.id, Money.rounded(line.amount, currency), net, line.tax_rates)
        for line, net in zip(lines, share_coupons(own, coupons, currency), strict=True)
    )


def _credited(total: Money, credit_notes: Sequence[AppliedCreditNote]) -> Money:
    amounts = (Money.rounded(note.amount, total.currency) for note in credit_notes)
    return max(Money.zero(total.currency), min(Money.total(amounts, total.currency), total))
