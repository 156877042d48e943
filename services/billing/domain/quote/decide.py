"""What a quote does when it is told something, in each of its states."""

from __future__ import annotations

from services.billing.domain.quote.accepting import accepted
from services.billing.domain.quote.approval import ApprovalLevel, suffices
from services.billing.domain.quote.commands import (
    AcceptQuote,
    ApproveQuote,
    DeclineQuote,
    DraftQuote,
    ExpireQuote,
    MarkStale,
    QuoteCommand,
    RefuseQuote,
    ReviseQuote,
    SendQuote,
    SubmitQuote,
    WithdrawQuote,
)
from services.billing.domain.quote.drafting import deal_of, drafted, revised
from services.billing.domain.quote.events import (
    QuoteApproved,
    QuoteDeclined,
    QuoteEvent,
    QuoteExpired,
    QuoteOutdated,
    QuoteRefused,
    QuoteWithdrawn,
)
from services.billing.domain.quote.sending import sent, submitted
from services.billing.domain.quote.state import ApproverIsRequester, ApproverLevelTooLow, Quote, QuoteNotFound
from shared.decider import NotAllowedNow


def decide(quote: Quote | None, command: QuoteCommand) -> list[QuoteEvent]:
    match quote, command:
        case None, DraftQuote():
            return [drafted(command)]
        case Quote(), DraftQuote() if deal_of(command) == quote.deal:
            return []
        case None, _:
            raise QuoteNotFound("no such quote")
        case Quote(), AcceptQuote():
            return [accepted(quote, command)]
        case Quote(is_open=True), _:
            return _open(quote, command)
        case _:
            return _ended(quote, command)


def _open(quote: Quote, command: QuoteCommand) -> list[QuoteEvent]:
    match command:
        case ReviseQuote():
            return revised(quote, command)
        case MarkStale(reason=reason):
            return [] if quote.is_stale else [QuoteOutdated(version=quote.version, reason=reason)]
        case WithdrawQuote(reason=reason):
            return [QuoteWithdrawn(deal=quote.deal, version=quote.version, reason=reason)]
        case _:
            return _on_its_way(quote, command)


def _on_its_way(quote: Quote, command: QuoteCommand) -> list[QuoteEvent]:
    match quote.status, command:
        case "draft", SubmitQuote():
            return submitted(quote, command)
        case "pending", ApproveQuote(by=by, level=level):
            _refuse_decider(quote, by, level)
            return [QuoteApproved(version=quote.version, by=by, automatic=False)]
        case "pending", RefuseQuote(by=by, reason=reason, level=level):
            _refuse_decider(quote, by, level)
            return [QuoteRefused(version=quote.version, by=by, reason=reason)]
        case "approved" | "sent", SendQuote():
            return sent(quote, command)
        case "sent", DeclineQuote(reason=reason):
            return [QuoteDeclined(deal=quote.deal, version=quote.version, reason=reason)]
        case "sent", ExpireQuote(at=at) if quote.is_over(at):
            return [QuoteExpired(deal=quote.deal, version=quote.version)]
        case _, ExpireQuote():
            return []
        case _:
            raise NotAllowedNow(command, quote)


def _ended(quote: Quote, command: QuoteCommand) -> list[QuoteEvent]:
    match quote.status, command:
        case _, ExpireQuote() | MarkStale():
            return []
        case "declined" | "withdrawn" | "expired", WithdrawQuote():
            return []  # nothing is on offer any more, which is all that was asked for
        case "declined", DeclineQuote():
            return []
        case _:
            raise NotAllowedNow(command, quote)


def _refuse_decider(quote: Quote, by: str, level: ApprovalLevel | None) -> None:
    if by in quote.authors:
        raise ApproverIsRequester("somebody else than who wrote or submitted the quote has to decide")
    if not suffices(level, quote.level_needed):
        raise ApproverLevelTooLow(f"ask somebody of the level {quote.level_needed}")
