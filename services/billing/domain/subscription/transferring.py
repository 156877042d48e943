"""When a contract becomes another customer's, and what of it goes on there."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid5

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.subscription.cancelling import OutsideTerm
from services.billing.domain.subscription.changes import Origin, Transfer
from services.billing.domain.subscription.commands import EffectTransfer, TakeOverSubscription, TransferSubscription
from services.billing.domain.subscription.events import Term
from services.billing.domain.subscription.pausing import refuse_pending
from services.billing.domain.subscription.state import Subscription, days_of
from services.billing.domain.subscription.transfer_events import SubscriptionTransferred, TransferScheduled
from shared.errors import DomainError
from shared.money import CurrencyMismatch


class SameCustomer(DomainError):
    """A contract is transferred to somebody else."""


def transfer(subscription: Subscription, command: TransferSubscription) -> list[TransferScheduled]:
    """Of the last term that was agreed, from a day that is still to come; the last word counts."""
    refuse_pending(subscription)
    _refuse_customer(subscription, command)
    _refuse_day(subscription, command)
    wanted = Transfer(
        subscription_id=uuid5(subscription.subscription_id, "transfer"),
        to=replace(command.to, zone=subscription.party_on(command.on).zone),
        on=command.on,
        at=subscription.instant(command.on),
        purchase_order=command.purchase_order,
    )
    return [] if wanted == subscription.transfer_due else [TransferScheduled(transfer=wanted)]


def effect_transfer(subscription: Subscription, command: EffectTransfer) -> list[SubscriptionTransferred]:
    due = subscription.transfer_due
    if due is None or due.at != command.at:
        return []  # another one was put in its place, or it was withdrawn
    return [SubscriptionTransferred(facts=subscription.facts(subscription.last), transfer=due)]


def taken_over(subscription: Subscription, transferred: Transfer) -> TakeOverSubscription:
    """The rest of the term at the conditions of the day; billing days stay where they were. Coupons for so many invoices stay
    behind, and so do the cost centre, which is a name of the old customer, and the notice that the term renews by itself:
    nobody has told the new one."""
    last = subscription.last
    line = subscription.line_on(last, transferred.on)
    lasting = tuple(coupon for coupon in line.coupons if coupon.invoices is None)
    term = Term(
        number=1,
        starts_on=transferred.on,
        ends_on=last.ends_on,
        line=replace(line, anchor=line.anchor or subscription.anchor, coupons=lasting, trial_days=0, cost_centre=None),
        quote_id=last.quote_id,
        purchase_order=transferred.purchase_order,
    )
    return TakeOverSubscription(
        subscription_id=transferred.subscription_id, party=transferred.to, term=term, origin=_origin(subscription)
    )


def _origin(subscription: Subscription) -> Origin:
    before, changes = subscription.origin.subscription_ids if subscription.origin else (), subscription.zone_changes
    return Origin(
        customer=subscription.party.key,
        subscription_ids=(*before, subscription.subscription_id),
        zone=subscription.first_zone if changes else None,
        zone_changes=changes,
    )


def _refuse_customer(subscription: Subscription, command: TransferSubscription) -> None:
    if command.to.customer_id == subscription.party.customer_id:
        raise SameCustomer("the contract is of this customer already", field="/customer")
    if command.to.currency != subscription.currency:
        raise CurrencyMismatch(
            f"the contract is in {subscription.currency}, the customer pays in {command.to.currency}", field="/customer"
        )


def _refuse_day(subscription: Subscription, command: TransferSubscription) -> None:
    last = subscription.last
    if not max(subscription.day(command.at), last.starts_on) < command.on < last.ends_on:
        raise OutsideTerm("a day after today, within the last term that was agreed and after its first", field="/on")
    line = subscription.line_on(last, command.on)
    if line.proration == "none" and not all(_begins(subscription, line, code, command) for code in _flat(line)):
        raise OutsideTerm("the plan knows no parts of periods: a day on which they begin", field="/on")


def _flat(line: AgreedLine) -> list[str]:
    return [charge.code for charge in line.flat]


def _begins(subscription: Subscription, line: AgreedLine, code: str, command: TransferSubscription) -> bool:
    rhythm = line.rhythm(subscription.anchor, line.charge(code))
    return rhythm.holding(command.on, days_of(subscription.last)).part.start == command.on
