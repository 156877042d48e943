"""What usage listens to, and how it answers."""

from __future__ import annotations

from collections.abc import Iterator

from services.usage.domain.usage_period import USAGE_PERIOD
from services.usage.domain.usage_period.commands import OpenPeriod, ShortenPeriod
from services.usage.domain.usage_period.decide import PeriodNotFound
from services.usage.domain.usage_period.state import PeriodTerms, UsagePeriod
from services.usage.metering.periods import open_period
from services.usage.metering.shortening import shorten_period
from services.usage.metering.watches import PeriodKey
from services.usage.projections import meters, thresholds
from shared.contracts.billing import UsagePeriodOpenedV1, UsagePeriodShortenedV1
from shared.inbox import Handlers, Reads
from shared.messages import Message
from shared.orders import Order
from shared.unit_of_work import UnitOfWork

TOPICS = ["billing.usage_periods"]


def _usage_period_opened(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    """With what was metered before. A meter that is not there yet may still come: the message waits for it."""
    tx = unit.session.connection  # nothing that is read here was written by an earlier message of the batch
    body = message.read(UsagePeriodOpenedV1)
    meter = meters.current(tx, unit.tenant_id, body.meter)
    terms = _terms(body, meter.version)
    inherited = thresholds.before(
        tx,
        unit.tenant_id,
        subscription_id=terms.subscription_id,
        charge=terms.charge,
        meter=terms.meter,
        starts_at=terms.starts_at,
    )
    is_new = unit.state(USAGE_PERIOD, body.period_id) is None
    key = PeriodKey(unit.tenant_id, body.period_id)
    totals = open_period(tx, key, terms, meter.definition) if is_new else ()
    yield Order(USAGE_PERIOD, body.period_id, OpenPeriod(terms=terms, totals=totals, thresholds=inherited))


def _usage_period_shortened(message: Message, unit: UnitOfWork) -> Iterator[Order]:
    """Once: what is said again finds the end where it is."""
    body = message.read(UsagePeriodShortenedV1)
    period: UsagePeriod | None = unit.state(USAGE_PERIOD, body.period_id)
    if period is None:
        raise PeriodNotFound("no such usage period")
    if body.ends_at < period.terms.ends_at:
        key = PeriodKey(unit.tenant_id, body.period_id)
        totals = shorten_period(unit.tx, key, max(body.ends_at, period.terms.starts_at))
        yield Order(USAGE_PERIOD, body.period_id, ShortenPeriod(ends_at=body.ends_at, totals=totals))


def _terms(body: UsagePeriodOpenedV1, meter_version: int) -> PeriodTerms:
    return PeriodTerms(
        period_id=body.period_id,
        subscription_id=body.subscription_id,
        customer_id=body.customer_id,
        subjects=tuple(body.subjects),
        charge=body.charge,
        meter=body.meter,
        meter_version=meter_version,
        group_by=tuple(body.group_by),
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        collect_seconds=body.collect_seconds,
    )


HANDLERS: Handlers = {
    UsagePeriodOpenedV1.TYPE: Reads(_usage_period_opened),
    UsagePeriodShortenedV1.TYPE: Reads(_usage_period_shortened),
}
