"""One invoice for bills of several subscriptions: whose line is whose, and what each subscription's part of it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import InvoicedSubscription
from services.billing.domain.invoice.header import Header, Part
from services.billing.domain.invoice.totals import totals_of
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription.events import FlatItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from shared.money import Money

# The subscription that a part is of, as it is, or as it was at the version that the part names.
OfPart = Callable[[Part], Subscription]


def composed(
    header: Header, parts: Sequence[Part], of_part: OfPart, usage: Mapping[UUID, UsagePeriod], *, is_whole: bool = False
) -> tuple[InvoiceLine, ...]:
    """The lines of each part as they would be on an invoice of its own, one part after the other, numbered from 1. On a
    consolidated invoice each says whose it is. `parts` are those of the header, perhaps with fewer corrections. `is_whole` is
    of all documents together."""
    if not header.parts:
        return tuple(line for part in parts for line in compose(of_part(part), part.bill, usage, is_whole=is_whole))
    lines = (
        replace(line, subscription_id=part.subscription_id)
        for part in parts
        for line in compose(of_part(part), part.bill, usage, is_whole=is_whole)
    )
    return tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))


def rated_again(
    header: Header, rated: Sequence[InvoiceLine], carried: Sequence[InvoiceLine], period_id: UUID
) -> tuple[InvoiceLine, ...]:
    """What an invoice should carry once a usage period was revised. On a consolidated one that is for the lines of the
    period's subscription to say; the others stay as they are carried, so that no document is of two subscriptions."""
    if not header.parts:
        return tuple(rated)
    owner = header.owner_of(period_id)
    mine = (line for line in rated if line.subscription_id == owner)
    return (*mine, *(line for line in carried if line.subscription_id != owner))


def flat_lines(
    header: Header, lines: Sequence[InvoiceLine], subscription_id: UUID
) -> Iterator[tuple[FlatItem, InvoiceLine]]:
    """What of the flat charges of a subscription is on the invoice, with its line; not what people took off the draft."""
    owner = subscription_id if header.parts else None
    charged = {_place(line): line for line in lines if _is_flat(line) and line.subscription_id == owner}
    for part in header.bills:
        if part.subscription_id == subscription_id:
            yield from ((item, charged[_place(item)]) for item in part.bill.flat if _place(item) in charged)


def shares_of(header: Header, lines: Sequence[InvoiceLine]) -> tuple[InvoicedSubscription, ...]:
    """What the lines of each subscription come to alone, with tax as the invoice rounds it; never below zero. What a person
    added is of no subscription."""
    ids = header.subscription_ids if header.parts else ()
    return tuple(InvoicedSubscription(subscription_id=id_, share=_gross(header, lines, id_)) for id_ in ids)


def shares_left(
    header: Header, shares: Sequence[InvoicedSubscription], credited: Sequence[InvoiceLine]
) -> tuple[InvoicedSubscription, ...]:
    """After lines were credited, which are positive here."""
    nothing = Money.zero(header.party.currency)
    return tuple(
        replace(each, share=max(nothing, each.share - _gross(header, credited, each.subscription_id)))
        for each in shares
    )


def _gross(header: Header, lines: Sequence[InvoiceLine], subscription_id: UUID) -> Money:
    currency = header.party.currency
    mine = [line for line in lines if line.subscription_id == subscription_id]
    return max(Money.zero(currency), totals_of(mine, currency, header.bill.rounding).total)


def _is_flat(line: InvoiceLine) -> bool:
    return line.kind == "flat" and line.corrects is None


def _place(charged: FlatItem | InvoiceLine) -> tuple[str, int, int, date, date]:
    return charged.charge, charged.term_number, charged.amendment, charged.starts_on, charged.ends_on


def cost_centres_of(lines: Iterable[InvoiceLine]) -> tuple[str, ...]:
    """Those that the lines name, each once, in the order of their names."""
    return tuple(sorted({line.cost_centre for line in lines if line.cost_centre is not None}))
