"""What is still to be billed for cost centres: by terms that were agreed, and by an offer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.billing.domain.agreed_one_off import OneOffs, charged
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.billed_items import Billed
from services.billing.domain.contract_value import ContractItems, FeeValue, FlatValue, left
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.quote.approval import OverBudget
from services.billing.domain.quote.state import Quote
from services.billing.domain.quote_totals import planned_nets
from shared.money import Money
from shared.periods import Days

ByCostCentre = Counter[str]


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a budget when all is billed that was agreed: less than nothing where that is above it."""

    cost_centre: str
    period: str
    days: Days
    left: Money


def committed(items: ContractItems, billed: Billed, days: Days, today: date) -> ByCostCentre:
    """Of one contract, in minor units: the flat charges, and what is charged once, that are due within the days and on no
    invoice, less what will be credited within them. What was due before today is billed next."""
    found: ByCostCentre = Counter()
    for item, minor in left(items, billed):
        day = _told_on(item, billed)
        if item.cost_centre is not None and day is not None and max(day, today) in days:
            found[item.cost_centre] += minor
    return found


def _told_on(item: FlatValue | FeeValue, billed: Billed) -> date | None:
    """The day of the document: of the bill, or of the credit for what was billed and is cut."""
    if isinstance(item, FlatValue) and item.is_cut and not billed.is_open(item.key, item.starts_on):
        return item.cut_on
    return item.due_on


def over_budget(quote: Quote, rooms: Iterable[Room], anchors: Sequence[date], today: date) -> tuple[OverBudget, ...]:
    """The budgets that the offer does not fit into, whichever of its choices is taken: by how much its flat charges, and what
    it charges once, go beyond them. Usage is not known. `anchors` are the days that billing days of its lines are counted
    from."""
    choices = [list(_planned(lines, quote, anchors, today)) for lines in quote.choices]
    found = ((room, max(_asked(planned, room) for planned in choices)) for room in rooms)
    return tuple(
        OverBudget(cost_centre=room.cost_centre, period=room.period, amount=asked - room.left)
        for room, asked in found
        if asked.minor > 0 and not asked <= room.left
    )


def cost_centres_of(quote: Quote) -> list[str]:
    named = [line.cost_centre for line in quote.lines] + [item.cost_centre for item in quote.one_offs.items]
    return sorted({name for name in named if name is not None})


Planned = tuple[str | None, date, Money]


def _asked(planned: Iterable[Planned], room: Room) -> Money:
    mine = (net for name, day, net in planned if name == room.cost_centre and day in room.days)
    return Money.total(mine, room.left.currency)


def _planned(lines: Sequence[AgreedLine], quote: Quote, anchors: Sequence[date], today: date) -> Iterator[Planned]:
    """What is billed for which cost centre on which day."""
    currency, zone = quote.party.currency, quote.party.zone
    for line, anchor in zip(lines, anchors, strict=True):
        charges = FlatCharges(line=line, currency=currency, anchor=anchor, zone=zone)
        yield from ((line.cost_centre, max(day, today), net) for day, net in planned_nets(charges))
    first = max([lines[0].starts_on, today]) if lines else today
    yield from _once(quote.one_offs, currency, first)


def _once(one_offs: OneOffs, currency: str, day: date) -> Iterator[Planned]:
    yield from ((item.cost_centre, day, charged(item, currency).net) for item in one_offs.items)
