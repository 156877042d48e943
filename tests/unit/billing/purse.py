"""A customer with wallets, payments and invoices, in memory: orders of the real processes on plain states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import CreditInvoice, Number, VoidInvoice
from services.billing.domain.ledger.posting import Entry
from services.billing.domain.ledger.rules import entries
from services.billing.domain.ledger.telling import Telling
from services.billing.domain.wallet.commands import GrantCredit
from services.billing.domain.wallet.events import WalletFacts, WalletTerms
from services.billing.domain.wallet.state import Wallet
from services.billing.processes import included_credit, paying
from services.billing.processes import wallets as process
from services.billing.processes.writing import Desk
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.test_invoice import DRAFT, credit
from tests.unit.billing.till import PARTY, facts, usd

FIRST_DAY = date(2013, 2, 1)
FEE, CALLS = DRAFT.lines[0], DRAFT.lines[1]


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def is_after(wallet: Wallet, other: Wallet, today: date) -> bool:
    rule, covers = wallet.terms.rollover, (other.terms.covers_from or date.max, other.terms.covers_to or date.max)
    same = rule is not None and other.terms.rollover is not None and other.terms.rollover.series == rule.series
    return same and not other.has_expired and covers[0] <= today < covers[1]


class Purse:
    """What is refused leaves everything as it was. Wallets, invoices and payments are called by numbers."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, UUID], Any] = {}
        self.told: list[tuple[UUID, Any, datetime]] = []
        self.today = FIRST_DAY
        self.issued = self.noted = 0

    @property
    def at(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 17, tzinfo=UTC)

    @property
    def wallets(self) -> list[Wallet]:
        return [state for (category, _), state in self.states.items() if category == "wallet"]

    @property
    def invoices(self) -> list[Any]:
        return [state for (category, _), state in self.states.items() if category == "invoice"]

    def wallet(self, number: int = 1) -> Any:
        return self.states["wallet", UUID(int=number)]

    def invoice(self, number: int = 1) -> Any:
        return self.states["invoice", UUID(int=100 + number)]

    def carry_out(self, orders: Any) -> list[Any]:
        before, told = dict(self.states), len(self.told)
        try:
            for order in orders:
                key = (order.decider.category, order.stream_id)
                for event in order.decider.decide(self.states.get(key, order.decider.initial), order.command):
                    self.states[key] = order.decider.evolve(self.states.get(key, order.decider.initial), event)
                    self.told.append((order.stream_id, event, self.at))
        except Exception:
            self.states, self.told = before, self.told[:told]
            raise
        return [event for _, event, _ in self.told[told:]]

    def pay(self, minor: int, number: int = 1) -> list[Any]:
        return self.carry_out(paying.receive(None, facts(minor, number + 500), []))

    def grant(
        self, minor: int, number: int = 1, *, payment: int | None = None, invoice: int | None = None, **terms: Any
    ) -> list[Any]:
        """Promotional, unless a payment or an invoice is named."""
        command = GrantCredit(
            facts=WalletFacts(
                wallet_id=UUID(int=number),
                customer_id=PARTY.customer_id,
                customer_key=PARTY.key,
                zone=PARTY.zone,
                name=f"wallet {number}",
                promotional=payment is None and invoice is None,
            ),
            terms=WalletTerms(**terms),
            amount=usd(minor),
            at=self.at,
            on=self.today,
            reason="agreed",
            payment_id=None if payment is None else UUID(int=payment + 500),
            invoice_id=None if invoice is None else UUID(int=invoice + 100),
        )
        paid = None if payment is None else self.states["payment", UUID(int=payment + 500)]
        return self.carry_out(process.grant(command, paid))

    def bill(self, number: int = 1, *, fee: int = 0, calls: int = 0, rates: tuple[str, ...] = ()) -> list[Any]:
        """Drafted and issued today."""
        lines = (
            replace(FEE, number=1, amount=usd(fee), tax_rates=rates),
            replace(CALLS, number=2, amount=usd(calls), tax_rates=rates),
        )
        id_ = UUID(int=100 + number)
        header = replace(DRAFT.header, invoice_id=id_, bill=replace(DRAFT.header.bill, billing_on=self.today))
        for event in INVOICE.decide(None, replace(DRAFT, header=header, lines=lines)):
            self.states["invoice", id_] = INVOICE.evolve(None, event)
            self.told.append((id_, event, self.at))
        self.issued += 1
        return self.carry_out(process.issue(self.invoice(number), self._number("HUD", self.issued), None, self.desk))

    @property
    def desk(self) -> Desk:
        def unasked() -> Number:
            raise AssertionError("numbers are given by the test")

        return Desk(
            invoice=lambda id_: self.states["invoice", id_],
            legal_entity="Hudson",
            next_number=unasked,
            next_credit_note=unasked,
            at=self.at,
            wallets=lambda party: [wallet for wallet in self.wallets if wallet.balance.minor],
        )

    def void(self, number: int = 1) -> list[Any]:
        return self._taking_back(number, VoidInvoice(reason="wrong"), "void")

    def credit(self, minor: int, number: int = 1) -> list[Any]:
        self.noted += 1
        command = replace(credit(minor, self.noted), number=self._number("HUD-CN", self.noted), on=self.today)
        return self._taking_back(number, command, command.number.text)

    def credit_in_full(self, number: int = 1) -> list[Any]:
        self.noted += 1
        note = self._number("HUD-CN", self.noted)
        return self._taking_back(number, CreditInvoice(number=note, on=self.today, reason="wrong"), note.text)

    def _taking_back(self, number: int, command: Any, document: str) -> list[Any]:
        before, id_ = self.invoice(number), UUID(int=100 + number)

        def orders() -> Iterator[Any]:
            yield Order(INVOICE, id_, command)
            yield from process.restore(before, self.invoice(number), document, self.at)

        return self.carry_out(orders())

    def live_until(self, until: date) -> list[Any]:
        """What expires meanwhile expires on its day."""
        told = len(self.told)
        due = sorted((w.terms.expires_on, w.facts.wallet_id) for w in self.wallets if w.terms.expires_on)
        for expires_on, id_ in due:
            if self.today < expires_on <= until:
                self.today = expires_on
                self._expire(id_)
        self.today = until
        return [event for _, event, _ in self.told[told:]]

    def _expire(self, id_: UUID) -> None:
        """What rolls over goes to a wallet of the same series that covers the day."""
        wallet = self.states["wallet", id_]
        running = [other for other in self.wallets if is_after(wallet, other, self.today)]
        self.carry_out(included_credit.on_expiry(wallet, running[0] if running else None, self.at))

    def revoke(self, number: int = 1) -> list[Any]:
        return self.carry_out(process.revoke(self.wallet(number), "a mistake", self.at))

    def charge_back(self, minor: int, number: int = 1) -> list[Any]:
        orders = paying.charge_back(
            self.states["payment", UUID(int=number + 500)],
            lambda id_: self.states["invoice", id_],
            lambda id_: self.states.get(("wallet", id_)),
            UUID(int=len(self.told) + 10_000),
            usd(minor),
            reference="cb",
            reason="disputed",
            at=self.at,
        )
        return self.carry_out(orders)

    def booked(self) -> list[Entry]:
        """Everything that all streams say in accounts."""
        found: list[Entry] = []
        before: dict[UUID, list[Any]] = {}
        for stream, event, at in self.told:
            found += entries(Telling(event, at, tuple(before.get(stream, ()))))
            before.setdefault(stream, []).append(event)
        return found

    @staticmethod
    def _number(series: str, sequence: int) -> Number:
        return Number(legal_entity="Hudson", series=series, sequence=sequence)

    def drawn(self) -> Money:
        """By all invoices, as they say."""
        return Money.total((invoice.credit_applied for invoice in self.invoices), "USD")


def left(purse: Purse) -> list[int]:
    """What is left in each wallet, in minor units."""
    return [wallet.balance.minor for wallet in purse.wallets]
