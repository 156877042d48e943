"""What a subscription's decisions need to know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.flat_charges import FlatCharges
from services.billing.domain.subscription.changes import Amendment, Cancellation
from services.billing.domain.subscription.events import DeferredCorrection, Facts, Fee, Term
from shared.errors import NotFound
from shared.periods import Days, local_day, start_of_day

Status = Literal["scheduled", "active", "non_renewing", "lapsed", "expired", "cancelled"]


class SubscriptionNotFound(NotFound):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`billed_through` says, by `billing_key`, up to which day a charge has been billed; `fees` are those still unbilled,
    `late` the invoices that had one, `deferred` the corrections that wait; `bills` is how many there were; `renewed_at` is
    when each term after the first was agreed. `cancellation_due` and `amendments_due` are still to come, `cancelled` and
    `amendments` have taken effect."""

    subscription_id: UUID
    party: Party
    quote_id: UUID
    terms: tuple[Term, ...]
    status: Status
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

    def day(self, instant: datetime) -> date:
        return local_day(instant, self.party.zone)

    def instant(self, day: date) -> datetime:
        return start_of_day(day, self.party.zone)

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

    def agreed_line(self, term_number: int) -> AgreedLine:
        """With those that are still to come, too."""
        mine = (a.line for a in reversed(self.all_amendments) if a.term_number == term_number)
        return next(mine, self.term(term_number).line)

    @property
    def foreseen(self) -> Subscription:
        """As if all that was agreed had taken effect."""
        if self.status not in ("scheduled", "active", "non_renewing"):
            return self
        ended = self.cancelled or self.cancellation_due
        return replace(self, amendments=self.all_amendments, amendments_due=(), cancelled=ended, cancellation_due=None)

    def with_amendment(self, amendment: Amendment) -> Subscription:
        due = tuple(other for other in self.amendments_due if other != amendment)
        return replace(self, amendments=(*self.amendments, amendment), amendments_due=due)

    def facts(self, term: Term) -> Facts:
        """The contract as every message about a term tells it."""
        return facts_of(self.subscription_id, self.party, replace(term, line=self.line_now(term)))

    def with_term(self, term: Term, renewed_at: datetime) -> Subscription:
        return replace(self, terms=(*self.terms, term), renewed_at=(*self.renewed_at, renewed_at))

    def agreed_by(self, at: datetime) -> Subscription:
        """Without what was agreed only later: a timer may fire late, when more is known than at its instant."""
        count = 1 + sum(renewed_at <= at for renewed_at in self.renewed_at)
        return replace(
            self,
            terms=self.terms[:count],
            fees=tuple(fee for fee in self.fees if fee.assessed_at <= at),
            deferred=tuple(correction for correction in self.deferred if correction.deferred_at <= at),
            amendments=tuple(amendment for amendment in self.amendments if amendment.agreed_at <= at),
            cancelled=self.cancelled if self.cancelled and self.cancelled.at <= at else None,
        )


def facts_of(subscription_id: UUID, party: Party, term: Term) -> Facts:
    line = term.line
    return Facts(
        subscription_id=subscription_id,
        party=party,
        plan=line.plan,
        plan_version=line.plan_version,
        features=line.granted,
        term_number=term.number,
        starts_on=term.starts_on,
        ends_on=term.ends_on,
        starts_at=start_of_day(term.starts_on, party.zone),
        ends_at=start_of_day(term.ends_on, party.zone),
        renewal=line.renewal,
        base=FlatCharges(line=line, currency=party.currency, anchor=term.starts_on, zone=party.zone).annual_value(),
        quantity=line.quantity,
    )


def billing_key(charge: str, amendment: int) -> str:
    """What is billed by itself: a charge on the conditions of an amendment."""
    return f"{charge}@{amendment}" if amendment else charge


def days_of(term: Term) -> Days:
    return Days(term.starts_on, term.ends_on)
