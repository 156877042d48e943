"""What an invoice's decisions need to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from uuid import UUID

from services.billing.domain.applied_credit import AppliedCredit
from services.billing.domain.correction import Carried, CorrectionDocument, merged
from services.billing.domain.given_back import less_given
from services.billing.domain.invoice.events import Facts
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.line_edits import LineEdit
from services.billing.domain.invoice.totals import Totals
from services.billing.domain.invoice_line import InvoiceLine
from shared.decider import NotAllowedNow
from shared.errors import DomainError, NotFound
from shared.money import Money

InvoiceStatus = Literal["draft", "issued", "paid", "voided", "credited", "discarded", "written_off"]
# Those of which something can still be paid, credited or given back.
STANDING: tuple[InvoiceStatus, ...] = ("issued", "paid", "written_off")


class InvoiceNotFound(NotFound):
    pass


class Overpayment(DomainError):
    """Nobody pays more than they owe."""


class NotHeld(DomainError):
    """Only what is held can be released."""


class NothingOpen(DomainError):
    """Only what somebody owes can be written off."""


class NotPayable(NotAllowedNow):
    """Nobody owes anything on it: it is a draft, paid, credited or void."""

    def __init__(self, command: object, invoice: object):
        super().__init__(command, invoice)
        self.field = "/invoice"


class NotRefundable(DomainError):
    """An invoice gives back no more than was paid, and without being owed again no more than was credited of that."""


class OverCredit(DomainError):
    """No invoice is credited with more than it still carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """`facts` are known once it is issued; `payments`, `returns` and `corrections` are the ids of those that were recorded.

    `credited` and `credited_tax` are sums of its credit notes, `refundable` what of them had been paid
    and is still there. `revisions` are
    those of its usage periods that it is rated with, `heard` the latest of each, also where it was ignored. `documents`
    corrected it; what of its corrections waits for the next invoice is `deferred`, what has no answer yet `unanswered`.
    `unused` is what was credited for time that is not used, `given` what people gave back of lines, `written_off` what is not
    expected any more.
    Wallets paid `credit` when it was issued; `restored` is what went back to each. `edits` are what people changed of the
    draft. A draft that is `held` is above the bound; `released` is one that somebody has looked at, on the day
    `released_on`.
    """

    status: InvoiceStatus
    header: Header
    lines: tuple[InvoiceLine, ...]
    totals: Totals
    facts: Facts | None = None
    paid: Money
    payments: tuple[UUID, ...] = ()
    returns: tuple[UUID, ...] = ()
    overdue: bool = False
    credited: Money
    credited_tax: Money
    refundable: Money
    revisions: dict[UUID, int] = field(default_factory=dict)
    heard: dict[UUID, int] = field(default_factory=dict)
    corrections: tuple[UUID, ...] = ()
    documents: tuple[CorrectionDocument, ...] = ()
    deferred: dict[UUID, Carried] = field(default_factory=dict)
    unanswered: tuple[UUID, ...] = ()
    unused: tuple[Carried, ...] = ()
    given: tuple[Carried, ...] = ()
    written_off: Money
    credit: tuple[AppliedCredit, ...] = ()
    restored: dict[UUID, Money] = field(default_factory=dict)
    held: bool = False
    released: bool = False
    released_on: date | None = None
    edits: tuple[LineEdit, ...] = ()

    @property
    def open(self) -> Money:
        total = self.totals.total - self.paid - self.credit_applied
        return total - self.credited + self.refundable - self.written_off

    @property
    def credit_applied(self) -> Money:
        """What wallets pay of it by now."""
        drawn = Money.total((each.amount for each in self.credit), self.totals.total.currency)
        return drawn - Money.total(self.restored.values(), self.totals.total.currency)

    @property
    def is_unpaid(self) -> bool:
        """But for what wallets paid: that can go back. Of an invoice at zero there is nothing to be made void."""
        return self.totals.total.minor > 0 and self.open + self.credit_applied == self.totals.total

    @property
    def payable(self) -> Money:
        """What it takes: what is open, and what was written off of it."""
        return self.open + self.written_off

    @property
    def charged(self) -> Money:
        """What it asks for in all, paid or not: without what was credited or given up."""
        nothing = Money.zero(self.totals.total.currency)
        is_void = self.status in ("draft", "voided", "discarded")
        return nothing if is_void else self.totals.total - self.credited - self.written_off

    @property
    def owed(self) -> Money:
        return self.open if self.status == "issued" else Money.zero(self.totals.total.currency)

    @property
    def left(self) -> Money:
        """What it still carries, and could be credited."""
        nothing = Money.zero(self.totals.total.currency)
        return self.totals.total - self.credited if self.status in STANDING else nothing

    @property
    def issued(self) -> Facts:
        if self.facts is None:
            raise InvoiceNotFound("the invoice has not been issued")
        return self.facts

    def revision(self, period_id: UUID) -> int:
        """The one that it is rated with; 0 is the closing, and below it an estimate."""
        return self.revisions.get(period_id, 0)

    def has_heard(self, period_id: UUID, revision: int) -> bool:
        rated = self.revision(period_id)
        return revision <= max(rated, self.heard.get(period_id, rated))

    def shares(self) -> dict[UUID, Carried]:
        """What each invoice carries of this one and its corrections, by id, this one first; without what people gave back
        of its lines."""
        id_ = self.header.invoice_id
        parts: dict[UUID, list[Carried]] = {id_: [Carried(lines=self.lines, taxes=self.totals.taxes)]}
        for document in self.documents:
            parts.setdefault(document.invoice_id, []).append(document.carried)
        shares = {invoice_id: merged(carried, id_) for invoice_id, carried in parts.items()}
        return shares | {id_: less_given(shares[id_], self.given, id_)} if self.given else shares

    def carried(self) -> Carried:
        """What it comes to with all its corrections."""
        return merged([*self.shares().values(), *self.deferred.values()], self.header.invoice_id)
