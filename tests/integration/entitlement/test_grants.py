"""From a subscription to an answer: a right is granted, begins, ends, and is renewed."""

from datetime import timedelta

from tests.integration.entitlement.rights import Rights
from tests.support.billing_news import local
from tests.support.published import published

SECOND = timedelta(seconds=1)


def test_a_subscription_allows_what_it_sells_from_its_first_day(rights: Rights) -> None:
    rights.sold("F9", features={"gates": None, "lounges": 3})
    rights.arrive()
    early = rights.check("F9")
    assert (early["allowed"], early["reason"]) == (False, "not_started")
    assert [link["what"] for link in early["because"]] == ["term_start"]
    rights.move(local("2013-01-01"))
    assert rights.reason("F9") == "allowed"
    lounges = rights.check("F9", "lounges")
    assert (lounges["limit"], lounges["until"]) == (3, "2014-01-01T05:00:00Z")
    shown = rights.entitlement("F9")
    assert (shown["status"], shown["account"], shown["term_number"]) == ("active", "F9", 1)


def test_rights_are_listed_by_a_status_that_there_is(rights: Rights) -> None:
    rights.sold("F9")
    rights.arrive()
    listed = rights.client.get("/v1/entitlements?status=scheduled").json()["items"]
    assert [right["account"] for right in listed] == ["F9"]
    refused = rights.client.get("/v1/entitlements?status=asleep")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "query:status")


def test_grace_expiry_and_a_late_renewal(rights: Rights) -> None:
    late = rights.sold("F9")
    rights.move(local("2014-01-01"))
    grace = rights.check("F9")
    assert (grace["allowed"], grace["reason"]) == (True, "allowed_in_grace")
    assert grace["grace_until"] == "2014-01-15T05:00:00Z"
    late.ended(local("2014-01-01"))
    rights.move(local("2014-01-15"))
    assert rights.reason("F9") == "expired"
    assert rights.holds("F9", standing=True) == [("expiry", "2014-01-15T05:00:00Z", None)]
    rights.move(local("2014-01-20", 12))
    late.renewed(local("2014-01-20", 12), reinstated=True)
    rights.arrive()
    assert rights.reason("F9") == "allowed"
    assert rights.holds("F9") == [("expiry", "2014-01-15T05:00:00Z", "2014-01-20T17:00:00Z")]
    assert rights.entitlement("F9")["ends_at"] == "2015-01-01T05:00:00Z"


def test_one_move_of_the_clock_fires_every_instant_in_its_order(rights: Rights) -> None:
    rights.sold("OO")
    rights.move(local("2014-01-14"))
    rights.move(local("2014-01-20"))
    path = f"/v1/entitlements/{rights.entitlement('OO')['entitlement_id']}/history"
    history = rights.client.get(path).json()
    assert [(each["event"], each["occurred_at"]) for each in history] == [
        ("entitlement_granted", "2012-12-10T05:00:00Z"),
        ("entitlement_scheduled", "2012-12-10T05:00:00Z"),
        ("entitlement_activated", "2013-01-01T05:00:00Z"),
        ("entitlement_grace_started", "2014-01-01T05:00:00Z"),
        ("entitlement_expired", "2014-01-15T05:00:00Z"),
        ("entitlement_hold_placed", "2014-01-15T05:00:00Z"),
    ]
    assert {each["actor"] for each in history} == {"entitlement", "clock"}
    assert rights.client.get(path, params={"after_version": 5}).json() == history[5:]


def test_a_renewal_signed_in_time_undoes_the_grace_that_was_faster(rights: Rights) -> None:
    sold = rights.sold("AA")
    rights.move(local("2014-01-01", 0, 1))
    assert rights.reason("AA") == "allowed_in_grace"
    sold.renewed(local("2014-01-01") - SECOND)
    rights.arrive()
    assert (rights.reason("AA"), rights.entitlement("AA")["status"]) == ("allowed", "active")


def test_grace_ends_at_midnight_of_the_contract_not_of_utc(rights: Rights) -> None:
    rights.sold("HA", zone="Pacific/Honolulu")
    rights.move(local("2014-01-15", zone="Pacific/Honolulu") - SECOND)
    assert rights.reason("HA") == "allowed_in_grace"
    rights.move(local("2014-01-15", zone="Pacific/Honolulu"))
    assert rights.reason("HA") == "expired"


def test_a_past_instant_is_answered_by_what_was_known_then(rights: Rights) -> None:
    rights.sold("VX")
    rights.move(local("2014-01-15"))
    assert rights.reason("VX", as_of="2013-06-01T00:00:00Z") == "allowed"
    assert rights.reason("VX", as_of="2014-01-03T00:00:00Z") == "allowed_in_grace"
    assert rights.reason("VX", as_of="2012-12-05T00:00:00Z") == "unknown_feature"
    assert rights.reason("VX", as_of="2012-12-01T06:00:00Z") == "unknown_account"
    path = f"/v1/entitlements/{rights.entitlement('VX')['entitlement_id']}"
    assert rights.client.get(path, params={"as_of": "2013-06-01T00:00:00Z"}).json()["status"] == "active"
    assert rights.client.get(path, params={"as_of": "2012-12-05T00:00:00Z"}).status_code == 404
    refused = rights.client.get(path, params={"as_of": "2020-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["title"]) == (422, "future_instant")


def test_a_feature_was_unknown_before_the_catalogue_named_it(rights: Rights) -> None:
    rights.sold("VX")
    asked_at = local("2012-12-15")
    rights.move(asked_at)
    before = rights.check("VX", "spas")
    assert before["reason"] == "unknown_feature"
    rights.move(local("2012-12-16"))
    rights.news.plan(local("2012-12-16"), {"spas": None}, code="spa")
    rights.arrive()
    assert rights.reason("VX", "spas") == "no_entitlement"
    assert rights.check("VX", "spas", as_of=asked_at.isoformat()) == before


def test_a_grant_is_published_and_so_is_its_end(rights: Rights) -> None:
    rights.sold("F9")
    rights.move(local("2014-01-15"))
    told = published(rights.service, "entitlement.entitlements", rights.tenant)
    assert [message.type for message in told] == [
        "entitlement.entitlement_granted.v1",
        "entitlement.entitlement_expired.v1",
        "entitlement.hold_placed.v1",
    ]
    assert [message.sequence for message in told] == [1, 2, 3]
