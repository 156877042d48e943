"""May this account use these features now, and if not, why: a pure answer from what the read model knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeGuard
from uuid import UUID

from services.entitlement.domain.access_chain import (
    Link,
    expiry_chain,
    hold_chain,
    migration_chain,
    start_chain,
    transfer_chain,
)
from services.entitlement.domain.entitlement.holds import HoldCause, HoldKind
from shared.errors import DomainError

MOST_FEATURES = 100

Test = Literal["not_started", "migrated", "expired", "hold"]
# The further down a right fails, the closer it came to allowing the use: the closest one speaks for the account.
_ORDER: tuple[Test, ...] = ("not_started", "migrated", "expired", "hold")


class TooManyFeatures(DomainError):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingHold:
    kind: HoldKind
    cause: HoldCause


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitlementSnapshot:
    """One entitlement as the read model shows it; `features` maps a key to its limit, None is unlimited."""

    entitlement_id: UUID
    features: dict[str, int | None]
    term_number: int
    starts_at: datetime
    ends_at: datetime
    grace_until: datetime
    terminated_at: datetime | None = None
    successor_id: UUID | None = None
    transferred_at: datetime | None = None
    holds: tuple[StandingHold, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A customer as the read model knows it at `position`; not `known` may mean that the news is still on its way."""

    known: bool
    position: int
    entitlements: tuple[EntitlementSnapshot, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A test that a right did not pass, and the chain of facts behind it, first cause first."""

    test: Test
    reason: str
    entitlement_id: UUID
    because: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`until`: when the allowed use ends as far as is known today. `explain`: every failed test of every right."""

    feature: str
    allowed: bool
    reason: str
    as_of: datetime
    position: int
    conclusive: bool = True
    limit: int | None = None
    until: datetime | None = None
    grace_until: datetime | None = None
    entitlement_id: UUID | None = None
    successor_id: UUID | None = None
    because: tuple[Link, ...] = ()
    explain: tuple[Failure, ...] = ()


def check(account: Account, features: Sequence[str], *, known_features: Collection[str], at: datetime) -> list[Answer]:
    """One answer per feature asked, in the order asked; deny by default.

    Judged by the stored instants against `at`, not by a stored state: a timer that has not fired yet changes no
    answer. The first failing test gives the reason: unknown_account, unknown_feature, no_entitlement, not_started,
    migrated, transferred, expired, hold:<kind>; otherwise allowed or allowed_in_grace. Of several rights the one that
    allows, then the one that came closest, speaks for the account; limits are not added up.
    Raises TooManyFeatures above 100 features.
    """
    if len(features) > MOST_FEATURES:
        raise TooManyFeatures(f"ask for at most {MOST_FEATURES} features at once", field="/features")
    return [_answer(account, feature, feature in known_features, at) for feature in features]


def _answer(account: Account, feature: str, feature_known: bool, at: datetime) -> Answer:
    rights = [right for right in account.entitlements if feature in right.features]
    if not account.known:
        return _denied(account, feature, "unknown_account", at, conclusive=False)
    if not feature_known:
        return _denied(account, feature, "unknown_feature", at)
    if not rights:
        return _denied(account, feature, "no_entitlement", at)
    return _best(account, feature, [(right, failures(right, at)) for right in rights], at)


def _denied(account: Account, feature: str, reason: str, at: datetime, *, conclusive: bool = True) -> Answer:
    return Answer(
        feature=feature, allowed=False, reason=reason, as_of=at, position=account.position, conclusive=conclusive
    )


Judged = tuple[EntitlementSnapshot, tuple[Failure, ...]]


def _best(account: Account, feature: str, judged: list[Judged], at: datetime) -> Answer:
    right, failed = max(judged, key=lambda each: _closeness(each, feature))
    in_grace = not failed and right.ends_at <= at
    allowed = "allowed_in_grace" if in_grace else "allowed"
    return Answer(
        feature=feature,
        allowed=not failed,
        reason=failed[0].reason if failed else allowed,
        as_of=at,
        position=account.position,
        limit=right.features[feature],
        until=None if failed else _allowed_until(right, at),
        grace_until=right.grace_until if in_grace else None,
        entitlement_id=right.entitlement_id,
        successor_id=right.successor_id,
        because=failed[0].because if failed else (),
        explain=_by_test(failure for _, every in judged for failure in every),
    )


def _closeness(judged: Judged, feature: str) -> tuple[int, bool, int, datetime]:
    right, failed = judged
    rank = _ORDER.index(failed[0].test) if failed else len(_ORDER)
    limit = right.features[feature]
    return rank, limit is None, limit or 0, right.ends_at


def _allowed_until(right: EntitlementSnapshot, at: datetime) -> datetime:
    return right.grace_until if right.ends_at <= at else right.ends_at


def _by_test(every: Iterable[Failure]) -> tuple[Failure, ...]:
    return tuple(sorted(every, key=lambda failure: _ORDER.index(failure.test)))


def failures(right: EntitlementSnapshot, at: datetime) -> tuple[Failure, ...]:
    """Every test that one right fails at an instant, in the order of evaluation; empty means that it allows."""
    return tuple(
        Failure(test=test, reason=reason, entitlement_id=right.entitlement_id, because=because)
        for test, reason, because in (*_before(right, at), *_after(right, at), *_across(right))
    )


Found = tuple[Test, str, tuple[Link, ...]]


def _before(right: EntitlementSnapshot, at: datetime) -> list[Found]:
    if right.starts_at <= at:
        return []
    return [("not_started", "not_started", start_chain(right.term_number, right.starts_at))]


def _after(right: EntitlementSnapshot, at: datetime) -> list[Found]:
    """Use goes on elsewhere, or it is over: one of them."""
    term, successor_id = right.term_number, right.successor_id
    if successor_id is not None and _has_come(right.transferred_at, at):
        return [("migrated", "transferred", transfer_chain(term, right.transferred_at, successor_id))]
    cut_short = right.terminated_at is not None and right.terminated_at < right.ends_at
    if successor_id is not None and right.ends_at <= at and not cut_short:
        return [("migrated", "migrated", migration_chain(term, right.ends_at, successor_id))]
    if right.grace_until <= at or _has_come(right.terminated_at, at):
        chain = expiry_chain(term, right.ends_at, right.grace_until, right.terminated_at, at)
        return [("expired", "expired", chain)]
    return []


def _has_come(instant: datetime | None, at: datetime) -> TypeGuard[datetime]:
    return instant is not None and instant <= at


def _across(right: EntitlementSnapshot) -> list[Found]:
    in_order = sorted(right.holds, key=lambda hold: hold.kind)
    return [("hold", f"hold:{hold.kind}", hold_chain(hold.kind, hold.cause)) for hold in in_order]
