"""The event store of usage: every aggregate, and everybody who is told in the same transaction."""

from services.usage.domain.backfill import BACKFILL
from services.usage.domain.meter import METER
from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.messaging import outbound
from services.usage.projections import backfills, meters, usage_periods
from shared import clock, parked
from shared.clock import TEST_CLOCK
from shared.event_store import EventStore
from shared.outbox import Outbox
from shared.parked import PARKED_MESSAGE
from shared.rebuild import ReadModel

OUTBOX = Outbox("usage", outbound.TOPICS, outbound.to_contract)


# What can be built again from the events; what is metered comes from the ingest log.
READ_MODELS = (
    ReadModel(meters.project, ("usage_meters",)),
    ReadModel(usage_periods.project, ("usage_periods", "usage_period_subjects")),
    ReadModel(backfills.project, ("backfills",)),
    ReadModel(clock.project, ("test_clocks",)),
)


def create_store() -> EventStore:
    return EventStore(
        [METER, USAGE_PERIOD, BACKFILL, TEST_CLOCK, PARKED_MESSAGE],
        subscribers=[*(model.project for model in READ_MODELS), parked.project, OUTBOX],
        is_published=OUTBOX.is_published,
    )
