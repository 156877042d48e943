"""A customer as billing told us of it: kept as a fact of our own, so that read models can be built again from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """`key` is the external id; `segment` and `region` are what the metrics can be cut by."""

    customer_id: UUID
    key: str
    name: str
    segment: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnCustomer:
    customer: Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLearned:
    customer: Customer


def decide(known: Customer | None, command: LearnCustomer) -> list[CustomerLearned]:
    return [] if known == command.customer else [CustomerLearned(customer=command.customer)]


def evolve(_: Customer | None, event: CustomerLearned) -> Customer | None:
    return event.customer


KNOWN_CUSTOMER: Decider[Customer | None, LearnCustomer, CustomerLearned] = Decider(
    "known_customer", None, decide, evolve, {"customer_learned": CustomerLearned}
)
