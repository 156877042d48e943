"""A closing says why: from the list, with the successor where the customer moved."""

from shared.contracts.renewals import RenewalLostV1, RenewalSupersededV1
from tests.integration.renewals.desk import Desk
from tests.support.billing_news import local
from tests.support.published import published


def test_a_closing_without_a_reason_from_the_list_is_refused(desk: Desk) -> None:
    desk.sold("OO")
    desk.move(local("2013-12-15"))
    assert desk.close("OO").status_code == 422
    unknown = desk.close("OO", reason="felt_like_it")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert desk.opportunity("OO")["state"] == "open"
    codes = [each["code"] for each in desk.client.get("/v1/reasons").json()]
    assert len(codes) == 20
    assert {"budget_lost", "migrated_to_successor"} < set(codes)


def test_a_lost_budget_is_churn_and_told_to_billing(desk: Desk) -> None:
    desk.sold("OO")
    desk.move(local("2014-01-15"))
    lost = desk.close("OO", reason="budget_lost", note="no funds").json()
    assert (lost["state"], lost["reason"], lost["reason_class"]) == ("lost", "budget_lost", "churn")
    assert (lost["decided_on"], lost["decided_by"], lost["booked_minor"]) == ("2014-01-15", "tester", 0)
    desk.arrive()
    told = published(desk.service, "renewals.opportunities", desk.tenant)[-1].read(RenewalLostV1)
    assert (told.reason, told.customer_key, told.base_minor) == ("budget_lost", "OO", 1_800_000)
    assert desk.close("OO", reason="budget_lost").json()["version"] == lost["version"]
    assert desk.close("OO", reason="champion_left").status_code == 409


def test_a_migration_names_its_successor_by_customer(desk: Desk) -> None:
    _, winner = desk.sold("US"), desk.sold("AA")
    desk.move(local("2013-12-15"))
    assert desk.close("US", reason="migrated_to_successor").status_code == 422
    moved = desk.close("US", reason="migrated_to_successor", successor_customer="AA").json()
    assert (moved["state"], moved["reason"]) == ("superseded", "migrated_to_successor")
    assert moved["successor_subscription_id"] == f"sub_{winner.subscription_id.hex}"
    desk.arrive()
    told = published(desk.service, "renewals.opportunities", desk.tenant)[-1].read(RenewalSupersededV1)
    assert told.successor_subscription_id == winner.subscription_id
    taken_over = desk.client.get(desk.path("AA")).json()
    assert (taken_over["migrated_in_minor"], taken_over["base_minor"]) == (1_800_000, 1_800_000)


def test_a_successor_that_cannot_be_found_is_asked_for(desk: Desk) -> None:
    desk.sold("US")
    desk.sold("AA")
    desk.sold("AA")
    desk.move(local("2013-12-15"))
    unknown = desk.close("US", reason="migrated_to_successor", successor_customer="ZZ")
    assert (unknown.status_code, unknown.json()["title"]) == (422, "successor_not_found")
    several = desk.close("US", reason="migrated_to_successor", successor_customer="AA")
    assert (several.status_code, several.json()["title"]) == (422, "ambiguous_successor")


def test_nothing_is_its_own_successor(desk: Desk) -> None:
    ending = desk.sold("US")
    desk.move(local("2013-12-15"))
    itself = {"successor_subscription_id": f"sub_{ending.subscription_id.hex}"}
    refused = desk.close("US", reason="migrated_to_successor", **itself)
    assert (refused.status_code, refused.json()["title"]) == (422, "successor_is_itself")
    alone = desk.close("US", reason="migrated_to_successor", successor_customer="US")
    assert (alone.status_code, alone.json()["errors"][0]["pointer"]) == (422, "/successor_customer")
    assert desk.opportunity("US")["state"] == "open"


def test_a_customer_who_stays_moves_to_another_subscription_even_where_the_old_one_was_the_longest(desk: Desk) -> None:
    desk.sold("US")
    newer = desk.new("US")
    newer.created(local("2013-06-10"), starts_on="2013-06-15", ends_on="2013-12-20")
    desk.move(local("2013-12-15"))
    (old,) = desk.opportunities(customer="US", due_from="2013-12-31")
    close = {"reason": "migrated_to_successor", "successor_customer": "US"}
    moved = desk.client.post(f"/v1/opportunities/{old['opportunity_id']}/close-lost", json=close).json()
    assert moved["successor_subscription_id"] == f"sub_{newer.subscription_id.hex}"


def test_a_signature_that_comes_after_the_closing_wins(desk: Desk) -> None:
    sold = desk.sold("F9")
    desk.move(local("2014-01-10", 12))
    desk.close("F9", reason="champion_left")
    desk.accepted(sold, local("2014-01-10", 12), "2014-01-10")
    desk.arrive()
    won = desk.opportunity("F9")
    assert (won["state"], won["late_days"], won["reason"]) == ("won", 10, None)


def test_closing_needs_its_own_scope(desk: Desk) -> None:
    desk.sold("OO")
    desk.move(local("2013-10-03"))
    reader = desk.service.client(desk.tenant, scopes=["renewals:read"])
    assert reader.post(f"{desk.path('OO')}/close-lost", json={"reason": "budget_lost"}).status_code == 403
