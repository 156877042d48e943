"""Payments and the invoices that they pay: what is done to one stream is done to the other in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import RecordPayment, ReturnPayment
from services.billing.domain.invoice.paying import given_back
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.allocation import Share
from services.billing.domain.payment.commands import (
    ApplyPayment,
    ChargeBack,
    ReceivePayment,
    ReturnCredit,
    WithdrawPayment,
)
from services.billing.domain.payment.events import PaymentFacts, Returned
from services.billing.domain.payment.state import Payment
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import RevokeCredit
from services.billing.domain.wallet.state import Wallet
from shared.money import Money
from shared.orders import Order
from shared.periods import local_day


def receive(known: Payment | None, facts: PaymentFacts, shares: Iterable[Share]) -> Iterator[Order]:
    """A payment that is known already is received once, and pays what it paid."""
    yield Order(PAYMENT, facts.payment_id, ReceivePayment(facts=facts))
    if known is None:
        yield from _shares(facts, 0, shares, facts.received_at)


def apply(payment: Payment, shares: Iterable[Share], at: datetime) -> Iterator[Order]:
    """What was unapplied pays invoices later."""
    return _shares(payment.facts, payment.allocations, shares, at)


def settle(invoice: Invoice, payments: Iterable[Payment], at: datetime) -> Iterator[Order]:
    """An invoice takes what it needs of what is unapplied, the first that came in first."""
    if invoice.status != "issued":
        return
    left, facts = invoice.open, invoice.issued
    for payment in payments:
        part = min(left, payment.free)
        if part.minor > 0:
            share = Share(invoice_id=facts.invoice_id, number=facts.number, amount=part)
            yield from apply(payment, [share], at)
        left = left - part


def _shares(facts: PaymentFacts, before: int, shares: Iterable[Share], at: datetime) -> Iterator[Order]:
    for number, share in enumerate(shares, start=before + 1):
        allocation_id = uuid5(facts.payment_id, f"allocation {number}")
        part = ApplyPayment(
            allocation_id=allocation_id,
            invoice_id=share.invoice_id,
            invoice=share.number,
            amount=share.amount,
            at=at,
        )
        paid = RecordPayment(
            payment_id=facts.payment_id,
            amount=share.amount,
            reference=facts.reference,
            received_at=facts.received_at,
            allocation_id=allocation_id,
            applied_at=at,
        )
        yield Order(PAYMENT, facts.payment_id, part)
        yield Order(INVOICE, share.invoice_id, paid)


def withdraw(
    payment: Payment, invoice: Invoice, amount: Money, *, reopens: bool, reason: str, at: datetime
) -> Iterator[Order]:
    """The money waits unapplied again; without `reopens` only what a credit note gave back."""
    id_ = uuid5(payment.facts.payment_id, f"withdrawal {len(payment.done)}")
    command = WithdrawPayment(withdrawal_id=id_, returned=_returned(invoice, amount), reason=reason, at=at)
    yield Order(PAYMENT, payment.facts.payment_id, command)
    yield _return(payment, invoice, id_, amount, reason, at, reopens)


def charge_back(
    payment: Payment,
    invoice: Callable[[UUID], Invoice],
    wallet: Callable[[UUID], Wallet | None],
    chargeback_id: UUID,
    amount: Money,
    *,
    reference: str,
    reason: str,
    at: datetime,
) -> Iterator[Order]:
    """What was unapplied is gone, then what is left of the credit that it bought; what it had paid beyond that is owed
    again. Credit that has paid an invoice has to come back from it first."""
    if chargeback_id in payment.done:
        return
    for credit, part in _left_of_credit(payment, amount, wallet):
        yield from _credit_taken_back(payment, credit, part, reason, at)
        payment = replace(payment, unapplied=payment.unapplied + part)
    taken = [(invoice(id_), part) for id_, part in payment.taken_from(amount)]
    returned = _all_returned(taken)
    command = ChargeBack(
        chargeback_id=chargeback_id, amount=amount, returned=returned, reference=reference, reason=reason, at=at
    )
    yield Order(PAYMENT, payment.facts.payment_id, command)
    for found, part in taken:
        yield _return(payment, found, chargeback_id, part, reason, at, reopens=True)


def _left_of_credit(
    payment: Payment, amount: Money, wallet: Callable[[UUID], Wallet | None]
) -> Iterator[tuple[Wallet, Money]]:
    """As far as what is free does not do; what was bought last goes first."""
    missing = amount - min(amount, payment.free)
    for wallet_id in reversed(payment.credit):
        bought = wallet(wallet_id)
        part = Money.zero(amount.currency) if bought is None else min(missing, bought.balance)
        if bought is not None and part.minor > 0:
            yield bought, part
        missing = missing - part


def _credit_taken_back(payment: Payment, credit: Wallet, part: Money, reason: str, at: datetime) -> Iterator[Order]:
    id_ = credit.facts.wallet_id
    yield Order(PAYMENT, payment.facts.payment_id, ReturnCredit(wallet_id=id_, amount=part, at=at))
    yield Order(WALLET, id_, RevokeCredit(reason=reason, on=local_day(at, credit.facts.zone), amount=part))


def _all_returned(taken: Sequence[tuple[Invoice, Money]]) -> tuple[Returned, ...]:
    return tuple(_returned(invoice, part) for invoice, part in taken)


def _returned(invoice: Invoice, amount: Money) -> Returned:
    refundable, reopened = given_back(invoice, amount)
    facts = invoice.issued
    return Returned(invoice_id=facts.invoice_id, invoice=facts.number, reopened=reopened, refundable=refundable)


def _return(
    payment: Payment, invoice: Invoice, id_: UUID, amount: Money, reason: str, at: datetime, reopens: bool
) -> Order:
    facts = payment.facts
    command = ReturnPayment(
        return_id=id_,
        payment_id=facts.payment_id,
        amount=amount,
        reason=reason,
        at=at,
        on=local_day(at, invoice.header.party.zone),
        reopens=reopens,
    )
    return Order(INVOICE, invoice.issued.invoice_id, command)
