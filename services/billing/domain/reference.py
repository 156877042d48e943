"""What billing knows of the meters of usage and the policies of renewals: enough to check a plan and to fill a quote."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from services.billing.domain.agreement import RenewalTerms
from shared.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """`groups` are the dimensions that its quantities can be told apart by."""

    slug: str
    version: int
    aggregation: str
    unit: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteMeter:
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterNoted:
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePolicy:
    terms: RenewalTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyNoted:
    terms: RenewalTerms


def meter_id(tenant_id: UUID, slug: str) -> UUID:
    return uuid5(tenant_id, f"meter:{slug}")


def policy_id(tenant_id: UUID, code: str) -> UUID:
    return uuid5(tenant_id, f"policy:{code}")


def decide_meter(known: Meter | None, command: NoteMeter) -> list[MeterNoted]:
    """What is older than what is known comes late, and changes nothing."""
    if known is not None and command.meter.version <= known.version:
        return []
    return [MeterNoted(meter=command.meter)]


def evolve_meter(_: Meter | None, event: MeterNoted) -> Meter | None:
    return event.meter


def decide_policy(known: RenewalTerms | None, command: NotePolicy) -> list[PolicyNoted]:
    if known is not None and command.terms.version <= known.version:
        return []
    return [PolicyNoted(terms=command.terms)]


def evolve_policy(_: RenewalTerms | None, event: PolicyNoted) -> RenewalTerms | None:
    return event.terms


KNOWN_METER: Decider[Meter | None, NoteMeter, MeterNoted] = Decider(
    "known_meter", None, decide_meter, evolve_meter, {"meter_noted": MeterNoted}
)
KNOWN_POLICY: Decider[RenewalTerms | None, NotePolicy, PolicyNoted] = Decider(
    "known_policy", None, decide_policy, evolve_policy, {"policy_noted": PolicyNoted}
)
