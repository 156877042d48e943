"""The terms of renewal that customers are told: when we call, how long grace is, what coming back late costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import NAMESPACE_OID, UUID, uuid5

from shared.decider import Decider
from shared.errors import DomainError, NotFound

GraceMode = Literal["full", "read_only", "blocked"]  # what a policy could say once; new ones say full
LONGEST_GRACE_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoRenewal:
    """Terms renew by themselves `notice_days` before their end, where the price rises by no more than
    `price_cap_percent`; who does not want that says so before."""

    notice_days: int
    price_cap_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTerms:
    """Days are local days of the contract; percents are of 100, so 4 means 4 %.

    `open_days` before the end of the term the opportunity opens; after the end come `grace_days` with use in
    `grace_mode`, then `reinstatement_days` in which a late renewal costs `reinstatement_percent` of the lapsed value.
    `uplift_percent` is put on flat recurring charges of the renewal quote.
    """

    open_days: int
    grace_days: int
    grace_mode: GraceMode = "full"
    reinstatement_days: int
    reinstatement_percent: Decimal
    uplift_percent: Decimal
    auto: AutoRenewal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    code: str
    version: int
    terms: PolicyTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPolicy:
    code: str
    terms: PolicyTerms
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalPolicyPublished:
    """A new version; what was published before stays what it was for those who accepted it."""

    policy: PolicyVersion
    at: datetime


class InvalidPolicy(DomainError):
    pass


class PolicyNotFound(NotFound):
    pass


def policy_id(code: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"renewal policy:{code}")


def decide(policy: PolicyVersion | None, command: PublishPolicy) -> list[RenewalPolicyPublished]:
    _check(command.terms)
    match policy:
        case PolicyVersion(terms=terms) if terms == command.terms:
            return []
        case _:
            version = 1 if policy is None else policy.version + 1
            published = PolicyVersion(code=command.code, version=version, terms=command.terms)
            return [RenewalPolicyPublished(policy=published, at=command.at)]


def _check(terms: PolicyTerms) -> None:
    for name in ("open_days", "grace_days", "reinstatement_days", "reinstatement_percent"):
        if getattr(terms, name) < 0:
            raise InvalidPolicy(f"{name} cannot be negative", field=f"/{name}")
    if terms.grace_days > LONGEST_GRACE_DAYS:
        raise InvalidPolicy(f"grace is at most {LONGEST_GRACE_DAYS} days", field="/grace_days")
    if terms.grace_mode != "full":
        raise InvalidPolicy("use goes on in full during grace: no other mode is kept", field="/grace_mode")
    if terms.auto is not None and (terms.auto.notice_days < 0 or terms.auto.price_cap_percent < 0):
        raise InvalidPolicy("days and percents of an automatic renewal cannot be negative", field="/auto")
    if terms.uplift_percent <= -100:
        raise InvalidPolicy("a price cannot be lowered by 100 % or more", field="/uplift_percent")


def evolve(_policy: PolicyVersion | None, event: RenewalPolicyPublished) -> PolicyVersion | None:
    return event.policy


POLICY: Decider[PolicyVersion | None, PublishPolicy, RenewalPolicyPublished] = Decider(
    "renewal_policy",
    initial=None,
    decide=decide,
    evolve=evolve,
    event_types={"renewal_policy_published": RenewalPolicyPublished},
)
