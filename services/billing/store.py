"""The event store of billing: every aggregate, and everybody who is told in the same transaction."""

from services.billing.domain.customer import CUSTOMER
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.messaging import outbound
from services.billing.projections import customers
from shared import clock, parked
from shared.clock import TEST_CLOCK
from shared.event_store import EventStore
from shared.outbox import Outbox
from shared.parked import PARKED_MESSAGE

OUTBOX = Outbox("billing", outbound.TOPICS, outbound.to_contract)


def create_store() -> EventStore:
    return EventStore(
        [CUSTOMER, TENANT_SETTINGS, TEST_CLOCK, PARKED_MESSAGE],
        subscribers=[customers.project, clock.project, parked.project, OUTBOX],
        is_published=OUTBOX.is_published,
    )
