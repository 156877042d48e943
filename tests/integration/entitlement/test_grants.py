"""From a subscription to an answer: a right is granted, begins, ends, and is renewed."""

from tests.integration.entitlement.rights import Rights
from tests.support.billing_news import local


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
