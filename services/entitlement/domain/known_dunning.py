"""The steps of dunning of one subscription since it last owed nothing, as billing told us: why a hold was placed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.entitlement.domain.entitlement.holds import OverdueInvoice
from shared.decider import Decider


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningStep:
    step: str
    at: datetime
    message_id: UUID
    invoices: tuple[OverdueInvoice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnStep:
    step: DunningStep


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnCleared:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningStepLearned:
    step: DunningStep


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningClearedLearned:
    at: datetime


Steps = tuple[DunningStep, ...]
DunningCommand = LearnStep | LearnCleared
DunningEvent = DunningStepLearned | DunningClearedLearned


def decide(known: Steps, command: DunningCommand) -> list[DunningEvent]:
    match command:
        case LearnStep(step=step):
            return [] if step in known else [DunningStepLearned(step=step)]
        case LearnCleared(at=at):
            return [DunningClearedLearned(at=at)] if known else []


def evolve(known: Steps, event: DunningEvent) -> Steps:
    match event:
        case DunningStepLearned(step=step):
            return (*known, step)
        case DunningClearedLearned():
            return ()


KNOWN_DUNNING: Decider[Steps, DunningCommand, DunningEvent] = Decider(
    "known_dunning",
    (),
    decide,
    evolve,
    {"dunning_step_learned": DunningStepLearned, "dunning_cleared_learned": DunningClearedLearned},
)
