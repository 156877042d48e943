"""Credit that is bought by itself: when less than a threshold is left of a wallet, its customer is charged for more."""

from services.billing.domain.top_up.commands import TopUpCommand
from services.billing.domain.top_up.decide import decide
from services.billing.domain.top_up.events import EVENT_TYPES, TopUpEvent
from services.billing.domain.top_up.evolve import evolve
from services.billing.domain.top_up.state import TopUp
from shared.decider import Decider

TOP_UP: Decider[TopUp | None, TopUpCommand, TopUpEvent] = Decider("top_up", None, decide, evolve, EVENT_TYPES)
