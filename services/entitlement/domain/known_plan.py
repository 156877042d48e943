"""The features that billing's plans name: what an application may ask for at all."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnPlanVersion:
    plan_id: UUID
    code: str
    version: int
    features: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersionLearned:
    plan_id: UUID
    code: str
    version: int
    features: tuple[str, ...]


Versions = frozenset[int]


def decide(known: Versions, command: LearnPlanVersion) -> list[PlanVersionLearned]:
    if command.version in known:
        return []
    learned = PlanVersionLearned(
        plan_id=command.plan_id, code=command.code, version=command.version, features=command.features
    )
    return [learned]


def evolve(known: Versions, event: PlanVersionLearned) -> Versions:
    return known | {event.version}


KNOWN_PLAN: Decider[Versions, LearnPlanVersion, PlanVersionLearned] = Decider(
    "known_plan", frozenset(), decide, evolve, {"plan_version_learned": PlanVersionLearned}
)
