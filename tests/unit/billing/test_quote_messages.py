"""What the others hear of plans and quotes, from the events alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from services.billing.domain.catalogue import PlanPublished
from services.billing.messaging.outbound import to_contract
from shared.contracts import billing as contracts
from shared.money import Money
from tests.unit.billing.offers import (
    CUSTOMER_ID,
    NOW,
    OPPORTUNITY_ID,
    PLAN,
    PLAN_ID,
    QUOTE_ID,
    SUBSCRIPTION_ID,
    UNTIL,
    accept,
    approve,
    decline,
    draft,
    events_of,
    expire,
    line,
    out,
    outdate,
    refuse,
    revise,
    send,
    submit,
    withdraw,
)

renewal = replace(
    draft(line("10")),
    purpose="renewal",
    subscription_id=SUBSCRIPTION_ID,
    opportunity_id=OPPORTUNITY_ID,
    prior_annual=Money(1_700_000, "USD"),
)
ABOUT = {
    "quote_id": QUOTE_ID,
    "version": 1,
    "purpose": "renewal",
    "customer_id": CUSTOMER_ID,
    "customer_key": "F9",
    "subscription_id": SUBSCRIPTION_ID,
    "opportunity_id": OPPORTUNITY_ID,
}


def told(*commands: object) -> list[object]:
    return [contract for event in events_of(*commands) if (contract := to_contract(event)) is not None]


def test_a_renewal_is_told_from_its_draft_to_its_value():
    assert told(renewal, submit(), approve(), send(), accept()) == [
        contracts.QuoteDraftedV1(**ABOUT),
        contracts.QuoteSentV1(**ABOUT, valid_until=UNTIL),
        contracts.QuoteAcceptedV1(
            **ABOUT,
            accepted_at=NOW,
            accepted_on=date(2012, 12, 3),
            currency="USD",
            term_months=12,
            prior_annual_minor=1_700_000,
            list_annual_minor=1_800_000,
            discount_annual_minor=180_000,
            booked_annual_minor=1_620_000,
        ),
    ]


def test_every_end_without_a_yes_is_told_with_its_outcome():
    ends = [told(*out, end)[-1] for end in (decline(), withdraw(), expire())]
    assert [(end.outcome, end.quote_id) for end in ends if isinstance(end, contracts.QuoteClosedV1)] == [
        ("declined", QUOTE_ID),
        ("withdrawn", QUOTE_ID),
        ("expired", QUOTE_ID),
    ]


def test_what_happens_inside_the_house_stays_there():
    history = (draft(line("20")), submit(), refuse(), revise(line("19")), submit(), approve(), outdate())
    assert [type(contract) for contract in told(*history)] == [contracts.QuoteDraftedV1]


def test_a_plan_is_told_with_what_it_grants():
    assert to_contract(PlanPublished(plan_id=PLAN_ID, plan=PLAN)) == contracts.PlanPublishedV1(
        plan_id=PLAN_ID, code="gate-use", version=1, features={"gates": None, "lounge": 5}
    )
