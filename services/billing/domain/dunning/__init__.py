"""Dunning of a subscription, or of what a customer owes beside any: a ladder climbed by the oldest unpaid invoice."""

from services.billing.domain.dunning.commands import DunningCommand
from services.billing.domain.dunning.decide import decide
from services.billing.domain.dunning.events import EVENT_TYPES, DunningEvent
from services.billing.domain.dunning.evolve import evolve
from services.billing.domain.dunning.state import Dunning
from shared.decider import Decider

DUNNING: Decider[Dunning, DunningCommand, DunningEvent] = Decider("dunning", Dunning(), decide, evolve, EVENT_TYPES)
