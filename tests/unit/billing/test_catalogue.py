"""Plans are published in versions, with meters and policies that the other services have told us of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.billing.domain.catalogue import (
    PLAN as CATALOGUE,
)
from services.billing.domain.catalogue import (
    PlanPublished,
    PublishPlan,
    UnknownGroup,
    UnknownMeter,
    UnknownRenewalPolicy,
)
from services.billing.domain.plan import MinimumCommitment, PlanVersion
from services.billing.domain.plan_validation import NothingToSell
from services.billing.domain.reference import KNOWN_METER, KNOWN_POLICY, Meter, NoteMeter, NotePolicy
from services.billing.domain.taxation.listed import UnlistedTaxCategory
from shared.money import Money
from tests.unit.billing.offers import PLAN, PLAN_ID, POLICY
from tests.unit.billing.prices import metered, per_unit

METER = Meter(slug="departures", version=1, aggregation="count", unit="flight", groups=("origin",))


def publish(plan: PlanVersion = PLAN, **known: object) -> PublishPlan:
    known = {"meters": {"departures": ("origin",)}, "policies": ("standard",)} | known
    return PublishPlan(plan_id=PLAN_ID, plan=plan, **known)


def test_a_first_publication_is_version_one_whatever_was_sent():
    published = CATALOGUE.decide(None, publish(replace(PLAN, version=9)))
    assert published == [PlanPublished(plan_id=PLAN_ID, plan=PLAN)]


def test_other_content_is_the_next_version_and_the_same_content_is_none():
    dearer = replace(PLAN, name="Gate use, dearer")
    assert CATALOGUE.decide(PLAN, publish(dearer))[0].plan == replace(dearer, version=2)
    assert CATALOGUE.decide(replace(PLAN, version=2), publish()) == []


def test_a_plan_that_makes_no_sense_is_refused():
    with pytest.raises(NothingToSell):
        CATALOGUE.decide(None, publish(replace(PLAN, prices={})))


def test_a_meter_that_usage_has_not_defined_is_named():
    with pytest.raises(UnknownMeter) as refused:
        CATALOGUE.decide(None, publish(meters={"arrivals": ("origin",)}))
    assert refused.value.field == "/prices/USD/1/meter"


def test_a_group_that_the_meter_does_not_have_is_named():
    by_gate = replace(PLAN, prices={"USD": (metered("departures", per_unit("1"), group_by=("origin", "gate")),)})
    with pytest.raises(UnknownGroup) as refused:
        CATALOGUE.decide(None, publish(by_gate))
    assert refused.value.field == "/prices/USD/0/group_by/1"


def test_a_policy_that_renewals_has_not_published_is_named():
    with pytest.raises(UnknownRenewalPolicy) as refused:
        CATALOGUE.decide(None, publish(policies=()))
    assert refused.value.field == "/renewal_policy"
    assert CATALOGUE.decide(None, publish(replace(PLAN, renewal_policy=None), policies=()))


def test_a_tax_category_that_no_place_lists_is_named():
    fee, departures = PLAN.prices["USD"]
    standard = replace(fee, tax_rates=(), tax_category="standard")
    minimum = MinimumCommitment(code="least", name="Minimum", amount=Money(100, "USD"), tax_category="reduced")
    plan = replace(PLAN, prices={"USD": (standard, departures)}, minimums={"USD": minimum})
    for listed, field in ((set(), "/prices/USD/0"), ({"standard"}, "/minimums/USD")):
        with pytest.raises(UnlistedTaxCategory) as refused:
            CATALOGUE.decide(None, publish(plan, tax_categories=frozenset(listed)))
        assert refused.value.field == f"{field}/tax_category"
    assert CATALOGUE.decide(None, publish(plan, tax_categories=frozenset({"standard", "reduced"})))


def test_a_category_that_a_price_has_of_its_product_is_listed_as_well():
    fee, departures = PLAN.prices["USD"]
    untaxed = replace(PLAN, product="books", prices={"USD": (replace(fee, tax_rates=()), departures)}, minimums={})
    with pytest.raises(UnlistedTaxCategory):
        CATALOGUE.decide(None, publish(untaxed, products={"books": "reduced"}))


def test_a_newer_meter_replaces_what_was_known_and_an_older_one_does_not():
    newer = replace(METER, version=2, groups=("origin", "gate"))
    known = KNOWN_METER.replay(KNOWN_METER.decide(METER, NoteMeter(meter=newer)))
    assert known == newer
    assert KNOWN_METER.decide(known, NoteMeter(meter=METER)) == []
    assert KNOWN_METER.decide(known, NoteMeter(meter=newer)) == []


def test_a_newer_policy_replaces_what_was_known_and_an_older_one_does_not():
    assert KNOWN_POLICY.decide(None, NotePolicy(terms=POLICY))[0].terms == POLICY
    assert KNOWN_POLICY.decide(POLICY, NotePolicy(terms=replace(POLICY, version=1))) == []
