"""Invoices and the wallets that pay them: what is done to one stream is done to the other in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import uuid5

from services.billing.domain.drawing import drawn
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import IssueInvoice, Number
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment.commands import BuyCredit, ReturnCredit
from services.billing.domain.payment.state import Payment
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import DrawCredit, GrantCredit, RestoreCredit, RevokeCredit
from services.billing.domain.wallet.state import CreditUnpaid, Wallet
from services.billing.processes.writing import Desk
from shared.money import Money
from shared.orders import Order
from shared.periods import local_day


def issue(draft: Invoice, number: Number, bound: Money | None, desk: Desk) -> Iterator[Order]:
    """What is issued draws on the wallets of its customer at once; what is held for a person draws nothing yet."""
    header = draft.header
    wallets = desk.wallets(header.party) if draft.status == "draft" else ()
    credit = drawn(draft, wallets) if wallets else ()
    on = local_day(desk.at, header.party.zone)
    yield Order(INVOICE, header.invoice_id, IssueInvoice(number=number, bound=bound, credit=credit, on=on))
    issued = desk.invoice(header.invoice_id)
    if issued.facts is None:
        return
    for each in credit:
        command = DrawCredit(
            invoice_id=header.invoice_id,
            invoice=issued.facts.number,
            amount=each.amount,
            lines=each.lines,
            on=issued.facts.issued_on,
        )
        yield Order(WALLET, each.wallet_id, command)


def restore(before: Invoice, after: Invoice, document: str, at: datetime) -> Iterator[Order]:
    """What an invoice does not take any more goes back to the wallets that had paid it; `document` says why."""
    facts, nothing = after.issued, Money.zero(after.totals.total.currency)
    for wallet_id, restored in after.restored.items():
        amount = restored - before.restored.get(wallet_id, nothing)
        if amount.minor:
            command = RestoreCredit(
                restoration_id=uuid5(facts.invoice_id, document),
                invoice_id=facts.invoice_id,
                invoice=facts.number,
                amount=amount,
                document=document,
                on=local_day(at, facts.party.zone),
            )
            yield Order(WALLET, wallet_id, command)


def grant(command: GrantCredit, payment: Payment | None) -> Iterator[Order]:
    """Credit that is paid for is bought with what is unapplied of the payment, which is the customer's own."""
    facts = command.facts
    if payment is not None:
        if payment.facts.customer_id != facts.customer_id:
            raise CreditUnpaid("somebody else made this payment", field="/payment_id")
        bought = BuyCredit(wallet_id=facts.wallet_id, amount=command.amount, at=command.at)
        yield Order(PAYMENT, payment.facts.payment_id, bought)
    yield Order(WALLET, facts.wallet_id, command)


def revoke(wallet: Wallet, reason: str, at: datetime) -> Iterator[Order]:
    """What is left of it; the payment that bought it has that unapplied again, to be given back or to pay an invoice."""
    command = RevokeCredit(reason=reason, on=local_day(at, wallet.facts.zone))
    yield Order(WALLET, wallet.facts.wallet_id, command)
    if wallet.payment_id is not None and wallet.balance.minor:
        returned = ReturnCredit(wallet_id=wallet.facts.wallet_id, amount=wallet.balance, at=at)
        yield Order(PAYMENT, wallet.payment_id, returned)
