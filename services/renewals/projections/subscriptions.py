"""The current term of each subscription, found by subscription or by customer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.postgresql import insert

from services.renewals.domain.opportunity.events import RenewalPostponed, TermTracked
from services.renewals.tables import subscriptions
from shared.errors import DomainError, NotFound
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(subscriptions)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "subscription_id"],
    set_={
        name: _upsert.excluded[name]
        for name in ("customer_id", "customer_key", "term_number", "ends_on", "opportunity_id")
    },
    where=subscriptions.c.term_number <= _upsert.excluded.term_number,
)


class SubscriptionNotFound(NotFound):
    pass


class SuccessorNotFound(DomainError):
    """The customer has no subscription that could have taken over."""


class AmbiguousSuccessor(DomainError):
    """The customer has several subscriptions: name the one."""


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, TermTracked):
            write(tx, _upsert, _row(entry, entry.event))
        if isinstance(entry.event, RenewalPostponed):
            mine = (subscriptions.c.tenant_id == entry.tenant_id, subscriptions.c.opportunity_id == entry.stream_id)
            tx.execute(update(subscriptions).where(*mine).values(ends_on=entry.event.ends_on))


def _row(entry: Recorded, event: TermTracked) -> dict[str, Any]:
    term = event.term
    return {
        "tenant_id": entry.tenant_id,
        "subscription_id": term.subscription_id,
        "customer_id": term.customer_id,
        "customer_key": term.customer_key,
        "term_number": term.number,
        "ends_on": term.ends_on,
        "opportunity_id": entry.stream_id,
    }


def get(unit: UnitOfWork, subscription_id: UUID) -> Row[Any]:
    row = unit.tx.execute(_of_tenant(unit).where(subscriptions.c.subscription_id == subscription_id)).first()
    if row is None:
        raise SubscriptionNotFound("no such subscription")
    return row


def successor(unit: UnitOfWork, *, of: UUID, subscription_id: UUID | None, customer: str | None) -> Row[Any] | None:
    """The subscription that takes over from `of`: the one named, or of the customer's others the one that goes on longest.

    Raises SuccessorNotFound, or AmbiguousSuccessor where several go on equally long.
    """
    if subscription_id is None and customer is None:
        return None
    wanted = (
        (subscriptions.c.customer_key == customer) & (subscriptions.c.subscription_id != of)
        if subscription_id is None
        else subscriptions.c.subscription_id == subscription_id
    )
    found = unit.tx.execute(_of_tenant(unit).where(wanted).order_by(subscriptions.c.ends_on.desc()).limit(2)).all()
    pointer = "/successor_customer" if subscription_id is None else "/successor_subscription_id"
    if not found:
        raise SuccessorNotFound("no such subscription is known here", field=pointer)
    if len(found) == 2 and found[0].ends_on == found[1].ends_on:
        raise AmbiguousSuccessor("the customer has several: give successor_subscription_id", field=pointer)
    return found[0]


def _of_tenant(unit: UnitOfWork) -> Any:
    return select(subscriptions).where(subscriptions.c.tenant_id == unit.tenant_id)
