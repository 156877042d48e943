"""What a payment answers to a command. Money is moved, never made: whatever leaves one balance comes to another."""

from __future__ import annotations

from uuid import UUID

from services.billing.domain.payment import refunding
from services.billing.domain.payment.commands import (
    ApplyPayment,
    BuyCredit,
    ChargeBack,
    PaymentCommand,
    ReceivePayment,
    RecordRefund,
    RefundPayment,
    RequestRefund,
    ReturnCredit,
    WithdrawPayment,
)
from services.billing.domain.payment.events import (
    CreditBought,
    CreditReturned,
    Moved,
    PaymentApplied,
    PaymentChargedBack,
    PaymentEvent,
    PaymentFacts,
    PaymentReceived,
    PaymentWithdrawn,
    Returned,
    moved,
)
from services.billing.domain.payment.refunding import check_free
from services.billing.domain.payment.state import (
    MoreThanApplied,
    MoreThanReceived,
    Payment,
    PaymentDiffers,
    PaymentNotFound,
)
from shared.money import Money


def decide(payment: Payment | None, command: PaymentCommand) -> list[PaymentEvent]:
    match payment, command:
        case None, ReceivePayment(facts=facts):
            return [PaymentReceived(facts=facts, moved=_in(facts.amount))]
        case Payment(), ReceivePayment(facts=facts):
            return _again(payment.facts, facts)
        case None, _:
            raise PaymentNotFound("no such payment")
        case Payment(done=done), _ if _movement_of(command) in done:
            return []
        case Payment(), ApplyPayment():
            return [_applied(payment, command)]
        case Payment(), WithdrawPayment():
            return [_withdrawn(payment, command)]
        case Payment(), RefundPayment() | RequestRefund() | RecordRefund():
            return refunding.decide(payment, command)
        case Payment(), ChargeBack():
            return [_charged_back(payment, command)]
        case Payment(), BuyCredit():
            return [] if command.wallet_id in payment.credit else [_bought(payment, command)]
        case Payment(), ReturnCredit():
            return [_credit_returned(payment, command)]
    raise AssertionError(command)  # every command is above


def _movement_of(command: PaymentCommand) -> UUID | None:
    """The id of what is moved once, however often it is asked for."""
    match command:
        case ApplyPayment(allocation_id=id_) | WithdrawPayment(withdrawal_id=id_):
            return id_
        case RefundPayment(refund_id=id_) | ChargeBack(chargeback_id=id_):
            return id_
        case _:
            return None


def _in(amount: Money) -> Moved:
    return moved(amount.currency, cash=amount.minor, unapplied=amount.minor)


def _again(known: PaymentFacts, told: PaymentFacts) -> list[PaymentEvent]:
    """The same payment is told in other words sometimes; who paid how much is never other."""
    if (known.customer_id, known.amount) != (told.customer_id, told.amount):
        raise PaymentDiffers("a payment of this reference was recorded with other facts", field="/provider_reference")
    return []


def _applied(payment: Payment, command: ApplyPayment) -> PaymentApplied:
    left, minor = _left(payment, command.amount), command.amount.minor
    return PaymentApplied(
        facts=payment.facts,
        allocation_id=command.allocation_id,
        invoice_id=command.invoice_id,
        invoice=command.invoice,
        amount=command.amount,
        unapplied=left,
        applied_at=command.at,
        moved=moved(left.currency, unapplied=-minor, receivable=-minor),
    )


def _withdrawn(payment: Payment, command: WithdrawPayment) -> PaymentWithdrawn:
    returned = command.returned
    _check_applied(payment, returned)
    return PaymentWithdrawn(
        facts=payment.facts,
        withdrawal_id=command.withdrawal_id,
        returned=returned,
        unapplied=payment.unapplied + returned.amount,
        reason=command.reason,
        withdrawn_at=command.at,
        moved=moved(
            returned.amount.currency,
            receivable=returned.reopened.minor,
            unapplied=returned.amount.minor,
            refundable=-returned.refundable.minor,
        ),
    )


def _charged_back(payment: Payment, command: ChargeBack) -> PaymentChargedBack:
    if not command.amount <= payment.exposed or not command.amount.minor:
        raise MoreThanReceived(f"{command.amount} cannot be taken back of {payment.exposed}", field="/amount_minor")
    for returned in command.returned:
        _check_applied(payment, returned)
    from_invoices = Money.total((returned.amount for returned in command.returned), command.amount.currency)
    from_unapplied = command.amount - from_invoices
    left = _left(payment, from_unapplied) if from_unapplied.minor else payment.unapplied
    return PaymentChargedBack(
        facts=payment.facts,
        chargeback_id=command.chargeback_id,
        amount=command.amount,
        unapplied=left,
        returned=command.returned,
        reference=command.reference,
        reason=command.reason,
        charged_back_at=command.at,
        moved=_moved_back(command, from_unapplied),
    )


def _moved_back(command: ChargeBack, from_unapplied: Money) -> Moved:
    return moved(
        command.amount.currency,
        cash=-command.amount.minor,
        receivable=sum(returned.reopened.minor for returned in command.returned),
        unapplied=-from_unapplied.minor,
        refundable=-sum(returned.refundable.minor for returned in command.returned),
    )


def _bought(payment: Payment, command: BuyCredit) -> CreditBought:
    return CreditBought(
        facts=payment.facts,
        wallet_id=command.wallet_id,
        amount=command.amount,
        unapplied=_left(payment, command.amount),
        bought_at=command.at,
    )


def _credit_returned(payment: Payment, command: ReturnCredit) -> CreditReturned:
    bought = payment.credit.get(command.wallet_id, Money.zero(payment.facts.amount.currency))
    if not command.amount <= bought or command.amount.minor <= 0:
        raise MoreThanApplied(f"{command.amount} is more than the {bought} of credit that it bought")
    return CreditReturned(
        facts=payment.facts,
        wallet_id=command.wallet_id,
        amount=command.amount,
        unapplied=payment.unapplied + command.amount,
        returned_at=command.at,
    )


def _left(payment: Payment, amount: Money) -> Money:
    check_free(payment, amount)
    return payment.unapplied - amount


def _check_applied(payment: Payment, returned: Returned) -> None:
    applied = payment.applied_to(returned.invoice_id)
    if not returned.amount <= applied or returned.amount.minor <= 0:
        raise MoreThanApplied(f"{returned.amount} is more than the {applied} that it paid", field="/amount_minor")
