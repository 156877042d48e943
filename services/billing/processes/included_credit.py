"""Credit that a charge includes: granted with the invoice that charges for it, taken back with it, and rolled over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.billing.domain.correction import Carried
from services.billing.domain.included_credit import IncludedCredit
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.together import flat_lines
from services.billing.domain.plan import Charge
from services.billing.domain.subscription.events import FlatItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.used import billed_period
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import ExpireCredit, GrantCredit, ReceiveCredit, RevokeCredit
from services.billing.domain.wallet.events import Rollover, WalletFacts, WalletTerms
from services.billing.domain.wallet.state import Wallet
from services.billing.processes.writing import Desk
from shared.money import Money
from shared.orders import Order
from shared.periods import local_day


def wallet_id(invoice_id: UUID, line: int) -> UUID:
    """One wallet for each line that includes credit."""
    return uuid5(invoice_id, f"credit {line}")


def series(subscription_id: UUID, charge: str) -> UUID:
    """The wallets of one charge, period after period."""
    return uuid5(subscription_id, f"credit {charge}")


def on_issued(subscription: Subscription, invoice: Invoice, at: datetime) -> Iterator[Order]:
    """A line of an invoice that is charged in advance for credit grants it, once. What people took off the draft is not
    charged, and grants nothing."""
    for item, line in flat_lines(invoice.header, invoice.lines, subscription.subscription_id):
        included = subscription.line(item.term_number, item.amendment).charge(item.charge).includes
        if included is not None:
            command = _grant(subscription, invoice, line.number, item, included, at)
            if command.amount.minor:
                yield Order(WALLET, command.facts.wallet_id, command)


def _grant(
    subscription: Subscription, invoice: Invoice, number: int, item: FlatItem, included: IncludedCredit, at: datetime
) -> GrantCredit:
    facts, line = invoice.issued, subscription.line(item.term_number, item.amendment)
    charge = line.charge(item.charge)
    currency, charges = subscription.currency, subscription.flat_charges(line)
    units, part = line.on(item.starts_on).quantity_of(charge.code), charges.of_period(charge, billed_period(item)).part
    return GrantCredit(
        facts=_wallet(invoice, number, charge),
        terms=_terms(subscription, item, included, charge),
        amount=included.worth(units, part, currency),
        at=at,
        on=facts.issued_on,
        reason=facts.number,
        invoice_id=facts.invoice_id,
    )


def _wallet(invoice: Invoice, number: int, charge: Charge) -> WalletFacts:
    facts = invoice.issued
    return WalletFacts(
        wallet_id=wallet_id(facts.invoice_id, number),
        customer_id=facts.party.customer_id,
        customer_key=facts.party.key,
        zone=facts.party.zone,
        name=charge.name,
        promotional=False,
    )


def _terms(subscription: Subscription, item: FlatItem, included: IncludedCredit, charge: Charge) -> WalletTerms:
    """It pays what is used in its own period; part of the rest goes to the next one of the charge."""
    rollover = Rollover(
        series=series(subscription.subscription_id, charge.code),
        percent=included.rollover_percent,
        limit=included.most_rolled_over(subscription.currency),
    )
    return WalletTerms(
        expires_on=item.ends_on + timedelta(days=included.keep_days),
        credit=included.code,
        covers_from=item.starts_on,
        covers_to=item.ends_on,
        rollover=rollover,
    )


def on_voided(invoice: Invoice, desk: Desk) -> Iterator[Order]:
    """Nobody paid for it: what is left of it is gone."""
    flat = len(invoice.lines) if invoice.header.parts else len(invoice.header.bill.flat)
    for number in range(1, flat + 1):
        wallet = desk.wallet(wallet_id(invoice.header.invoice_id, number))
        if wallet is not None:
            yield _revoke(wallet, wallet.balance, "void", desk.at)


def on_unused(subscription: Subscription, invoice: Invoice, unused: Carried, desk: Desk) -> Iterator[Order]:
    """Of a line that is credited for time that is not used, the same part of what it included, as far as it is left."""
    for line in unused.lines:
        charge = subscription.line(line.term_number, line.amendment).charge(line.charge)
        if charge.includes is None or line.corrects is None or line.corrects.line is None:
            continue
        wallet = desk.wallet(wallet_id(invoice.header.invoice_id, line.corrects.line))
        charged = invoice.lines[line.corrects.line - 1].amount
        if wallet is not None and charged.minor:
            part, _ = wallet.granted.split([line.amount.minor, (charged - line.amount).minor])
            yield _revoke(wallet, part, "unused", desk.at)


def _revoke(wallet: Wallet, amount: Money, reason: str, at: datetime) -> Order:
    command = RevokeCredit(reason=reason, on=local_day(at, wallet.facts.zone), amount=amount)
    return Order(WALLET, wallet.facts.wallet_id, command)


def on_expiry(wallet: Wallet, running: Wallet | None, at: datetime) -> Iterator[Order]:
    """`running` is the wallet of the same charge for the period of this day: it takes over what rolls over."""
    into = None if running is None else running.facts.wallet_id
    on = local_day(at, wallet.facts.zone)
    rolled = wallet.rolls_over(on) if into is not None else Money.zero(wallet.currency)
    yield Order(WALLET, wallet.facts.wallet_id, ExpireCredit(on=on, into=into))
    if into is not None and rolled.minor:
        yield Order(WALLET, into, ReceiveCredit(from_wallet_id=wallet.facts.wallet_id, amount=rolled, on=on))
