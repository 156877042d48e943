"""A renewal policy is published in versions."""

from dataclasses import replace
from decimal import Decimal

import pytest

from services.renewals.domain.policy import (
    POLICY,
    InvalidPolicy,
    PolicyTerms,
    PolicyVersion,
    PublishPolicy,
    RenewalPolicyPublished,
    policy_id,
)
from tests.unit.renewals.stories import KNOWN, TERMS


def publish(terms: PolicyTerms) -> PublishPolicy:
    return PublishPolicy(code="standard", terms=terms, at=KNOWN)


def published(version: int, terms: PolicyTerms) -> RenewalPolicyPublished:
    return RenewalPolicyPublished(policy=PolicyVersion(code="standard", version=version, terms=terms), at=KNOWN)


stricter = replace(TERMS, grace_days=0)


def when(history, command):
    return POLICY.decide(POLICY.replay(history), command)


def test_the_first_publication_is_version_one():
    assert when([], publish(TERMS)) == [published(1, TERMS)]


def test_other_terms_are_the_next_version():
    assert when([published(1, TERMS)], publish(stricter)) == [published(2, stricter)]


def test_the_same_terms_again_change_nothing():
    assert when([published(1, TERMS)], publish(TERMS)) == []
    assert when([published(1, TERMS)], publish(replace(TERMS, uplift_percent=Decimal("4.00")))) == []


def test_earlier_terms_may_return_as_a_new_version():
    assert when([published(1, TERMS), published(2, stricter)], publish(TERMS)) == [published(3, TERMS)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("open_days", -1),
        ("grace_days", -1),
        ("grace_days", 31),
        ("grace_mode", "blocked"),
        ("reinstatement_days", -1),
        ("reinstatement_percent", Decimal("-0.01")),
        ("uplift_percent", Decimal(-100)),
    ],
)
def test_impossible_terms_are_refused_by_name(field, value):
    with pytest.raises(InvalidPolicy) as refused:
        when([], publish(replace(TERMS, **{field: value})))
    assert refused.value.field == f"/{field}"


def test_a_policy_is_found_by_its_code():
    assert policy_id("standard") == policy_id("standard") != policy_id("other")
