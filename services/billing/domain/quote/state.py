"""What a quote remembers until the customer has decided, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.agreed_one_off import NO_ONE_OFFS, OneOffs
from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.quote.alternatives import Alternative, AlternativeUnknown
from services.billing.domain.quote.approval import ApprovalLevel
from services.billing.domain.quote.deal import Deal, Purpose
from services.billing.domain.quote.papers import NO_PAPERS, Papers
from shared.errors import Conflict, DomainError, NotFound, Refused
from shared.money import Money

QuoteStatus = Literal["draft", "pending", "approved", "sent", "accepted", "declined", "withdrawn", "expired"]


class QuoteNotFound(NotFound):
    pass


class NothingQuoted(DomainError):
    """A quote without a line offers nothing."""


class TooManyLines(DomainError):
    """A quote has at most 100 lines."""


class QuoteTooLarge(DomainError):
    """The annual value of a quote, and what it charges once, stay below 10^15 minor units."""


class OneTermRenewed(DomainError):
    """A renewal quote continues one subscription where its term ends: one line, starting on that day."""


class RenewedWithOneOffs(DomainError):
    """A renewal goes on with what is charged again and again; what is charged once has a quote of its own."""


class ValidityOver(DomainError):
    """A quote is sent to be accepted: its end lies ahead."""


class ApproverIsRequester(Refused):
    """Nobody approves what they wrote or submitted themselves."""


class ApproverLevelTooLow(Refused):
    """Whoever decides stands at least as high as what is given away asks for."""


class QuoteStale(Conflict):
    """What it was made from has changed since: it has to be revised."""


class QuoteChanged(Conflict):
    """There is a newer version than the one the customer was shown."""


class QuoteNoLongerValid(Conflict):
    """It could be accepted until then, and not later."""

    code = "quote_expired"


@dataclass(frozen=True, slots=True)
class Quote:
    """`authors` wrote or submitted it, so none of them approves it. `valid_until` is exclusive. `level_needed` is whose
    approval was asked for last. `one_offs` are the same whatever the customer chooses."""

    deal: Deal
    lines: tuple[AgreedLine, ...]
    valid_until: datetime | None
    authors: frozenset[str]
    status: QuoteStatus = "draft"
    version: int = 1
    is_stale: bool = False
    alternatives: tuple[Alternative, ...] = ()
    level_needed: ApprovalLevel | None = None
    papers: Papers = NO_PAPERS
    purchase_order: str | None = None
    one_offs: OneOffs = NO_ONE_OFFS

    @property
    def choices(self) -> tuple[tuple[AgreedLine, ...], ...]:
        """Everything that the customer may choose among."""
        return (self.lines, *(each.lines for each in self.alternatives))

    def chosen(self, term_months: int | None) -> Alternative | None:
        """The alternative of that term; None for the lines of the quote itself."""
        if term_months in (None, max((line.term_months for line in self.lines), default=None)):
            return None
        for each in self.alternatives:
            if each.terms.term_months == term_months:
                return each
        raise AlternativeUnknown("choose one of the terms that are offered", field="/term_months")

    @property
    def quote_id(self) -> UUID:
        return self.deal.quote_id

    @property
    def purpose(self) -> Purpose:
        return self.deal.purpose

    @property
    def party(self) -> Party:
        return self.deal.party

    @property
    def subscription_id(self) -> UUID | None:
        return self.deal.subscription_id

    @property
    def opportunity_id(self) -> UUID | None:
        return self.deal.opportunity_id

    @property
    def prior_annual(self) -> Money | None:
        return self.deal.prior_annual

    @property
    def requested_by(self) -> str:
        return self.deal.requested_by

    @property
    def is_open(self) -> bool:
        return self.status in ("draft", "pending", "approved", "sent")

    def is_over(self, at: datetime) -> bool:
        """Whether an offer that was valid until `valid_until` can no longer be accepted."""
        return self.valid_until is not None and self.valid_until <= at
