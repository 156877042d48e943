"""Postings and entries: amounts on accounts, debits positive and credits negative, that add up to nothing in each entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from services.billing.domain.ledger.recognition import Stretch
from services.billing.domain.ledger.taxed import TaxedAmount
from services.billing.domain.plan import RevenueClass
from shared.money import Money

Account = Literal[
    "receivables",
    "cash",
    "unapplied_cash",
    "revenue",
    "deferred_revenue",
    "tax_payable",
    "customer_credit",
    "prepaid_credit",
    "promotional_credit",
    "included_credit",
    "breakage",
    "write_off",
    "recovery",
    "rounding",
]
EntryKind = Literal[
    "invoice",
    "recognition",
    "payment",
    "application",
    "refund",
    "chargeback",
    "credit_note",
    "void",
    "write_off",
    "recovery",
    "credit_grant",
    "drawdown",
    "restoration",
    "credit_expiry",
    "revocation",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """Revenue and deferred revenue have a class, and the cost centre of the `line` of the document; tax payable has a rate."""

    account: Account
    amount: Money
    revenue_class: RevenueClass | None = None
    tax_rate: str | None = None
    line: int | None = None
    cost_centre: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom and what an entry is about; `document` is the number of the invoice or credit note."""

    customer_id: UUID
    customer: str
    invoice_id: UUID | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`effective_on` is the day that it belongs to; where the books of that day are closed it is booked later.
    A recognition has the stretch of days in which it is earned; a document says what of it is `taxed`, and how."""

    kind: EntryKind
    effective_on: date
    subject: Subject
    postings: tuple[Posting, ...]
    stretch: Stretch | None = None
    taxed: tuple[TaxedAmount, ...] = ()

    @property
    def is_balanced(self) -> bool:
        return not any(imbalance(self.postings).values())


def imbalance(postings: Iterable[Posting]) -> Counter[str]:
    """Debits less credits by currency; all zero where they are equal."""
    sums: Counter[str] = Counter()
    for posting in postings:
        sums[posting.amount.currency] += posting.amount.minor
    return sums
