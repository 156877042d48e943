"""How each fact changes what a quote remembers."""

from __future__ import annotations

from dataclasses import replace

from services.billing.domain.quote.events import (
    QuoteAccepted,
    QuoteApprovalRequested,
    QuoteApproved,
    QuoteDeclined,
    QuoteDrafted,
    QuoteEvent,
    QuoteExpired,
    QuoteOutdated,
    QuoteRefused,
    QuoteRevised,
    QuoteSent,
    QuoteWithdrawn,
)
from services.billing.domain.quote.state import Quote
from shared.decider import CorruptStream


def evolve(quote: Quote | None, event: QuoteEvent) -> Quote | None:
    match quote, event:
        case None, QuoteDrafted(deal=deal, lines=lines, valid_until=valid_until):
            authors = frozenset({deal.requested_by})
            offered = Quote(deal, lines, valid_until, authors, alternatives=event.alternatives, papers=event.papers)
            return replace(offered, one_offs=event.one_offs)
        case Quote(), QuoteRevised():
            return _revised(quote, event)
        case Quote(), QuoteApprovalRequested(by=by, level=level):
            return replace(quote, status="pending", authors=quote.authors | {by}, level_needed=level)
        case Quote(), QuoteApproved():
            return replace(quote, status="approved")
        case Quote(), QuoteRefused():
            return replace(quote, status="draft")
        case Quote(), QuoteSent(valid_until=valid_until):
            return replace(quote, status="sent", valid_until=valid_until)
        case Quote(), QuoteOutdated():
            return replace(quote, status="draft", is_stale=True)
        case Quote(), _:
            return _ended(quote, event)
        case _:
            raise CorruptStream(quote, event)


def _revised(quote: Quote, event: QuoteRevised) -> Quote:
    return replace(
        quote,
        status="draft",
        version=event.version,
        lines=event.lines,
        valid_until=event.valid_until,
        authors=quote.authors | {event.by},
        is_stale=False,
        alternatives=event.alternatives,
        papers=event.papers,
        one_offs=event.one_offs,
    )


def _ended(quote: Quote, event: QuoteEvent) -> Quote:
    match event:
        case QuoteAccepted(alternative=term_months, purchase_order=purchase_order):
            chosen = quote.chosen(term_months)
            lines = quote.lines if chosen is None else chosen.lines
            return replace(quote, status="accepted", lines=lines, purchase_order=purchase_order)
        case QuoteDeclined():
            return replace(quote, status="declined")
        case QuoteWithdrawn():
            return replace(quote, status="withdrawn")
        case QuoteExpired():
            return replace(quote, status="expired")
        case _:
            raise CorruptStream(quote, event)
