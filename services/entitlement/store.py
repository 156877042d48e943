"""The event store of entitlement: every aggregate, and everybody who is told in the same transaction."""

from services.entitlement.domain.entitlement import ENTITLEMENT
from services.entitlement.domain.known_account import KNOWN_ACCOUNT
from services.entitlement.domain.known_dunning import KNOWN_DUNNING
from services.entitlement.domain.known_plan import KNOWN_PLAN
from services.entitlement.messaging import outbound
from services.entitlement.processes.schedule import timers_of
from services.entitlement.projections import accounts, entitlements, features, holds
from shared import clock, parked
from shared.clock import TEST_CLOCK
from shared.event_store import EventStore
from shared.outbox import Outbox
from shared.parked import PARKED_MESSAGE
from shared.rebuild import ReadModel
from shared.timers import Schedule

OUTBOX = Outbox("entitlement", outbound.TOPICS, outbound.to_contract)

# What can be built again from the events.
READ_MODELS = (
    ReadModel(accounts.project, ("accounts",)),
    ReadModel(features.project, ("known_features",)),
    ReadModel(entitlements.project, ("entitlements",)),
    ReadModel(holds.project, ("holds",)),
    ReadModel(clock.project, ("test_clocks",)),
)
PROJECTIONS = tuple(model.project for model in READ_MODELS)


def create_store() -> EventStore:
    return EventStore(
        [ENTITLEMENT, KNOWN_ACCOUNT, KNOWN_PLAN, KNOWN_DUNNING, TEST_CLOCK, PARKED_MESSAGE],
        subscribers=[*PROJECTIONS, parked.project, Schedule(timers_of), OUTBOX],
        is_published=OUTBOX.is_published,
    )
