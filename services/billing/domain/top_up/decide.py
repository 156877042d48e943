"""What a rule that tops a wallet up answers: one purchase at a time, so often in a month, for so much in all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid5

from services.billing.domain.top_up.commands import (
    CheckBalance,
    RecordPurchase,
    SetTopUp,
    SwitchOffTopUp,
    TopUpCommand,
)
from services.billing.domain.top_up.events import (
    CreditPurchased,
    CreditPurchaseFailed,
    CreditPurchasePending,
    CreditPurchaseRequested,
    Purchase,
    Receipt,
    StoppedFor,
    TopUpEvent,
    TopUpHeld,
    TopUpRule,
    TopUpSet,
    TopUpStopped,
    TopUpSwitchedOff,
)
from services.billing.domain.top_up.state import MalformedTopUp, TopUp, TopUpNotFound
from shared.periods import local_day, start_of_day

MOST_IN_MONTH, LONGEST_KEPT = 31, 3660


def decide(top_up: TopUp | None, command: TopUpCommand) -> list[TopUpEvent]:
    match top_up, command:
        case _, SetTopUp():
            return _set(top_up, command)
        case None, _:
            raise TopUpNotFound("no such rule")
        case TopUp(status="off"), SwitchOffTopUp():
            return []
        case TopUp(), SwitchOffTopUp(reason=reason, at=at):
            return [TopUpSwitchedOff(reason=reason, switched_off_at=at)]
        case TopUp(), CheckBalance():
            return list(_checked(top_up, command))
        case TopUp(), RecordPurchase():
            return list(_recorded(top_up, command))
    raise AssertionError(command)  # every command is above


def _set(top_up: TopUp | None, command: SetTopUp) -> list[TopUpEvent]:
    _check(command.rule)
    if top_up is not None and top_up.rule == command.rule and top_up.status in ("active", "held"):
        return []
    return [TopUpSet(facts=command.facts, rule=command.rule, reason=command.reason, set_at=command.at)]


def _check(rule: TopUpRule) -> None:
    """What is bought lifts the balance above the threshold, so that it is bought once each time that falls below it."""
    if rule.threshold.minor <= 0:
        raise MalformedTopUp("nothing is ever below a threshold of nothing", field="/threshold_minor")
    if not rule.threshold <= rule.amount:
        raise MalformedTopUp("buy at least the threshold, so that once is enough", field="/amount_minor")
    if not 1 <= rule.most_in_month <= MOST_IN_MONTH:
        raise MalformedTopUp(f"1 to {MOST_IN_MONTH} times in a month", field="/most_in_month")
    if not rule.amount <= rule.limit:
        raise MalformedTopUp("a limit has room for one purchase at least", field="/limit_minor")
    if rule.keep_days is not None and not 1 <= rule.keep_days <= LONGEST_KEPT:
        raise MalformedTopUp(f"give 1 to {LONGEST_KEPT} days, or none", field="/keep_days")


def _checked(top_up: TopUp, command: CheckBalance) -> Iterator[TopUpEvent]:
    rule, zone = top_up.rule, top_up.facts.zone
    if not top_up.watches or rule.threshold <= command.balance:
        return
    month = local_day(command.at, zone).replace(day=1)
    if command.taken_back:
        yield _stopped("payment_taken_back", "the bank took back what had paid a purchase", command)
    elif command.method is None:
        yield _stopped("nothing_to_charge", "the customer has no method that is charged by itself", command)
    elif not top_up.spent + rule.amount <= rule.limit:
        yield _stopped("limit_reached", f"{top_up.spent} were bought, and {rule.limit} is the limit", command)
    elif top_up.bought_in(month) < rule.most_in_month:
        yield CreditPurchaseRequested(purchase=_purchase(top_up, command, month))
    elif top_up.status == "active":
        yield TopUpHeld(until=start_of_day(_next(month), zone), held_at=command.at)


def _next(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _purchase(top_up: TopUp, command: CheckBalance, month: date) -> Purchase:
    assert command.method is not None  # asked before
    number = top_up.made + 1
    return Purchase(
        key=uuid5(top_up.facts.wallet_id, f"top-up {number}"),
        number=number,
        facts=top_up.facts,
        amount=top_up.rule.amount,
        method=command.method,
        left=command.balance,
        month=month,
        requested_at=command.at,
    )


def _recorded(top_up: TopUp, command: RecordPurchase) -> Iterator[TopUpEvent]:
    purchase, reference, at = top_up.under_way, command.reference, command.at
    if purchase is None or purchase.key != command.key:
        return
    match command.outcome:
        case "succeeded":
            yield _purchased(purchase, command)
        case "failed":
            yield CreditPurchaseFailed(purchase=purchase, reference=reference, reason=command.reason, failed_at=at)
            if top_up.status != "off":
                yield _stopped("payment_failed", command.reason, command)
        case "pending":
            if top_up.reference is None:
                yield CreditPurchasePending(purchase=purchase, reference=reference)


def _purchased(purchase: Purchase, command: RecordPurchase) -> CreditPurchased:
    number = command.number
    assert command.payment_id is not None and number is not None  # what succeeded was paid
    return CreditPurchased(
        purchase=purchase,
        reference=command.reference,
        payment_id=command.payment_id,
        purchased_at=command.at,
        receipt=Receipt(
            number=number.text,
            legal_entity=number.legal_entity,
            series=number.series,
            sequence=number.sequence,
            issued_on=local_day(command.at, purchase.facts.zone),
        ),
    )


def _stopped(why: StoppedFor, reason: str, command: CheckBalance | RecordPurchase) -> TopUpStopped:
    return TopUpStopped(stopped_for=why, reason=reason, stopped_at=command.at)
