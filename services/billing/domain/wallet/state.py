"""What a wallet's decisions need to know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing import wallets as drawdown
from services.billing.domain.wallet.events import WalletFacts, WalletTerms
from shared.errors import DomainError, NotFound
from shared.money import EXACT, Money

WalletStatus = Literal["usable", "spent", "expired"]


class WalletNotFound(NotFound):
    pass


class MoreThanBalance(DomainError):
    """No wallet pays more than is left of it, and takes back more than it paid."""


class CreditUnpaid(DomainError):
    """Credit is promotional or paid for by a payment: one of the two."""


class MalformedWallet(DomainError):
    """A wallet has an amount above zero, a priority of 0 to 999, and a last day to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """granted + received = balance + drawn + expired + revoked + rolled over; `received` is by the wallet that it was of.
    `drawn` is by invoice, less what came back; `restorations` are the ids of that. What comes back to one that has expired
    expires at once; to one that was revoked it comes back as to any other."""

    facts: WalletFacts
    terms: WalletTerms
    granted_at: datetime
    granted: Money
    balance: Money
    expired: Money
    revoked: Money
    rolled_over: Money
    received: dict[UUID, Money] = field(default_factory=dict)
    payment_id: UUID | None = None
    drawn: dict[UUID, Money] = field(default_factory=dict)
    restorations: tuple[UUID, ...] = ()
    has_expired: bool = False

    @property
    def status(self) -> WalletStatus:
        return "expired" if self.has_expired else "usable" if self.balance.minor else "spent"

    @property
    def currency(self) -> str:
        return self.granted.currency

    def drawn_by(self, invoice_id: UUID) -> Money:
        return self.drawn.get(invoice_id, Money.zero(self.currency))

    def rolls_over(self, on: date) -> Money:
        """What goes to the wallet that runs on a day, of what is left; rounded half away from zero."""
        rule, nothing = self.terms.rollover, Money.zero(self.currency)
        if rule is None or not self.expires(on):
            return nothing
        share = self.balance.times(rule.percent.scaleb(-2, EXACT))
        return share if rule.limit is None else min(share, rule.limit)

    def expires(self, on: date) -> bool:
        expires_on = self.terms.expires_on
        return not self.has_expired and expires_on is not None and expires_on <= on

    def offered(self, lines: Iterable[InvoiceLine]) -> drawdown.Wallet:
        """As the order of drawdown knows it: for the lines of an invoice, each called by its number."""
        fitting = tuple(str(line.number) for line in lines if self._pays(line))
        return drawdown.Wallet(
            id=str(self.facts.wallet_id),
            balance=self.balance,
            priority=self.terms.priority,
            expires_on=self.terms.expires_on,
            promotional=self.facts.promotional,
            applies_to=fitting if self.terms.is_restricted else None,
        )

    def _pays(self, line: InvoiceLine) -> bool:
        terms = self.terms
        return (
            (not terms.charges or line.charge in terms.charges)
            and (terms.credit is None or (line.credits is not None and line.credits.code == terms.credit))
            and (terms.covers_from is None or line.starts_on >= terms.covers_from)
            and (terms.covers_to is None or line.ends_on <= terms.covers_to)
        )
