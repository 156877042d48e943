"""A customer as billing told us of it: kept as facts of our own, so that read models can be built again from them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """`key` is the external id by which applications name the account."""

    customer_id: UUID
    key: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnAccount:
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLearned:
    account: Account


def decide(known: Account | None, command: LearnAccount) -> list[AccountLearned]:
    return [] if known == command.account else [AccountLearned(account=command.account)]


def evolve(_: Account | None, event: AccountLearned) -> Account | None:
    return event.account


KNOWN_ACCOUNT: Decider[Account | None, LearnAccount, AccountLearned] = Decider(
    "known_account", None, decide, evolve, {"account_learned": AccountLearned}
)
