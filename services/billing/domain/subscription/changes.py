"""Changes of a subscription during its term: what was agreed, and from when it counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.zones import ZoneChange

CreditRule = Literal["none", "unused_time"]
# When a change takes effect: at once, where the current billing period ends, or at the start of a day.
When = Literal["now", "period_end"] | date
# Why a term that was to renew by itself does not.
AutoRefusal = Literal["no_legal_notice", "price_above_cap", "transferred"]
# What a subscription waits for before others hear of it: its first invoice to be paid, the number of a purchase order, or the
# event that it starts with.
WaitsFor = Literal["payment", "purchase_order", "start"]
StartKind = Literal["delivery", "first_activation", "latest_start"]
# Why a transfer that was agreed does not come.
TransferRefusal = Literal["withdrawn", "renewed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation:
    """Use ends at an instant. `on` is its day: the first one that is not charged for, where there is credit for `unused_time`;
    with `none` what is billed in advance is charged to the end of its period. Usage counts up to the instant, and
    `metered_until` is the first day on which none does."""

    at: datetime
    on: date
    metered_until: date
    credit: CreditRule
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """The line of a term from a day on. Amendments are numbered from 1 and follow each other by day; `agreed_at` is the
    instant from which bills know of it: the start of its day, or when it was said on that day. With a `zone` days are those of
    that zone from the day on."""

    number: int
    term_number: int
    effective_on: date
    agreed_at: datetime
    line: AgreedLine
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalNotice:
    """The customer was told that the term will renew by itself: how, when, and under which reference the proof is kept."""

    term_number: int
    sent_at: datetime
    channel: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Days of use that cost nothing, before the first term; with `converts` the term follows by itself. Of its end the
    customer is reminded on a day; None in trials from before there were reminders."""

    starts_on: date
    ends_on: date
    converts: bool
    reminded_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The day on which a term begins because of what happened, and under which reference that is known; or because it was the
    latest one."""

    kind: StartKind
    on: date
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Nothing is charged for the days from `on` up to the one on which use resumes, `until` at the latest. With `extend` the
    term ends later by as many days."""

    number: int
    at: datetime
    on: date
    until: date
    reason: str
    extend: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A term that was to end on `ended_on` ends on `ends_on`."""

    term_number: int
    ended_on: date
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """The end of the pause of the same number: `on` is the first day that is charged for again."""

    number: int
    at: datetime
    on: date
    extension: Extension | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """From the start of a day, which is `at`, the contract is that of `to`: it goes on as another subscription, and days stay
    days in the zone that it was made in."""

    subscription_id: UUID
    to: Party
    on: date
    at: datetime
    purchase_order: str | None = None

    @property
    def ending(self) -> Cancellation:
        """What it is for the one whose contract it was."""
        return Cancellation(at=self.at, on=self.on, metered_until=self.on, credit="unused_time", reason=TRANSFERRED)


TRANSFERRED = "transferred"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Whose contract it was before, and the subscriptions that it was until then, the last one last. Where its days had become
    those of another zone, `zone` is the one that they had first."""

    customer: str
    subscription_ids: tuple[UUID, ...]
    zone: str | None = None
    zone_changes: tuple[ZoneChange, ...] = ()
