"""The facts of a quote; those that others hear about carry the deal, so that they can be told from the event alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from services.billing.domain.agreed_one_off import NO_ONE_OFFS, OneOffs
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.quote.alternatives import Alternative
from services.billing.domain.quote.approval import ApprovalLevel, Measure, OverBudget
from services.billing.domain.quote.deal import Deal
from services.billing.domain.quote.lines import AnnualValues
from services.billing.domain.quote.papers import NO_PAPERS, Papers
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteDrafted:
    """`uplift_percent` is what the flat prices of a renewal were raised by; None where nothing is renewed."""

    deal: Deal
    version: int
    lines: tuple[AgreedLine, ...]
    valid_until: datetime | None
    alternatives: tuple[Alternative, ...] = ()
    uplift_percent: Decimal | None = None
    papers: Papers = NO_PAPERS
    one_offs: OneOffs = NO_ONE_OFFS


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRevised:
    version: int
    lines: tuple[AgreedLine, ...]
    valid_until: datetime | None
    by: str
    alternatives: tuple[Alternative, ...] = ()
    papers: Papers = NO_PAPERS
    one_offs: OneOffs = NO_ONE_OFFS


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteApprovalRequested:
    """`beyond` are the limits that the submitter may not go beyond alone. `discount` is that of the whole term; `over_budget`
    are the customer's budgets that it does not fit into."""

    version: int
    level: ApprovalLevel
    discount_percent: Decimal
    by: str
    discount: Money | None = None
    margin_percent: Decimal | None = None
    beyond: tuple[Measure, ...] = ()
    over_budget: tuple[OverBudget, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteApproved:
    """`automatic`: the discount was within the limit of who submitted it, `by`."""

    version: int
    by: str
    automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRefused:
    version: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteSent:
    deal: Deal
    version: int
    valid_until: datetime
    annual: AnnualValues


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteOutdated:
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteAccepted:
    """`accepted_on` is the customer's local day; `term_months` the longest of the lines. `alternative` is the term of the
    one that was chosen, None for the quote's own lines. `papers` are those that were accepted with it."""

    deal: Deal
    version: int
    name: str
    purchase_order: str | None
    accepted_at: datetime
    accepted_on: date
    term_months: int
    annual: AnnualValues
    alternative: int | None = None
    papers: Papers = NO_PAPERS


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteDeclined:
    deal: Deal
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteWithdrawn:
    deal: Deal
    version: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteExpired:
    deal: Deal
    version: int


QuoteEvent = (
    QuoteDrafted
    | QuoteRevised
    | QuoteApprovalRequested
    | QuoteApproved
    | QuoteRefused
    | QuoteSent
    | QuoteOutdated
    | QuoteAccepted
    | QuoteDeclined
    | QuoteWithdrawn
    | QuoteExpired
)
