"""A customer that moves to another subscription loses nothing but the old right."""

from tests.integration.entitlement.rights import Rights
from tests.support.billing_news import local


def test_a_migrated_account_is_told_where_its_rights_went(rights: Rights) -> None:
    old, new = rights.sold("US"), rights.sold("AA")
    rights.move(local("2013-12-15"))
    old.not_renewing(local("2013-12-15"), new.subscription_id)
    rights.move(local("2014-01-01"))
    denied = rights.check("US")
    assert (denied["allowed"], denied["reason"]) == (False, "migrated")
    assert denied["successor_entitlement_id"] == rights.entitlement("AA")["entitlement_id"]
    assert rights.entitlement("US")["status"] == "terminated"
    old.ended(local("2014-01-01"))
    rights.move(local("2014-01-20"))
    assert (rights.reason("US"), rights.holds("US")) == ("migrated", [])


def test_a_successor_named_after_expiry_removes_the_hold(rights: Rights) -> None:
    old, new = rights.sold("FL"), rights.sold("WN")
    rights.move(local("2014-01-15"))
    assert rights.reason("FL") == "expired"
    old.not_renewing(local("2014-01-15"), new.subscription_id)
    rights.arrive()
    assert (rights.reason("FL"), rights.holds("FL", standing=True)) == ("migrated", [])
