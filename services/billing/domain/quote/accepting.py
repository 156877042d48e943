"""The customer's yes: to the version they were shown, while it is the current one and valid."""

from __future__ import annotations

from services.billing.domain.customer import PurchaseOrderMissing
from services.billing.domain.quote.commands import AcceptQuote
from services.billing.domain.quote.events import QuoteAccepted
from services.billing.domain.quote.lines import annual_values
from services.billing.domain.quote.state import (
    Quote,
    QuoteChanged,
    QuoteNoLongerValid,
    QuoteStale,
)
from shared.decider import NotAllowedNow
from shared.periods import local_day


def accepted(quote: Quote, command: AcceptQuote) -> QuoteAccepted:
    _refuse(quote, command)
    chosen = quote.chosen(command.term_months)
    lines = quote.lines if chosen is None else chosen.lines
    return QuoteAccepted(
        deal=quote.deal,
        version=quote.version,
        name=command.name,
        purchase_order=command.purchase_order,
        accepted_at=command.at,
        accepted_on=local_day(command.at, quote.party.zone),
        term_months=max((line.term_months for line in lines), default=0),
        annual=annual_values(lines, quote.prior_annual, quote.party.currency),
        alternative=None if chosen is None else chosen.terms.term_months,
        papers=quote.papers,
    )


def _refuse(quote: Quote, command: AcceptQuote) -> None:
    """The reason that helps the customer most comes first; whoever accepts twice is told that it is accepted."""
    if quote.status == "expired" or (quote.status == "sent" and quote.is_over(command.at)):
        raise QuoteNoLongerValid("the quote is no longer valid: ask for a new one")
    if quote.is_open and command.version != quote.version:
        raise QuoteChanged("the quote has changed since: ask for the current version")
    if quote.is_open and quote.is_stale:
        raise QuoteStale("the subscription has changed since: ask for a new quote")
    if quote.status != "sent":
        raise NotAllowedNow(command, quote)
    if command.needs_purchase_order and command.purchase_order is None:
        raise PurchaseOrderMissing("give the number of your purchase order", field="/purchase_order")
