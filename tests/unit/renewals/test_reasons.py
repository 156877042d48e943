"""The fixed list of reasons for not renewing."""

import pytest

from services.renewals.domain.reasons import REASONS, UnknownReason, reason_for

table = """
budget_lost                       churn              partly
product_decommissioned            churn              no
competitor_chosen                 churn              yes
newly_released_product_chosen     migration          not_applicable
migrated_to_successor             migration          not_applicable
terms_disliked                    churn              yes
price_increase                    churn              yes
no_perceived_value                churn              yes
support_not_needed                downsell_or_churn  yes
never_contacted                   churn              yes
no_response                       unresolved         yes
payment_failed                    involuntary        yes
cancelled_in_term                 churn              partly
business_closed_or_acquired       churn              no
champion_left                     churn              yes
product_gap                       churn              yes
consolidated_into_other_contract  superseded         not_applicable
channel_change                    superseded         not_applicable
transferred_to_other_customer     superseded         not_applicable
compliance_or_fraud               vendor_initiated   not_applicable
"""


@pytest.mark.parametrize(("code", "churn_class", "addressable"), [row.split() for row in table.strip().splitlines()])
def test_every_reason_has_a_class_and_says_whether_it_can_be_addressed(code, churn_class, addressable):
    reason = reason_for(code)
    assert (reason.code, reason.churn_class, reason.addressable) == (code, churn_class, addressable)


def test_there_are_twenty():
    assert len(REASONS) == 20


@pytest.mark.parametrize(
    ("said", "meant"),
    [("under_used", "no_perceived_value"), ("late_contact", "never_contacted"), ("quality", "product_gap")],
)
def test_a_synonym_means_the_reason_of_its_row(said, meant):
    assert reason_for(said).code == meant


def test_any_other_reason_is_refused():
    with pytest.raises(UnknownReason) as refused:
        reason_for("because")
    assert refused.value.field == "/reason"
