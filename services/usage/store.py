"""The event store of usage: every aggregate, and everybody who is told in the same transaction."""

from services.usage.domain.meter import METER
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.messaging import outbound
from services.usage.projections import meters, usage_periods
from shared import clock, parked
from shared.clock import TEST_CLOCK
from shared.event_store import EventStore
from shared.outbox import Outbox
from shared.parked import PARKED_MESSAGE

OUTBOX = Outbox("usage", outbound.TOPICS, outbound.to_contract)


def create_store() -> EventStore:
    return EventStore(
        [METER, USAGE_PERIOD, TEST_CLOCK, PARKED_MESSAGE],
        subscribers=[meters.project, usage_periods.project, clock.project, parked.project, OUTBOX],
        is_published=OUTBOX.is_published,
    )
