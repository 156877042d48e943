"""The orders a quote takes; instants are aware, `by` names a principal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.billing.domain.agreed_one_off import NO_ONE_OFFS, OneOffs
from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.quote.alternatives import AlternativeTerms
from services.billing.domain.quote.approval import DEFAULT_APPROVAL, ApprovalLevel, ApprovalMatrix, OverBudget
from services.billing.domain.quote.deal import Purpose
from services.billing.domain.quote.papers import NO_PAPERS, Papers
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftQuote:
    """Without `valid_until` the quote is valid for 30 days from when it is sent."""

    quote_id: UUID
    purpose: Purpose
    party: Party
    lines: tuple[AgreedLine, ...]
    requested_by: str
    prior_annual: Money | None = None
    subscription_id: UUID | None = None
    opportunity_id: UUID | None = None
    external_id: str | None = None
    channel: str | None = None
    valid_until: datetime | None = None
    alternatives: tuple[AlternativeTerms, ...] = ()
    uplift_percent: Decimal | None = None
    papers: Papers = NO_PAPERS
    one_offs: OneOffs = NO_ONE_OFFS


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseQuote:
    """Takes an offer back that is out already: the customer can accept the new version only. Without `alternatives` those
    that it has, made anew from the lines; without `papers`, or `one_offs`, those that it has."""

    lines: tuple[AgreedLine, ...]
    by: str
    valid_until: datetime | None = None
    alternatives: tuple[AlternativeTerms, ...] | None = None
    papers: Papers | None = None
    one_offs: OneOffs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitQuote:
    by: str
    matrix: ApprovalMatrix = DEFAULT_APPROVAL
    required_clauses: tuple[str, ...] = ()
    over_budget: tuple[OverBudget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveQuote:
    """`level` is how far up `by` stands; None for somebody who decides about nothing."""

    by: str
    level: ApprovalLevel | None = "executive"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseQuote:
    by: str
    reason: str
    level: ApprovalLevel | None = "executive"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendQuote:
    at: datetime
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptQuote:
    """`version` is the one that the customer was shown; `term_months` chooses an alternative of it."""

    version: int
    name: str
    at: datetime
    purchase_order: str | None = None
    term_months: int | None = None
    needs_purchase_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineQuote:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawQuote:
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireQuote:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkStale:
    """The subscription that the lines were made from has changed."""

    reason: str


QuoteCommand = (
    DraftQuote
    | ReviseQuote
    | SubmitQuote
    | ApproveQuote
    | RefuseQuote
    | SendQuote
    | AcceptQuote
    | DeclineQuote
    | WithdrawQuote
    | ExpireQuote
    | MarkStale
)
