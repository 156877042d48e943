"""What an opportunity does when it is told something, early, late or twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from services.renewals.domain.opportunity.closing import already_closed, cancelled, closed, transferred, unanswered, won
from services.renewals.domain.opportunity.commands import (
    AmendTerm,
    CloseCancelled,
    CloseLost,
    CloseTransferred,
    CloseUnanswered,
    ExtendTerm,
    LogContact,
    OpenOpportunity,
    OpportunityCommand,
    RecordQuote,
    TrackTerm,
    WinOpportunity,
)
from services.renewals.domain.opportunity.events import (
    OpportunityEvent,
    RenewalBaseAdjusted,
    RenewalContacted,
    RenewalOpportunityOpened,
    RenewalPostponed,
    RenewalQuotePrepared,
    RenewalQuoteStale,
    TermTracked,
)
from services.renewals.domain.opportunity.state import Opportunity, OpportunityNotFound
from services.renewals.domain.opportunity.term import ExpiringTerm, due_on, opens_at, unanswered_at
from shared.decider import NotAllowedNow
from shared.money import Money
from shared.periods import local_day


def decide(opportunity: Opportunity | None, command: OpportunityCommand) -> list[OpportunityEvent]:
    match opportunity, command:
        case None | Opportunity(stage="tracked"), TrackTerm() | AmendTerm() | ExtendTerm():
            return _track(opportunity, command)
        case Opportunity(), TrackTerm():
            return []  # the base is frozen at opening
        case None, _:
            raise OpportunityNotFound("no such renewal opportunity")
        case Opportunity(stage="tracked" | "open"), _:
            return _undecided(opportunity, command)
        case _:
            return _decided(opportunity, command)


def _undecided(opportunity: Opportunity, command: OpportunityCommand) -> list[OpportunityEvent]:
    match opportunity.stage, command:
        case _, CloseCancelled():
            return [*_opened_by(opportunity, command.at), cancelled(opportunity, command)]
        case _, CloseTransferred():
            return [*_opened_by(opportunity, command.at), transferred(opportunity, command)]
        case _, RecordQuote(quote_id=quote_id, at=at):
            return [] if quote_id == opportunity.quote_id else [RenewalQuotePrepared(quote_id=quote_id, at=at)]
        case "tracked", OpenOpportunity(at=at, by=by) if by is not None or opens_at(opportunity.term) <= at:
            return [_opened(opportunity, command)]
        case "tracked", WinOpportunity():
            at = min(command.at, opens_at(opportunity.term))  # the day had come, and our clock was slower
            return [_opened(opportunity, OpenOpportunity(at=at)), won(opportunity, command)]
        case "open", CloseUnanswered(at=at) if unanswered_at(opportunity.term) <= at:
            return [unanswered(opportunity)]
        case _, OpenOpportunity() | CloseUnanswered():
            return []
        case "open", _:
            return _open(opportunity, command)
        case _:
            raise NotAllowedNow(command, opportunity)


def _open(opportunity: Opportunity, command: OpportunityCommand) -> list[OpportunityEvent]:
    match command:
        case AmendTerm():
            return _amend(opportunity, command)
        case ExtendTerm():
            return _postpone(opportunity, command)
        case WinOpportunity():
            return [won(opportunity, command)]
        case LogContact():
            return _contact(opportunity, command)
        case CloseLost():
            return [closed(opportunity, command)]
        case _:
            raise NotAllowedNow(command, opportunity)


def _decided(opportunity: Opportunity, command: OpportunityCommand) -> list[OpportunityEvent]:
    match opportunity.stage, command:
        case "lost", CloseCancelled() if opportunity.is_unanswered:
            return [cancelled(opportunity, command)]  # our clock was faster than this news
        case "lost", CloseTransferred() if opportunity.is_unanswered:
            return [transferred(opportunity, command)]
        case "lost", AmendTerm(at=at) if opportunity.is_unanswered and at < unanswered_at(opportunity.term):
            return _amend(opportunity, command)  # likewise: what was lost is the base as it was amended before
        case "lost", ExtendTerm(at=at) if opportunity.is_unanswered and at < unanswered_at(opportunity.term):
            return _postpone(opportunity, command)  # likewise: it was too early to call it silence
        case _, OpenOpportunity(by=None) | RecordQuote() | CloseUnanswered() | AmendTerm() | ExtendTerm():
            return []
        case _, CloseCancelled() | CloseTransferred():
            return []
        case "won", WinOpportunity(quote_id=quote_id, mode=mode) if quote_id == opportunity.quote_id or mode == "auto":
            return []
        case "lost" | "superseded", WinOpportunity():
            return [won(opportunity, command)]  # the customer's signature is a fact, whatever we had written down
        case _, CloseLost() if already_closed(opportunity, command):
            return []
        case _, LogContact(contact_id=contact_id) if contact_id in opportunity.contacts:
            return []
        case _:
            raise NotAllowedNow(command, opportunity)


def _amend(opportunity: Opportunity, command: AmendTerm) -> list[OpportunityEvent]:
    """The frozen base is adjusted; a quote that was made before says what is not agreed any more."""
    before, base = opportunity.term.base, command.term.base
    is_same = base == before
    adjusted: list[OpportunityEvent] = [] if is_same else [RenewalBaseAdjusted(before=before, base=base, at=command.at)]
    if command.term.zone != opportunity.term.zone:
        term = replace(opportunity.term, zone=command.term.zone)
        adjusted.append(_postponed(term, command.at, command.term.zone))
    if opportunity.quote_id is None or (is_same and opportunity.quote_is_stale):
        return adjusted
    return [*adjusted, RenewalQuoteStale(quote_id=opportunity.quote_id, at=command.at)]


def _postpone(opportunity: Opportunity, command: ExtendTerm) -> list[OpportunityEvent]:
    term = replace(opportunity.term, ends_on=command.term.ends_on)
    if term == opportunity.term:
        return []
    postponed = _postponed(term, command.at)
    if opportunity.quote_id is None or opportunity.quote_is_stale:
        return [postponed]
    return [postponed, RenewalQuoteStale(quote_id=opportunity.quote_id, at=command.at)]


def _postponed(term: ExpiringTerm, at: datetime, zone: str | None = None) -> RenewalPostponed:
    return RenewalPostponed(
        ends_on=term.ends_on, due_on=due_on(term), unanswered_at=unanswered_at(term), at=at, zone=zone
    )


def _track(opportunity: Opportunity | None, command: TrackTerm | AmendTerm | ExtendTerm) -> list[OpportunityEvent]:
    term = command.term
    if opportunity is not None and opportunity.term == term:
        return []
    return [TermTracked(term=term, opens_at=opens_at(term), unanswered_at=unanswered_at(term), at=command.at)]


def _opened(opportunity: Opportunity, command: OpenOpportunity) -> RenewalOpportunityOpened:
    term = replace(opportunity.term, dimensions=opportunity.term.dimensions | command.dimensions)
    return RenewalOpportunityOpened(term=term, due_on=due_on(term), by=command.by, at=command.at)


def _opened_by(opportunity: Opportunity, at: datetime) -> list[OpportunityEvent]:
    """The day had come, and our clock was slower than the news of what ended it."""
    day = opens_at(opportunity.term)
    return [_opened(opportunity, OpenOpportunity(at=day))] if opportunity.stage == "tracked" and day <= at else []


def _contact(opportunity: Opportunity, command: LogContact) -> list[OpportunityEvent]:
    if command.contact_id in opportunity.contacts:
        return []
    term, cost_minor = opportunity.term, command.cost_minor
    contacted_on = local_day(command.at, term.zone)
    return [
        RenewalContacted(
            contact_id=command.contact_id,
            channel=command.channel,
            days_in_advance=(due_on(term) - contacted_on).days,
            by=command.by,
            at=command.at,
            cost=None if cost_minor is None else Money(cost_minor, term.base.currency),
        )
    ]
