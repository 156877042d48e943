"""What a usage period allows, and what comes of it."""

from __future__ import annotations

from dataclasses import replace

from services.usage.domain.usage_period.commands import (
    AdvancePeriod,
    ClosePeriod,
    OpenPeriod,
    RemeterPeriod,
    RevisePeriod,
    UsagePeriodCommand,
)
from services.usage.domain.usage_period.events import (
    UsagePeriodAdvanced,
    UsagePeriodClosed,
    UsagePeriodEvent,
    UsagePeriodOpened,
    UsagePeriodRemetered,
    UsagePeriodRevised,
)
from services.usage.domain.usage_period.state import PeriodTerms, Totals, UsagePeriod
from shared.decider import NotAllowedNow
from shared.errors import Conflict, DomainError, NotFound


class PeriodNotFound(NotFound):
    """No usage period of this id."""


class InvalidPeriod(DomainError):
    """A period that no event could be counted in."""


class PeriodOpenedDifferently(Conflict):
    """A period of this id is already there with other terms."""


class PeriodNotOver(Conflict):
    """A period closes at its end plus the time for collecting, not before."""


class PeriodClosed(Conflict):
    """What was told at the closing is revised, not counted by other rules."""


class StaleRevision(Conflict):
    """The totals said to be there before are not those of the closing or of the last revision."""


def decide(period: UsagePeriod | None, command: UsagePeriodCommand) -> list[UsagePeriodEvent]:
    match period, command:
        case None, OpenPeriod():
            return _open(command)
        case None, _:
            raise PeriodNotFound("no such usage period")
        case UsagePeriod(), OpenPeriod(terms=terms):
            return _opened_before(period, terms)
        case UsagePeriod(status="open"), AdvancePeriod(totals=totals):
            return [] if totals == period.totals else [UsagePeriodAdvanced(terms=period.terms, totals=totals)]
        case UsagePeriod(status="open"), RemeterPeriod(meter_version=version, totals=totals):
            return _remeter(period, version, totals)
        case UsagePeriod(status="closed"), RemeterPeriod():
            raise PeriodClosed("a closed period stays on its meter: take events back, or correct them")
        case UsagePeriod(status="open"), ClosePeriod():
            return _close(period, command)
        case UsagePeriod(status="closed"), ClosePeriod() | AdvancePeriod():
            return []  # closing carried everything
        case UsagePeriod(status="closed"), RevisePeriod():
            return _revise(period, command)
        case UsagePeriod(status="open"), RevisePeriod(cause="recount"):
            return _revised(period, command)
        case _:
            raise NotAllowedNow(command, period)


def _open(command: OpenPeriod) -> list[UsagePeriodEvent]:
    terms = command.terms
    if not terms.subjects:
        raise InvalidPeriod("at least one subject", field="/subjects")
    if terms.starts_at >= terms.ends_at:
        raise InvalidPeriod("a period ends after it starts", field="/ends_at")
    if terms.collect_seconds < 0:
        raise InvalidPeriod("collecting takes no less than 0 seconds", field="/collect_seconds")
    return [UsagePeriodOpened(terms=terms, totals=command.totals)]


def _opened_before(period: UsagePeriod, terms: PeriodTerms) -> list[UsagePeriodEvent]:
    # A meter revised between two deliveries of one message does not make it another period.
    if replace(terms, meter_version=period.terms.meter_version) != period.terms:
        raise PeriodOpenedDifferently("a period of this id is there with other terms")
    return []


def _remeter(period: UsagePeriod, version: int, totals: Totals) -> list[UsagePeriodEvent]:
    if version == period.terms.meter_version:
        return []
    return [UsagePeriodRemetered(terms=replace(period.terms, meter_version=version), totals=totals)]


def _close(period: UsagePeriod, command: ClosePeriod) -> list[UsagePeriodEvent]:
    if command.learned_at < period.terms.closes_at:
        raise PeriodNotOver(f"it closes at {period.terms.closes_at.isoformat()}")
    return [
        UsagePeriodClosed(
            terms=period.terms,
            totals=command.totals,
            watermark=command.watermark,
            learned_at=command.learned_at,
        )
    ]


def _revise(period: UsagePeriod, command: RevisePeriod) -> list[UsagePeriodEvent]:
    if command.after == period.totals:
        return []
    if command.before != period.totals:
        raise StaleRevision("the totals have changed since: look at the period again")
    return _revised(period, command)


def _revised(period: UsagePeriod, command: RevisePeriod) -> list[UsagePeriodEvent]:
    return [
        UsagePeriodRevised(
            terms=period.terms,
            revision=period.revision + 1,
            before=command.before,
            after=command.after,
            cause=command.cause,
            events=command.events,
        )
    ]
