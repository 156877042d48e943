"""What billing hears of meters and renewal policies, as orders to note them."""

from __future__ import annotations

from collections.abc import Iterable

from services.billing.domain.agreement import AutoRenewal, RenewalTerms
from services.billing.domain.reference import (
    KNOWN_METER,
    KNOWN_POLICY,
    Meter,
    NoteMeter,
    NotePolicy,
    meter_id,
    policy_id,
)
from shared.contracts.renewals import RenewalPolicyPublishedV1
from shared.contracts.usage import MeterDefinedV1
from shared.messages import Message
from shared.orders import Order


def meter_defined(message: Message) -> Iterable[Order]:
    told = message.read(MeterDefinedV1)
    meter = Meter(
        slug=told.slug,
        version=told.version,
        aggregation=told.aggregation,
        unit=told.unit,
        groups=tuple(told.groups),
    )
    yield Order(KNOWN_METER, meter_id(message.tenantid, told.slug), NoteMeter(meter=meter))


def policy_published(message: Message) -> Iterable[Order]:
    told = message.read(RenewalPolicyPublishedV1)
    terms = RenewalTerms(
        policy=told.code,
        version=told.version,
        grace_days=told.grace_days,
        reinstatement_days=told.reinstatement_days,
        reinstatement_percent=told.reinstatement_percent,
        uplift_percent=told.uplift_percent,
        auto=_auto(told),
    )
    yield Order(KNOWN_POLICY, policy_id(message.tenantid, told.code), NotePolicy(terms=terms))


def _auto(told: RenewalPolicyPublishedV1) -> AutoRenewal | None:
    if told.notice_days is None or told.price_cap_percent is None:
        return None
    return AutoRenewal(notice_days=told.notice_days, price_cap_percent=told.price_cap_percent)
