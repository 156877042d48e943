"""What a usage period allows, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from services.usage.domain.usage_period.commands import (
    AdvancePeriod,
    CheckThresholds,
    ClosePeriod,
    OpenPeriod,
    RemeterPeriod,
    RevisePeriod,
    SetThresholds,
    ShortenPeriod,
    UsagePeriodCommand,
)
from services.usage.domain.usage_period.events import (
    UsagePeriodAdvanced,
    UsagePeriodClosed,
    UsagePeriodEvent,
    UsagePeriodOpened,
    UsagePeriodRemetered,
    UsagePeriodRevised,
    UsagePeriodShortened,
    UsageThresholdCrossed,
    UsageThresholdsSet,
)
from services.usage.domain.usage_period.evolve import evolve
from services.usage.domain.usage_period.parts import Telling, told
from services.usage.domain.usage_period.state import PeriodTerms, Totals, UsagePeriod
from services.usage.domain.usage_period.thresholds import crossed_now, quantity_of_all
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
        case UsagePeriod(), ShortenPeriod():
            return _shorten(period, command)
        case UsagePeriod(), SetThresholds():
            return _set_thresholds(period, command)
        case UsagePeriod(status="open"), _:
            return _while_open(period, command)
        case _:
            return _once_closed(period, command)


def _while_open(period: UsagePeriod, command: UsagePeriodCommand) -> list[UsagePeriodEvent]:
    match command:
        case AdvancePeriod(totals=totals):
            return [] if totals == period.totals else told(UsagePeriodAdvanced(terms=period.terms, totals=totals))
        case RemeterPeriod(meter_version=version, totals=totals):
            return _remeter(period, version, totals)
        case ClosePeriod():
            return _close(period, command)
        case RevisePeriod(cause="recount"):
            return _revised(period, command)
        case CheckThresholds(totals=totals):
            return [*_crossings(period, totals)]
        case _:
            raise NotAllowedNow(command, period)


def _once_closed(period: UsagePeriod, command: UsagePeriodCommand) -> list[UsagePeriodEvent]:
    match command:
        case RemeterPeriod():
            raise PeriodClosed("a closed period stays on its meter: take events back, or correct them")
        case RevisePeriod():
            return _revise(period, command)
        case ClosePeriod() | AdvancePeriod() | CheckThresholds():
            return []  # closing carried everything, and told the totals that stay
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
    opened = UsagePeriodOpened(terms=terms, totals=command.totals, thresholds=command.thresholds)
    return [opened, *_crossings(evolve(None, opened), command.totals)]


def _opened_before(period: UsagePeriod, terms: PeriodTerms) -> list[UsagePeriodEvent]:
    # A meter revised between two deliveries of one message does not make it another period, nor does an earlier end.
    as_opened = replace(period.terms, ends_at=period.ended_at or period.terms.ends_at)
    if replace(terms, meter_version=as_opened.meter_version) != as_opened:
        raise PeriodOpenedDifferently("a period of this id is there with other terms")
    return []


def _remeter(period: UsagePeriod, version: int, totals: Totals) -> list[UsagePeriodEvent]:
    if version == period.terms.meter_version:
        return []
    remetered = UsagePeriodRemetered(terms=replace(period.terms, meter_version=version), totals=totals)
    return _told_with_crossings(period, remetered, totals)


def _shorten(period: UsagePeriod, command: ShortenPeriod) -> list[UsagePeriodEvent]:
    """Also where it was closed before billing could say so: then what was told is revised."""
    if command.ends_at >= period.terms.ends_at:
        return []
    terms = replace(period.terms, ends_at=max(command.ends_at, period.terms.starts_at))
    shortened = UsagePeriodShortened(terms=terms, totals=command.totals)
    if period.status == "open":
        return _told_with_crossings(period, shortened, command.totals)
    if command.totals == period.totals:
        return told(shortened)
    revise = RevisePeriod(before=period.totals, after=command.totals, cause="recount")
    return [*told(shortened), *_revised(replace(period, terms=terms), revise)]


def _close(period: UsagePeriod, command: ClosePeriod) -> list[UsagePeriodEvent]:
    if command.learned_at < period.terms.closes_at:
        raise PeriodNotOver(f"it closes at {period.terms.closes_at.isoformat()}")
    closed = UsagePeriodClosed(
        terms=period.terms,
        totals=command.totals,
        watermark=command.watermark,
        learned_at=command.learned_at,
    )
    return _told_with_crossings(period, closed, command.totals)


def _revise(period: UsagePeriod, command: RevisePeriod) -> list[UsagePeriodEvent]:
    if command.after == period.totals:
        return []
    if command.before != period.totals:
        raise StaleRevision("the totals have changed since: look at the period again")
    return _revised(period, command)


def _revised(period: UsagePeriod, command: RevisePeriod) -> list[UsagePeriodEvent]:
    revised = UsagePeriodRevised(
        terms=period.terms,
        revision=period.revision + 1,
        before=command.before,
        after=command.after,
        cause=command.cause,
        events=command.events,
    )
    return _told_with_crossings(period, revised, command.after)


def _set_thresholds(period: UsagePeriod, command: SetThresholds) -> list[UsagePeriodEvent]:
    if command.thresholds == period.thresholds:
        return [*_crossings(period, command.totals)]
    watched = UsageThresholdsSet(thresholds=command.thresholds)
    return [watched, *_crossings(evolve(period, watched), command.totals)]


def _told_with_crossings(period: UsagePeriod, happened: Telling, totals: Totals) -> list[UsagePeriodEvent]:
    return [*told(happened), *_crossings(evolve(period, happened), totals)]


def _crossings(period: UsagePeriod, totals: Totals) -> Iterator[UsageThresholdCrossed]:
    for percent, direction in crossed_now(period.thresholds, period.crossed, totals):
        assert period.thresholds is not None
        yield UsageThresholdCrossed(
            terms=period.terms,
            of=period.thresholds.of,
            percent=percent,
            direction=direction,
            quantity=quantity_of_all(totals),
        )
