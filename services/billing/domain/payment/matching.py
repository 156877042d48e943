"""Who paid, as far as an entry of a bank statement tells it: rules with names, the most certain one first."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.billing.domain.bank_entry import BankEntry, Match, MatchRule
from services.billing.domain.payment.allocation import OpenInvoice, Share, oldest_first
from shared.money import Money

# In percent, and from where on nobody is asked.
CONFIDENCE: Mapping[MatchRule, int] = {
    "invoice_and_amount": 100,
    "invoice_and_payer": 95,
    "invoice": 85,
    "payer_and_amount": 85,
    "customer_and_amount": 80,
    "payer": 70,
    "invoice_of_another_payer": 60,
    "customer": 50,
    "amount": 40,
}
CERTAIN_ENOUGH = 70
_SERIES = re.compile(r"^(.*?)([0-9]+)$")


@dataclass(frozen=True, slots=True)
class Payer:
    customer_id: UUID
    key: str


@dataclass(slots=True)
class OpenBook:
    """What is open, and of whom accounts and names are known: each match leaves less open for the next one.

    `owners_of` an account are all customers that named it; `named_in` are those whose own key stands in a text.
    """

    invoices: Iterable[OpenInvoice]
    owners_of: Callable[[str], Iterable[Payer]]
    named_in: Callable[[str], Iterable[Payer]]
    _open: dict[UUID, OpenInvoice] = field(default_factory=dict)
    _numbers: dict[str, dict[int, UUID]] = field(default_factory=lambda: defaultdict(dict))
    _of_customer: dict[UUID, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    _of_amount: dict[Money, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for invoice in self.invoices:
            self._add(invoice)
            self._of_customer[invoice.customer_id].append(invoice.invoice_id)
            parts = _SERIES.match(plain(invoice.number))
            if parts is not None and parts[1]:
                self._numbers[parts[1]][int(parts[2])] = invoice.invoice_id

    def _add(self, invoice: OpenInvoice) -> None:
        self._open[invoice.invoice_id] = invoice
        self._of_amount[invoice.open].append(invoice.invoice_id)

    def named(self, entry: BankEntry) -> list[OpenInvoice]:
        """Open invoices whose numbers stand in the text, however they are written: INV-000007, inv 7, INV000007."""
        found = dict.fromkeys(self._numbers_in(f"{entry.text} {entry.end_to_end}".upper()))
        return [invoice for invoice in self._still_open(found) if invoice.open.currency == entry.amount.currency]

    def _numbers_in(self, text: str) -> Iterator[UUID]:
        for series, numbers in self._numbers.items():
            letters = r"[^A-Z0-9]*".join(map(re.escape, series))
            for digits in re.findall(rf"(?<![A-Z0-9]){letters}[^A-Z0-9]*([0-9]{{1,18}})(?![0-9])", text):
                if (id_ := numbers.get(int(digits))) is not None:
                    yield id_

    def _still_open(self, ids: Iterable[UUID]) -> Iterator[OpenInvoice]:
        return (self._open[id_] for id_ in ids if id_ in self._open)

    def of_customer(self, customer_id: UUID, currency: str) -> list[OpenInvoice]:
        mine = self._still_open(self._of_customer.get(customer_id, ()))
        return [invoice for invoice in mine if invoice.open.currency == currency]

    def of_amount(self, amount: Money) -> list[OpenInvoice]:
        """An invoice stands where it has had this amount; whether it still has it is looked up."""
        same = dict.fromkeys(self._of_amount.get(amount, ()))
        return [invoice for invoice in self._still_open(same) if invoice.open == amount]

    def take(self, shares: Iterable[Share]) -> None:
        for share in shares:
            invoice = self._open.pop(share.invoice_id)
            if (invoice.open - share.amount).minor:
                self._add(invoice.less(share.amount))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    match: Match
    shares: tuple[Share, ...]


def find(entry: BankEntry, book: OpenBook) -> Found | None:
    """The most certain rule that holds. Invoices of several customers, and accounts of several, say nothing."""
    named = book.named(entry)
    payers = {invoice.customer_id for invoice in named}
    owners = list(book.owners_of(entry.payer_account)) if entry.payer_account else []
    if len(payers) == 1:
        return _by_invoice(entry, named, {owner.customer_id for owner in owners})
    if payers:
        return None
    if len(owners) == 1:
        return _by_customer(entry, owners[0], book, "payer_and_amount", "payer")
    customers = list(book.named_in(f"{entry.text} {entry.end_to_end}"))
    if len(customers) == 1:
        return _by_customer(entry, customers[0], book, "customer_and_amount", "customer")
    same = book.of_amount(entry.amount)
    if len(same) == 1 and not owners and not customers:
        return _found("amount", entry, Payer(same[0].customer_id, same[0].customer_key), same)
    return None


def _by_invoice(entry: BankEntry, named: list[OpenInvoice], owners: set[UUID]) -> Found:
    payer = Payer(named[0].customer_id, named[0].customer_key)
    rule: MatchRule = "invoice"
    if owners and payer.customer_id not in owners:
        rule = "invoice_of_another_payer"
    elif Money.total((invoice.open for invoice in named), entry.amount.currency) == entry.amount:
        rule = "invoice_and_amount"
    elif owners == {payer.customer_id}:
        rule = "invoice_and_payer"
    return _found(rule, entry, payer, named)


def _by_customer(entry: BankEntry, payer: Payer, book: OpenBook, exact: MatchRule, otherwise: MatchRule) -> Found:
    """One invoice of exactly this amount, or all that is open together; otherwise the oldest first."""
    mine = book.of_customer(payer.customer_id, entry.amount.currency)
    same = [invoice for invoice in mine if invoice.open == entry.amount]
    if len(same) == 1:
        return _found(exact, entry, payer, same)
    if mine and Money.total((invoice.open for invoice in mine), entry.amount.currency) == entry.amount:
        return _found(exact, entry, payer, mine)
    return _found(otherwise, entry, payer, mine)


def _found(rule: MatchRule, entry: BankEntry, payer: Payer, invoices: Iterable[OpenInvoice]) -> Found:
    shares = tuple(oldest_first(invoices, entry.amount))
    match = Match(
        rule=rule,
        confidence=CONFIDENCE[rule],
        customer_id=payer.customer_id,
        customer_key=payer.key,
        invoices=tuple(share.number for share in shares),
    )
    return Found(match=match, shares=shares)


def plain(text: str) -> str:
    """Capital letters and digits only."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())
