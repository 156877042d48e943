"""The arithmetic of corrections: what an invoice should carry and what it does, and which documents take the difference.

An invoice and all that corrects it are a family, known by the id of the invoice. Rated again, the family carries to the
minor unit what the whole invoice comes to with the latest usage: lines by what they are for, tax by rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal
from uuid import UUID

from services.billing.domain.invoice_line import CorrectedLine, InvoiceLine, LineKey
from services.billing.domain.invoicing.tax import TaxPolicy, taxes
from services.billing.domain.invoicing.totals import InvoiceTotals
from services.billing.domain.taxation.applied import added, negated
from shared.money import Money

DocumentKind = Literal["invoice", "credit_note", "line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Why a document corrects an invoice: a revision of a usage period that was billed there."""

    correction_id: UUID
    invoice_id: UUID
    invoice: str
    period_id: UUID
    revision: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Lines, and the tax by rate that goes with them; what is taken back is negative."""

    lines: tuple[InvoiceLine, ...] = ()
    taxes: dict[str, Money] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Sequence[InvoiceLine], currency: str, policy: TaxPolicy = "tax_per_rate") -> Carried:
        return cls(lines=tuple(lines), taxes=taxes(lines, currency, policy))

    def totals(self, currency: str) -> InvoiceTotals:
        subtotal = Money.total((line.amount for line in self.lines), currency)
        tax = Money.total(self.taxes.values(), currency)
        return InvoiceTotals(subtotal, self.taxes, tax, subtotal + tax)

    def is_nothing(self, currency: str) -> bool:
        """No amount of it would stand on a document."""
        return not self.totals(currency).subtotal.minor and not any(tax.minor for tax in self.taxes.values())

    def __neg__(self) -> Carried:
        lines = (
            replace(line, amount=-line.amount, quantity=-line.quantity, taxes=negated(line.taxes))
            for line in self.lines
        )
        return Carried(lines=tuple(lines), taxes={rate: -tax for rate, tax in self.taxes.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionDocument:
    """What one document took of a correction: a correction invoice, a credit note, or lines of an invoice.

    `invoice_id` is the invoice that carries more or less now; `number` is that of the invoice or of the credit note, and
    None while the invoice is a draft.
    """

    kind: DocumentKind
    invoice_id: UUID
    number: str | None
    carried: Carried


def merged(parts: Iterable[Carried], family: UUID) -> Carried:
    """The sum, line by line; a line is described as the last part describes it."""
    lines: dict[LineKey, InvoiceLine] = {}
    sums: dict[str, Money] = {}
    for part in parts:
        for line in part.lines:
            before = lines.get(key := line.key(family))
            lines[key] = line if before is None else _added(line, before)
        for rate, tax in part.taxes.items():
            sums[rate] = sums[rate] + tax if rate in sums else tax
    return Carried(lines=tuple(lines.values()), taxes=sums)


def _added(line: InvoiceLine, before: InvoiceLine) -> InvoiceLine:
    corrects, first = line.corrects, before.corrects
    if corrects is not None and first is not None:
        corrects = replace(corrects, before=first.before, quantity_before=first.quantity_before)
    amount, quantity = line.amount + before.amount, line.quantity + before.quantity
    return replace(line, amount=amount, quantity=quantity, corrects=corrects, taxes=added(line.taxes, before.taxes))


def difference(after: Carried, before: Carried, original: Sequence[InvoiceLine], correction: Correction) -> Carried:
    """What has to be added to `before`, so that the family carries `after`. Tax is the difference of the roundings,
    and not the rounding of the difference: otherwise documents would not add up to the minor unit.

    `original` are the lines of the invoice that is corrected, for reference.
    """
    family = correction.invoice_id
    old, new = ({line.key(family): line for line in part.lines} for part in (before, after))
    numbers = {line.key(family): line.number for line in original}
    lines = []
    for key in dict.fromkeys([*new, *old]):
        line, was = new.get(key) or _gone(old[key]), old.get(key)
        line = line.told_like(was) if was else line
        corrects = CorrectedLine(
            correction_id=correction.correction_id,
            invoice_id=family,
            invoice=correction.invoice,
            line=numbers.get(key),
            before=was.amount if was else Money.zero(line.amount.currency),
            after=line.amount,
            quantity_before=was.quantity if was else Decimal(0),
            quantity_after=line.quantity,
        )
        changed = _difference(line, corrects, was)
        if changed.amount.minor or changed.quantity or changed.priced.minor:
            lines.append(changed)
    return Carried(lines=_numbered(lines), taxes=_tax_difference(after.taxes, before.taxes, lines))


def _gone(line: InvoiceLine) -> InvoiceLine:
    """Nothing is left of what was billed: its usage was taken back."""
    proof = line.proof and replace(line.proof, count=0, digest="")
    nothing = Money.zero(line.amount.currency)
    unpriced = replace(line, tiers=(), residue=Decimal(0), discounts=(), credits=None, adjustments=())
    taxes = added(line.taxes, negated(line.taxes))
    return replace(unpriced, amount=nothing, quantity=Decimal(0), proof=proof, taxes=taxes)


def _difference(line: InvoiceLine, corrects: CorrectedLine, was: InvoiceLine | None) -> InvoiceLine:
    taxes = added(line.taxes, negated(was.taxes)) if was else line.taxes
    amount, quantity = corrects.after - corrects.before, corrects.quantity_after - corrects.quantity_before
    cost_centre = was.cost_centre if was else line.cost_centre
    return replace(line, amount=amount, quantity=quantity, corrects=corrects, taxes=taxes, cost_centre=cost_centre)


def _numbered(lines: Iterable[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    return tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))


def _tax_difference(
    after: dict[str, Money], before: dict[str, Money], lines: Sequence[InvoiceLine]
) -> dict[str, Money]:
    on_lines = {rate for line in lines for rate in line.tax_rates}
    found = {}
    for rate in dict.fromkeys([*after, *before]):
        nothing = Money.zero((after.get(rate) or before[rate]).currency)
        change = after.get(rate, nothing) - before.get(rate, nothing)
        if change.minor or rate in on_lines:
            found[rate] = change
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """What one invoice carries of a family, and what it still carries in all, less what was credited; nothing where
    it is void or still a draft."""

    invoice_id: UUID
    carried: Carried
    left: Money


def allocate(less: Carried, shares: Sequence[Share], family: UUID, currency: str) -> list[tuple[UUID, Carried]]:
    """Which invoices a negative difference is credited on: the newest first, so that nobody is owed money on one invoice
    while they owe it on its correction. No invoice is credited more than it carries.

    The parts are signed like the difference. What takes all of a correction takes its net and each of its taxes as they
    stand there: where the difference has a minor unit of it in another place, that is moved on the invoice before, by a part
    that comes to nothing. What a person has given back before, by a full credit note or by making an invoice void, is not
    given back again: then they come to less.
    """
    taken: list[tuple[UUID, Carried]] = []
    rest = less
    for share in reversed(shares):
        carried, wanted = share.carried.totals(currency).total, -rest.totals(currency).total
        if wanted.minor < 0 or rest.is_nothing(currency):
            break
        is_part = wanted < carried or (wanted == carried and share.invoice_id == family)
        if is_part and wanted <= share.left and share.left.minor:
            return [*taken, (share.invoice_id, _presentable(rest, less, family))]
        if carried.minor <= 0:
            continue
        if carried <= share.left:
            taken.append((share.invoice_id, _presentable(-share.carried, less, family)))
        rest = merged([rest, share.carried], family)
    return taken


def _presentable(part: Carried, less: Carried, family: UUID) -> Carried:
    """Lines that say something, each with its reference to the line of the original that is corrected."""
    references = {line.key(family): line.corrects for line in less.lines}
    lines = [line for line in part.lines if line.amount.minor or line.quantity or line.priced.minor]
    referring = (replace(line, corrects=references.get(line.key(family)) or line.corrects) for line in lines)
    return Carried(lines=_numbered(referring), taxes=part.taxes)
