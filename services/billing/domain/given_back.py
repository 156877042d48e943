"""What people gave back of single lines: money that is asked for no more, whatever the usage turns out to be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from services.billing.domain.correction import Carried
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.taxation.applied import AppliedTax, added, negated
from shared.money import Money


def less(line: InvoiceLine, part: InvoiceLine) -> InvoiceLine:
    """A line without a part of it that was credited, net and tax; its quantity stays."""
    return replace(line, amount=line.amount - part.amount, taxes=added(line.taxes, negated(part.taxes)))


def less_given(carried: Carried, given: Iterable[Carried], family: UUID) -> Carried:
    """What is left of it: `given` are lines and taxes of credit notes, as positive amounts."""
    lines, taxes = {line.key(family): line for line in carried.lines}, dict(carried.taxes)
    for note in given:
        for part in note.lines:
            key = part.key(family)
            lines[key] = less(lines[key], part)
        for rate, tax in note.taxes.items():
            taxes[rate] = taxes[rate] - tax
    return Carried(lines=tuple(lines.values()), taxes=taxes)


def rated_less_given(
    rated: Sequence[InvoiceLine], before: Carried, given: Sequence[Carried], family: UUID
) -> tuple[InvoiceLine, ...]:
    """Lines that were rated again, without what people gave back of them. `before` is what all documents carry.

    Where a line comes to as much as it did, or more, all of it is taken off. Where it comes to less, what is taken off
    is what had been given back beyond that: nobody has the same amount back twice.
    """
    carried = {line.key(family): line for line in before.lines}
    parts = [part for note in given for part in note.lines]
    return tuple(
        _rated_less(line, [part for part in parts if part.key(family) == key], carried.get(key))
        for line in rated
        for key in [line.key(family)]
    )


def _rated_less(line: InvoiceLine, parts: Sequence[InvoiceLine], before: InvoiceLine | None) -> InvoiceLine:
    for part in parts:
        assert part.corrects is not None  # it names the line that it is of
        line = with_net(line, min(line.amount, max(line.amount - part.amount, part.corrects.after)))
    stays = bool(parts) and before is not None and before.amount == line.amount
    return replace(line, taxes=before.taxes) if stays and before else line


def with_net(line: InvoiceLine, net: Money) -> InvoiceLine:
    """So much of the line. What of a price is tax is the factor x net then, rounded half away from zero, and no more than it
    was: parts that add up to the line have all of its tax."""
    if net == line.amount:
        return line
    return replace(line, amount=net, taxes=tuple(_included(tax, net) for tax in line.taxes))


def _included(tax: AppliedTax, net: Money) -> AppliedTax:
    return tax if tax.included is None else replace(tax, included=min(tax.included, net.times(tax.factor)))
