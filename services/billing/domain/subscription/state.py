"""What a subscription's decisions need to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Literal
from uuid import UUID

from services.billing.domain.agreed_one_off import OneOffItem
from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.billed_ahead import BilledAhead
from services.billing.domain.coupon import CappedCoupon
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.subscription.bill_parts import DeferredCorrection
from services.billing.domain.subscription.changes import (
    Amendment,
    Cancellation,
    Extension,
    Origin,
    Pause,
    Resumption,
    Start,
    Transfer,
    Trial,
    WaitsFor,
)
from services.billing.domain.subscription.events import Bill, EarlierUse, Facts, Fee, Term
from services.billing.domain.subscription.facts import facts_of, trial_facts
from services.billing.domain.zones import ZoneChange, day_of, instant_of, zone_on
from shared.errors import NotFound
from shared.periods import Days

Phase = Literal["scheduled", "trialing", "active", "non_renewing", "lapsed", "expired", "cancelled", "transferred"]
Status = Phase | Literal["paused"]


class SubscriptionNotFound(NotFound):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`billed_through` says, by `billing_key`, up to which day a charge has been billed; `fees` are those still unbilled,
    `late` the invoices that had one, `deferred` the corrections that wait; `bills` is how many there were; `renewed_at` is when
    each term after the first was agreed. `cancellation_due` and `amendments_due` are still to come, `cancelled` and
    `amendments` have taken effect. `phase` is what it would be without a pause; a pause and its resumption have the same
    number, and the last one may still be to come. `noticed` are the terms with proof that the customer was told that they renew
    by themselves. What was transferred is `cancelled` as well, and has an `origin` where it goes on. `one_offs` of its quote
    are on the invoice `one_offs_on`, once they are billed. `couponed` are the bills of the current billing period of which a
    coupon may have taken an amount. `ahead` is what interim invoices billed of periods that are not billed yet. `waits_for` is
    what has to come before others hear of it, `start` the event that it began with, `counting` is usage that was billed of
    terms with a minimum that is still to be trued up, `trued_up` says on which bill that of a term was, `capped` what coupons
    may take no more of a bill, the last word last."""

    subscription_id: UUID
    party: Party
    quote_id: UUID
    terms: tuple[Term, ...]
    phase: Phase
    billed_through: dict[str, date] = field(default_factory=dict)
    fees: tuple[Fee, ...] = ()
    late: tuple[UUID, ...] = ()
    deferred: tuple[DeferredCorrection, ...] = ()
    bills: int = 0
    renewed_at: tuple[datetime, ...] = ()
    successor: UUID | None = None
    reminded: tuple[tuple[int, int], ...] = ()
    cancellation_due: Cancellation | None = None
    cancelled: Cancellation | None = None
    amendments: tuple[Amendment, ...] = ()
    amendments_due: tuple[Amendment, ...] = ()
    pauses: tuple[Pause, ...] = ()
    resumptions: tuple[Resumption, ...] = ()
    trial: Trial | None = None
    is_converted: bool = False
    noticed: tuple[int, ...] = ()
    transfer_due: Transfer | None = None
    transferred: Transfer | None = None
    origin: Origin | None = None
    one_offs: tuple[OneOffItem, ...] = ()
    one_offs_on: UUID | None = None
    couponed: tuple[Bill, ...] = ()
    ahead: tuple[BilledAhead, ...] = ()
    waits_for: WaitsFor | None = None
    start: Start | None = None
    counting: tuple[EarlierUse, ...] = ()
    trued_up: dict[int, UUID] = field(default_factory=dict)
    capped: tuple[CappedCoupon, ...] = ()

    @property
    def in_trial(self) -> bool:
        """Before it, too, and after one that nobody went on from: there is no term that anything is charged for."""
        return self.trial is not None and not self.is_converted

    @property
    def has_no_term(self) -> bool:
        """Nothing is charged for: it is tried, or has not been told to start."""
        return self.in_trial or self.waits_for == "start"

    @property
    def waiting(self) -> WaitsFor | None:
        """What it waits for now; nothing where it was given up."""
        return self.waits_for if self.phase == "scheduled" else None

    @property
    def is_withheld(self) -> bool:
        """Nothing is billed while it waits, but once what is paid beforehand."""
        return self.waiting is not None and not (self.waiting == "payment" and self.bills == 0)

    @property
    def status(self) -> Status:
        return "paused" if self.paused and self.phase in ("active", "non_renewing") else self.phase

    @property
    def paused(self) -> Pause | None:
        """The pause that goes on."""
        return self.pauses[-1] if len(self.pauses) > len(self.resumptions) else None

    @property
    def anchor(self) -> date:
        """Billing days of all terms are counted from the first day of the first."""
        return self.terms[0].starts_on

    @property
    def last(self) -> Term:
        return self.terms[-1]

    @property
    def currency(self) -> str:
        return self.party.currency

    @property
    def charged_once(self) -> tuple[OneOffItem, ...]:
        """Nothing in a trial, or where it ends before it begins."""
        is_off = self.has_no_term or (self.cancelled is not None and self.cancelled.on <= self.anchor)
        return () if is_off and self.one_offs_on is None else self.one_offs

    @property
    def unbilled_once(self) -> tuple[OneOffItem, ...]:
        return self.charged_once if self.one_offs_on is None else ()

    @property
    def first_zone(self) -> str:
        """That of the days before all changes, also of those before a transfer: a period may have begun then."""
        return (self.origin and self.origin.zone) or self.party.zone

    @property
    def zone_changes(self) -> tuple[ZoneChange, ...]:
        """Those that are still to come, too: what is agreed for later days is agreed for these instants."""
        changed = (ZoneChange(each.effective_on, each.zone) for each in self.all_amendments if each.zone)
        return (*(self.origin.zone_changes if self.origin else ()), *changed)

    def day(self, instant: datetime) -> date:
        return day_of(instant, self.first_zone, self.zone_changes)

    def instant(self, day: date) -> datetime:
        return instant_of(day, self.first_zone, self.zone_changes)

    def flat_charges(self, line: AgreedLine) -> FlatCharges:
        """Of a line of the contract, in its days."""
        zone, changes = self.first_zone, self.zone_changes
        return FlatCharges(line=line, currency=self.currency, anchor=self.anchor, zone=zone, zone_changes=changes)

    def party_on(self, day: date) -> Party:
        """In the zone of that day."""
        return replace(self.party, zone=zone_on(day, self.first_zone, self.zone_changes))

    def due_by(self, on: date) -> date:
        """What is paid beforehand is due as on its first day."""
        return max(on, self.anchor) if self.waiting == "payment" else on

    def term(self, number: int) -> Term:
        return self.terms[number - 1]

    @property
    def all_amendments(self) -> tuple[Amendment, ...]:
        return (*self.amendments, *self.amendments_due)

    def line(self, term_number: int, amendment: int = 0) -> AgreedLine:
        """What a term was agreed with, or what an amendment of it made of that."""
        return self.amendments[amendment - 1].line if amendment else self.term(term_number).line

    def line_now(self, term: Term) -> AgreedLine:
        """With all amendments of the term that have taken effect; of one that was never amended its own."""
        return next((a.line for a in reversed(self.amendments) if a.term_number == term.number), term.line)

    def line_on(self, term: Term, day: date) -> AgreedLine:
        """With the amendments of the term that count on a day."""
        mine = (a for a in reversed(self.amendments) if a.term_number == term.number and a.effective_on <= day)
        return next((amendment.line for amendment in mine), term.line)

    @property
    def agreed_lines(self) -> Iterator[AgreedLine]:
        """Those of all terms, and what amendments that have taken effect made of them."""
        yield from (term.line for term in self.terms)
        yield from (amendment.line for amendment in self.amendments)

    def agreed_line(self, term_number: int) -> AgreedLine:
        """With those that are still to come, too."""
        mine = (a.line for a in reversed(self.all_amendments) if a.term_number == term_number)
        return next(mine, self.term(term_number).line)

    @property
    def foreseen(self) -> Subscription:
        """As if all that was agreed had taken effect, but for a transfer: that is worth as much to whom it goes."""
        if self.phase not in ("scheduled", "active", "non_renewing"):
            return self
        ended = self.cancelled or self.cancellation_due
        return replace(
            self.going_on, amendments=self.all_amendments, amendments_due=(), cancelled=ended, cancellation_due=None
        )

    @property
    def going_on(self) -> Subscription:
        """As if the pause, if there is one, had come to the end that it will have by itself."""
        if self.paused is None:
            return self
        return self.with_resumption(self.resumption(self.paused, self.instant(self.paused.until)))

    def resumption(self, pause: Pause, at: datetime) -> Resumption:
        """Of its days none is charged for; with `extend` they are added to the last term that was agreed."""
        on = min(self.day(at), pause.until)
        days, last = on - pause.on, self.last
        extension = Extension(term_number=last.number, ended_on=last.ends_on, ends_on=last.ends_on + days)
        is_longer = pause.extend and days > timedelta()
        return Resumption(number=pause.number, at=at, on=on, extension=extension if is_longer else None)

    def with_resumption(self, resumption: Resumption) -> Subscription:
        extension = resumption.extension
        terms = _ending(self.terms, extension.term_number, extension.ends_on) if extension else self.terms
        return replace(self, terms=terms, resumptions=(*self.resumptions, resumption))

    def old_ends(self, term_number: int) -> list[date]:
        """Where a term was to end before it was extended."""
        told = (resumption.extension for resumption in self.resumptions)
        return [extension.ended_on for extension in told if extension and extension.term_number == term_number]

    def unpaused(self, days: Days) -> tuple[Days, ...]:
        """What of some days is charged for: all but those of pauses; of one that goes on all from its first day."""
        left, start = [], days.start
        for pause, resumed in zip_longest(self.pauses, self.resumptions):
            left.append(Days(start, min(max(start, pause.on), days.end)))
            start = max(start, min(resumed.on if resumed else days.end, days.end))
        return tuple(part for part in (*left, Days(start, days.end)) if part.start < part.end)

    def with_amendment(self, amendment: Amendment) -> Subscription:
        due = tuple(other for other in self.amendments_due if other != amendment)
        return replace(self, amendments=(*self.amendments, amendment), amendments_due=due)

    def facts(self, term: Term) -> Facts:
        """The contract as every message about a term tells it; a trial has its own facts."""
        if self.trial is not None and self.in_trial:
            return trial_facts(self.subscription_id, self.party, term, self.trial)
        facts = facts_of(self.subscription_id, self.party_on(term.ends_on), replace(term, line=self.line_now(term)))
        return replace(facts, starts_at=self.instant(term.starts_on), ends_at=self.instant(term.ends_on))

    def with_term(self, term: Term, renewed_at: datetime) -> Subscription:
        return replace(self, terms=(*self.terms, term), renewed_at=(*self.renewed_at, renewed_at))

    @property
    def _has_changed(self) -> bool:
        """Anything was agreed or charged for besides the first term, at whatever instant."""
        charged = self.fees or self.deferred
        return bool(self.renewed_at or self.amendments or self.pauses or self.resumptions or self.cancelled or charged)

    def agreed_by(self, at: datetime) -> Subscription:
        """Without what was agreed only later: a timer may fire late, when more is known than at its instant."""
        if not self._has_changed:
            return self
        count = 1 + sum(renewed_at <= at for renewed_at in self.renewed_at)
        terms = self.terms
        for later in reversed([each.extension for each in self.resumptions if each.extension and each.at > at]):
            terms = _ending(terms, later.term_number, later.ended_on)
        return replace(
            self,
            terms=terms[:count],
            pauses=tuple(pause for pause in self.pauses if pause.at <= at),
            resumptions=tuple(resumption for resumption in self.resumptions if resumption.at <= at),
            fees=tuple(fee for fee in self.fees if fee.assessed_at <= at),
            deferred=tuple(correction for correction in self.deferred if correction.deferred_at <= at),
            amendments=tuple(amendment for amendment in self.amendments if amendment.agreed_at <= at),
            cancelled=self.cancelled if self.cancelled and self.cancelled.at <= at else None,
        )


def billing_key(charge: str, amendment: int, resumption: int = 0) -> str:
    """What is billed by itself: a charge on the conditions of an amendment, from a resumption on."""
    key = f"{charge}@{amendment}" if amendment else charge
    return f"{key}+{resumption}" if resumption else key


def _ending(terms: tuple[Term, ...], number: int, on: date) -> tuple[Term, ...]:
    return tuple(replace(term, ends_on=on) if term.number == number else term for term in terms)


def days_of(term: Term) -> Days:
    return Days(term.starts_on, term.ends_on)
