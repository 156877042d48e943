"""A wallet that is topped up: what is charged for when too little is left, and what follows from what the provider answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from services.billing.domain.payment.cashier import Cashier
from services.billing.domain.payment.state import Payment
from services.billing.domain.payment.state import payment_id as id_of_payment
from services.billing.domain.provider_charge import Paid, ProviderCharge, TellFailure, TellSuccess
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.top_up.commands import Outcome, RecordPurchase, SetTopUp
from services.billing.domain.top_up.events import Purchase, TopUpRule
from services.billing.domain.top_up.state import GIVEN_UP_AFTER, MalformedTopUp, NotToppedUp, TopUp
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import GrantCredit, WatchWallet
from services.billing.domain.wallet.events import WalletTerms
from services.billing.domain.wallet.state import Wallet
from services.billing.processes import charging, wallets
from shared.orders import Order
from shared.periods import local_day


def set_rule(wallet: Wallet, rule: TopUpRule, reason: str, at: datetime) -> Iterator[Order]:
    """The wallet says from now on when it gets less."""
    id_ = wallet.facts.wallet_id
    if wallet.terms.credit is not None or wallet.terms.rollover is not None:
        raise NotToppedUp("credit that a charge includes comes with its charge")
    if wallet.facts.topped_up_as not in (None, id_):
        raise NotToppedUp("it was bought by the rule of another wallet: change that one")
    if rule.amount.currency != wallet.currency:
        raise MalformedTopUp(f"the wallet is in {wallet.currency}", field="/currency")
    yield Order(TOP_UP, id_, SetTopUp(facts=wallet.facts, rule=rule, reason=reason, at=at))
    yield Order(WALLET, id_, WatchWallet())


def on_answer(
    purchase: Purchase, outcome: Outcome, reference: str, reason: str, at: datetime, cashier: Cashier
) -> Iterator[Order]:
    """The same as if a webhook told it, so that whichever comes first is the one that counts."""
    provider = purchase.method.provider
    match outcome:
        case "succeeded":
            paid = Paid(amount=purchase.amount, customer=purchase.facts.customer_key, invoice=purchase.name)
            yield from charging.on_news(TellSuccess(provider=provider, reference=reference, paid=paid, at=at), cashier)
            yield from on_paid(purchase, reference, at, cashier)
        case "failed":
            told = TellFailure(provider=provider, reference=reference, reason=reason, at=at)
            yield from charging.on_news(told, cashier)
            yield _failed(purchase, reference, reason, at)
        case "pending":
            yield _recorded(purchase, "pending", reference, "", at)


def on_charge_told(
    purchase: Purchase, reference: str, charge: ProviderCharge, at: datetime, cashier: Cashier
) -> Iterator[Order]:
    """What a webhook told of a purchase; its payment is there already."""
    if charge.paid is not None:
        yield from on_paid(purchase, reference, at, cashier)
    elif charge.failed_at is not None:
        yield _failed(purchase, reference, charge.failure, at)


def on_paid(purchase: Purchase, reference: str, at: datetime, cashier: Cashier) -> Iterator[Order]:
    """The payment buys the credit, unless the bank took it back meanwhile. That of a purchase that was given up waits."""
    top_up, carrier = cashier.top_up(purchase.facts.wallet_id), cashier.wallet(purchase.facts.wallet_id)
    id_ = id_of_payment(cashier.tenant_id, purchase.method.provider, reference)
    payment = cashier.payment(id_)
    if top_up is None or carrier is None or not top_up.awaits(purchase.key):
        return
    if payment is None or not purchase.amount <= payment.free:
        yield _failed(purchase, reference, "the bank took it back", at)
        return
    yield from wallets.grant(_grant(purchase, top_up.rule, carrier, payment, at), payment)
    yield _order(
        purchase,
        RecordPurchase(
            key=purchase.key,
            outcome="succeeded",
            reference=reference,
            reason="",
            at=at,
            payment_id=id_,
            number=cashier.next_receipt(),
        ),
    )


def _grant(purchase: Purchase, rule: TopUpRule, carrier: Wallet, payment: Payment, at: datetime) -> GrantCredit:
    """On the terms of the wallet that carries the rule, but for its end."""
    facts, keep_days = purchase.facts, rule.keep_days
    on = local_day(at, facts.zone)
    return GrantCredit(
        facts=replace(facts, wallet_id=purchase.key, promotional=False, topped_up_as=facts.wallet_id),
        terms=WalletTerms(
            priority=carrier.terms.priority,
            charges=carrier.terms.charges,
            expires_on=None if keep_days is None else on + timedelta(days=keep_days),
        ),
        amount=purchase.amount,
        at=at,
        on=on,
        reason=purchase.name,
        payment_id=payment.facts.payment_id,
    )


def on_given_up(top_up: TopUp, at: datetime) -> Iterator[Order]:
    """Nobody has told for so long what became of the purchase."""
    purchase = top_up.under_way
    if purchase is not None and purchase.requested_at + GIVEN_UP_AFTER <= at:
        yield _failed(purchase, top_up.reference or "", "the provider has not said what became of it", at)


def _failed(purchase: Purchase, reference: str, reason: str, at: datetime) -> Order:
    return _recorded(purchase, "failed", reference, reason, at)


def _recorded(purchase: Purchase, outcome: Outcome, reference: str, reason: str, at: datetime) -> Order:
    command = RecordPurchase(key=purchase.key, outcome=outcome, reference=reference, reason=reason, at=at)
    return _order(purchase, command)


def _order(purchase: Purchase, command: RecordPurchase) -> Order:
    return Order(TOP_UP, purchase.facts.wallet_id, command)


def foreseen(known: TopUp | None, wallet: Wallet, rule: TopUpRule, at: datetime) -> TopUp:
    """What the rule of a wallet would be if it were set."""
    for event in TOP_UP.decide(known, next(set_rule(wallet, rule, "preview", at)).command):
        known = TOP_UP.evolve(known, event)
    assert known is not None  # one that is set
    return known
