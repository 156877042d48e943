"""From a draft to an offer: within the limit it is approved at once, beyond it somebody else has to agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.billing.domain.quote.commands import SendQuote, SubmitQuote
from services.billing.domain.quote.events import QuoteApprovalRequested, QuoteApproved, QuoteEvent, QuoteSent
from services.billing.domain.quote.giveaway import given_away
from services.billing.domain.quote.lines import annual_values
from services.billing.domain.quote.papers import require_clauses
from services.billing.domain.quote.state import Quote, QuoteStale, ValidityOver
from shared.decider import NotAllowedNow
from shared.periods import local_day, start_of_day

DAYS_VALID = 30


def submitted(quote: Quote, command: SubmitQuote) -> list[QuoteEvent]:
    if quote.is_stale:
        raise QuoteStale("what it was made from has changed: revise it first")
    require_clauses(quote.papers, command.required_clauses)
    given = given_away(quote.choices, quote.party, quote.papers, quote.one_offs)
    given = replace(given, over_budget=command.over_budget)
    level = command.matrix.level_needed(given)
    if level is None:
        return [QuoteApproved(version=quote.version, by=command.by, automatic=True)]
    return [
        QuoteApprovalRequested(
            version=quote.version,
            level=level,
            discount_percent=given.discount_percent,
            by=command.by,
            discount=given.discount,
            margin_percent=given.margin_percent,
            beyond=command.matrix.beyond(given),
            over_budget=given.over_budget,
        )
    ]


def sent(quote: Quote, command: SendQuote) -> list[QuoteEvent]:
    """What is out already may be sent once more, valid as long as before: for customers who lost it."""
    if quote.status == "sent" and command.valid_until not in (None, quote.valid_until):
        raise NotAllowedNow(command, quote)
    valid_until = command.valid_until or quote.valid_until or default_validity(command.at, quote.party.zone)
    if valid_until <= command.at:
        raise ValidityOver("give an instant in the future", field="/valid_until")
    if quote.status == "sent":
        return []
    annual = annual_values(quote.lines, quote.prior_annual, quote.party.currency)
    return [QuoteSent(deal=quote.deal, version=quote.version, valid_until=valid_until, annual=annual)]


def default_validity(at: datetime, zone: str) -> datetime:
    """The end of the 30th local day after it was sent, as an exclusive instant."""
    return start_of_day(local_day(at, zone) + timedelta(days=DAYS_VALID + 1), zone)
