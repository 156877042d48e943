"""Two issued invoices and payments for them, in memory: orders of the real processes on plain states."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import CreditCorrection, IssueInvoice, Number, WriteOffInvoice
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.allocation import Share
from services.billing.domain.payment.commands import RecordRefund, RefundPayment, RequestRefund
from services.billing.domain.payment.events import Moved, PaymentFacts
from services.billing.domain.payment.state import Payment
from services.billing.processes import paying
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.test_invoice import DRAFT, credit

AT = datetime(2013, 2, 20, 17, tzinfo=UTC)
FIRST, SECOND = UUID(int=101), UUID(int=102)
PARTY = DRAFT.header.party


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def facts(minor: int, number: int = 1, **changed: Any) -> PaymentFacts:
    told = PaymentFacts(
        payment_id=UUID(int=number),
        customer_id=PARTY.customer_id,
        customer_key=PARTY.key,
        zone=PARTY.zone,
        amount=usd(minor),
        method="transfer",
        reference="wire",
        received_at=AT,
        received_on=date(2013, 2, 20),
    )
    return replace(told, **changed)


class Till:
    """Two issued invoices and any payments: orders are carried out on plain states, all of them or none."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, UUID], Any] = {}
        self.moved: list[Moved] = []
        self.told: list[tuple[UUID, Any]] = []
        for number, id_ in enumerate((FIRST, SECOND), start=1):
            header = replace(DRAFT.header, invoice_id=id_)
            issue = IssueInvoice(number=Number(legal_entity="Hudson", series="HUD", sequence=number))
            for command in (replace(DRAFT, header=header), issue):
                self.carry_out([Order(INVOICE, id_, command)])

    def invoice(self, id_: UUID) -> Any:
        return self.states["invoice", id_]

    def payment(self, number: int = 1) -> Payment:
        found: Payment = self.states["payment", UUID(int=number)]
        return found

    @property
    def total(self) -> int:
        return int(self.invoice(FIRST).totals.total.minor)

    def carry_out(self, orders: Any) -> list[Any]:
        before, told, by_stream = self.states, [], []
        self.states = dict(before)
        try:
            for order in orders:
                key = (order.decider.category, order.stream_id)
                for event in order.decider.decide(self.states.get(key, order.decider.initial), order.command):
                    self.states[key] = order.decider.evolve(self.states.get(key, order.decider.initial), event)
                    told.append(event)
                    by_stream.append((order.stream_id, event))
        except Exception:
            self.states = before
            raise
        self.told += by_stream
        self.moved += [event.moved for event in told if hasattr(event, "moved")]
        return told

    def receive(self, minor: int, *paid: tuple[UUID, int], number: int = 1) -> list[Any]:
        known = self.states.get(("payment", UUID(int=number)))
        return self.carry_out(paying.receive(known, facts(minor, number), [self.share(*part) for part in paid]))

    def share(self, id_: UUID, minor: int) -> Share:
        return Share(invoice_id=id_, number=self.invoice(id_).issued.number, amount=usd(minor))

    def apply(self, id_: UUID, minor: int, number: int = 1) -> list[Any]:
        return self.carry_out(paying.apply(self.payment(number), [self.share(id_, minor)], AT))

    def withdraw(self, id_: UUID, minor: int, *, reopens: bool = True, number: int = 1) -> list[Any]:
        orders = paying.withdraw(
            self.payment(number), self.invoice(id_), usd(minor), reopens=reopens, reason="moved", at=AT
        )
        return self.carry_out(orders)

    def refund(self, minor: int, number: int = 1) -> list[Any]:
        id_ = UUID(int=len(self.payment(number).done) + 1000)
        command = RefundPayment(refund_id=id_, amount=usd(minor), reference="", reason="asked", at=AT)
        return self.carry_out([Order(PAYMENT, UUID(int=number), command)])

    def request_refund(self, minor: int, number: int = 1) -> list[Any]:
        id_ = UUID(int=5000 + len(self.payment(number).refunds))
        command = RequestRefund(refund_id=id_, amount=usd(minor), reference="", reason="asked", at=AT)
        return self.carry_out([Order(PAYMENT, UUID(int=number), command)])

    def record_refund(self, place: int, outcome: Any, number: int = 1) -> list[Any]:
        """What the provider says of the refund that was asked for as the so manieth."""
        command = RecordRefund(
            refund_id=UUID(int=5000 + place), outcome=outcome, reference=f"re_{place}", reason="told", at=AT
        )
        return self.carry_out([Order(PAYMENT, UUID(int=number), command)])

    def charge_back(self, minor: int, number: int = 1, at: datetime = AT, id_: int = 0) -> list[Any]:
        orders = paying.charge_back(
            self.payment(number),
            self.invoice,
            lambda wallet_id: None,
            UUID(int=id_ or number * 10_000 + len(self.payment(number).done)),
            usd(minor),
            reference="cb",
            reason="disputed",
            at=at,
        )
        return self.carry_out(orders)

    def credit(self, id_: UUID, minor: int) -> list[Any]:
        note: CreditCorrection = credit(minor, number=len(self.moved) + 1)
        return self.carry_out([Order(INVOICE, id_, note)])

    def write_off(self, id_: UUID) -> list[Any]:
        return self.carry_out([Order(INVOICE, id_, WriteOffInvoice(reason="insolvent", on=AT.date()))])
