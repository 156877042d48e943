"""The event store of renewals: every aggregate, and everybody who is told in the same transaction."""

from services.renewals.domain.known_customer import KNOWN_CUSTOMER
from services.renewals.domain.opportunity import OPPORTUNITY
from services.renewals.domain.policy import POLICY
from services.renewals.messaging import outbound
from services.renewals.processes.schedule import timers_of
from services.renewals.projections import customers, opportunities, policies, subscriptions
from shared import clock, parked
from shared.clock import TEST_CLOCK
from shared.event_store import EventStore
from shared.outbox import Outbox
from shared.parked import PARKED_MESSAGE
from shared.rebuild import ReadModel
from shared.timers import Schedule

OUTBOX = Outbox("renewals", outbound.TOPICS, outbound.to_contract)

# What can be built again from the events.
READ_MODELS = (
    ReadModel(customers.project, ("customers",)),
    ReadModel(policies.project, ("policy_versions",)),
    ReadModel(subscriptions.project, ("subscriptions",)),
    ReadModel(opportunities.project, ("opportunities",)),
    ReadModel(clock.project, ("test_clocks",)),
)
PROJECTIONS = tuple(model.project for model in READ_MODELS)


def create_store() -> EventStore:
    return EventStore(
        [POLICY, OPPORTUNITY, KNOWN_CUSTOMER, TEST_CLOCK, PARKED_MESSAGE],
        subscribers=[*PROJECTIONS, parked.project, Schedule(timers_of), OUTBOX],
        is_published=OUTBOX.is_published,
    )
