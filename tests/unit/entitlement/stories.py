"""A right from 2013 in New York, and the facts that may happen to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.entitlement.domain.entitlement import ENTITLEMENT, entitlement_id
from services.entitlement.domain.entitlement.commands import (
    AnnounceSuccessor,
    ExtendEntitlement,
    GrantEntitlement,
    PlaceHold,
    ReachInstant,
    RemoveHold,
    TerminateEntitlement,
    WithdrawSuccessor,
)
from services.entitlement.domain.entitlement.holder import Holder
from services.entitlement.domain.entitlement.holds import HoldCause, OverdueInvoice
from services.entitlement.domain.entitlement.sold import Sold
from services.entitlement.domain.entitlement.state import Entitlement
from services.entitlement.domain.entitlement.window import Term
from shared.money import Money
from shared.periods import start_of_day

NEW_YORK = "America/New_York"
SUBSCRIPTION, CUSTOMER, SUCCESSOR = UUID(int=1), UUID(int=2), entitlement_id(UUID(int=3))
HOLDER = Holder(subscription_id=SUBSCRIPTION, customer_id=CUSTOMER)


def midnight(day: str) -> datetime:
    return start_of_day(date.fromisoformat(day), NEW_YORK)


def term(number: int, starts_on: str, ends_on: str, *, grace_days: int = 14, reinstatement_days: int = 365) -> Term:
    return Term(
        number=number,
        starts_on=date.fromisoformat(starts_on),
        ends_on=date.fromisoformat(ends_on),
        grace_days=grace_days,
        reinstatement_days=reinstatement_days,
    )


FIRST_TERM = term(1, "2013-01-01", "2014-01-01")
SECOND_TERM = term(2, "2014-01-01", "2015-01-01")
START, END, GRACE_OVER, WINDOW_OVER = map(midnight, ("2013-01-01", "2014-01-01", "2014-01-15", "2015-01-15"))
SECOND = timedelta(seconds=1)
BEFORE, MIDTERM, IN_GRACE, AFTER_GRACE = map(midnight, ("2012-12-10", "2013-07-01", "2014-01-05", "2014-01-20"))


SOLD = Sold(plan_code="gate-use", plan_version=1, features={"gates": None, "lounges": 3}, quantity=1)


def grant(at: datetime = BEFORE, first_term: Term = FIRST_TERM) -> GrantEntitlement:
    return GrantEntitlement(
        subscription_id=SUBSCRIPTION,
        customer_id=CUSTOMER,
        customer_key="VX",
        zone=NEW_YORK,
        sold=SOLD,
        term=first_term,
        at=at,
    )


INVOICE = OverdueInvoice(invoice_id=UUID(int=9), number="2013-0042", due_on=date(2013, 6, 16), open=Money(7221, "USD"))


def unpaid(at: datetime = MIDTERM) -> HoldCause:
    return HoldCause(what="dunning_step", at=at, message_id=UUID(int=8), step="suspended", invoices=(INVOICE,))


def paid(at: datetime = MIDTERM) -> HoldCause:
    return HoldCause(what="dunning_cleared", at=at, message_id=UUID(int=7))


def owe(at: datetime = MIDTERM) -> PlaceHold:
    return PlaceHold(kind="dunning", cause=unpaid(at), holder=HOLDER)


def pay(at: datetime = MIDTERM) -> RemoveHold:
    return RemoveHold(kind="dunning", cause=paid(at), holder=HOLDER)


def extend(at: datetime, to: Term = SECOND_TERM) -> ExtendEntitlement:
    return ExtendEntitlement(term=to, at=at)


def announce(at: datetime) -> AnnounceSuccessor:
    return AnnounceSuccessor(successor_id=SUCCESSOR, at=at)


def withdraw(at: datetime) -> WithdrawSuccessor:
    return WithdrawSuccessor(at=at)


def cancel(at: datetime) -> TerminateEntitlement:
    return TerminateEntitlement(at=at)


def reach(at: datetime) -> ReachInstant:
    return ReachInstant(at=at)


def events_of(*commands: Any) -> list[Any]:
    """Everything that happens when these commands come, one after the other."""
    history: list[Any] = []
    for command in commands:
        history += ENTITLEMENT.decide(ENTITLEMENT.replay(history), command)
    return history


def after(*commands: Any) -> Entitlement:
    return ENTITLEMENT.replay(events_of(*commands))


def given(*commands: Any) -> Callable[[Any], list[Any]]:
    return lambda command: ENTITLEMENT.decide(after(*commands), command)
