"""From a term to its renewal: opened by the clock, quoted and accepted in billing, won here."""

from uuid import uuid4

from shared.contracts import billing
from shared.contracts.renewals import RenewalOpportunityOpenedV1, RenewalPolicyPublishedV1, RenewalWonV1
from tests.integration.renewals.desk import Desk
from tests.support.billing_news import local
from tests.support.published import published


def test_the_clock_opens_an_opportunity_and_asks_for_a_quote(desk: Desk) -> None:
    desk.sold("F9")
    desk.move(local("2013-10-02", 23, 59))
    assert desk.opportunities() == []
    assert [each["customer"] for each in desk.opportunities(state="tracked")] == ["F9"]
    desk.move(local("2013-10-03"))
    opened = desk.opportunity("F9")
    assert (opened["state"], opened["base_minor"], opened["due_on"]) == ("open", 1_800_000, "2013-12-31")
    assert opened["opened_at"] == "2013-10-03T04:00:00Z"
    (told,) = published(desk.service, "renewals.opportunities", desk.tenant)
    asked = told.read(RenewalOpportunityOpenedV1)
    assert (asked.customer_key, asked.term_number, str(asked.uplift_percent)) == ("F9", 1, "4")
    assert told.time == local("2013-10-03")
    (policy,) = published(desk.service, "renewals.policies", desk.tenant)
    assert policy.read(RenewalPolicyPublishedV1).grace_days == 14


def test_an_accepted_quote_wins_on_time(desk: Desk) -> None:
    sold = desk.sold("AA")
    desk.move(local("2013-12-10", 12))
    quote_id = desk.drafted(sold, local("2013-10-03"))
    desk.arrive()
    assert desk.opportunity("AA")["quote_id"] == f"quo_{quote_id.hex}"
    desk.accepted(sold, local("2013-12-10", 12), "2013-12-10")
    desk.arrive()
    won = desk.opportunity("AA")
    assert (won["state"], won["on_time"], won["late_days"]) == ("won", True, 0)
    assert (won["decided_on"], won["booked_minor"], won["reason"]) == ("2013-12-10", 1_872_000, None)
    (_, told) = published(desk.service, "renewals.opportunities", desk.tenant)
    assert told.read(RenewalWonV1).quote_id == quote_id


def test_a_late_acceptance_wins_late_on_the_local_day(desk: Desk) -> None:
    sold = desk.sold("F9")
    desk.move(local("2014-01-20", 23, 30))
    desk.accepted(sold, local("2014-01-20", 23, 30), "2014-01-20")
    desk.arrive()
    won = desk.opportunity("F9")
    assert (won["state"], won["on_time"], won["late_days"], won["decided_on"]) == ("won", False, 20, "2014-01-20")


def test_a_renewed_term_is_the_next_to_be_renewed(desk: Desk) -> None:
    sold = desk.sold("AA")
    desk.move(local("2013-12-10"))
    sold.renewed(local("2013-12-10"))
    desk.arrive()
    (tracked,) = desk.opportunities(state="tracked")
    assert (tracked["term_number"], tracked["due_on"], tracked["base_minor"]) == (2, "2014-12-31", 1_872_000)


def test_an_acceptance_that_is_heard_of_before_the_term_wins_once_the_term_is_known(desk: Desk) -> None:
    sold = desk.new("AA")
    desk.move(local("2013-12-10"))
    desk.accepted(sold, local("2013-12-10"), "2013-12-10")
    desk.arrive()
    sold.created(local("2012-12-10"))
    desk.arrive_in_the_end(lambda: [each["state"] for each in desk.opportunities()] == ["won"])


def test_a_person_may_open_early_and_note_contacts(desk: Desk) -> None:
    sold = desk.sold("AA")
    desk.move(local("2013-07-01", 12))
    opened = desk.client.post("/v1/opportunities", json={"subscription_id": f"sub_{sold.subscription_id.hex}"})
    assert (opened.status_code, opened.json()["state"], opened.json()["opened_by"]) == (201, "open", "tester")
    contact = {"channel": "call", "contact_id": str(uuid4()), "cost_minor": 2500}
    for _ in range(2):
        noted = desk.client.post(f"{desk.path('AA')}/contacts", json=contact)
    assert [each["days_in_advance"] for each in noted.json()["contacts"]] == [183]
    assert desk.metrics()["amounts_minor"]["cost"] == 2500
    unknown = desk.client.post("/v1/opportunities", json={"subscription_id": f"sub_{uuid4().hex}"})
    assert unknown.status_code == 404


def test_silence_is_a_loss_once_nobody_may_come_back(desk: Desk) -> None:
    desk.sold("OO")
    desk.move(local("2015-01-14", 23, 59))
    assert desk.opportunity("OO")["state"] == "open"
    desk.move(local("2015-01-15"))
    lost = desk.opportunity("OO")
    assert (lost["state"], lost["reason"], lost["reason_class"]) == ("lost", "no_response", "unresolved")
    assert lost["decided_at"] == "2015-01-15T05:00:00Z"


def test_a_subscription_without_policy_is_renewed_by_nobody(desk: Desk) -> None:
    desk.sold("ZZ", policy="")
    desk.arrive()
    assert desk.opportunities(state="tracked") == []


def test_a_quote_for_something_new_decides_nothing(desk: Desk) -> None:
    sold = desk.sold("AA")
    desk.move(local("2013-10-03"))
    quote_id = uuid4()
    new = billing.QuoteDraftedV1(
        quote_id=quote_id, version=1, purpose="new", customer_id=sold.customer_id, customer_key="AA"
    )
    desk.news.tell("quote", quote_id, new, local("2013-10-03"))
    desk.arrive()
    assert desk.opportunity("AA")["quote_id"] is None


def test_another_tenant_sees_nothing(desk: Desk) -> None:
    desk.sold("AA")
    desk.move(local("2013-10-03"))
    stranger = desk.service.client(f"stranger-{uuid4().hex}")
    assert stranger.get(desk.path("AA")).status_code == 404
    assert stranger.post(f"{desk.path('AA')}/close-lost", json={"reason": "budget_lost"}).status_code == 404
    assert stranger.get("/v1/opportunities").json()["items"] == []
    assert stranger.get("/v1/policies/standard").status_code == 404
    metrics = stranger.get("/v1/metrics/renewals", params={"due_from": "2013-01-01", "due_to": "2014-01-01"}).json()
    assert (metrics["due_count"], metrics["gross_renewal_rate"], metrics["currency"]) == (0, None, None)
