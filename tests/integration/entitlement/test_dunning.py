"""Debt suspends and payment frees, in every order in which the news may come."""

from tests.integration.entitlement.rights import Rights
from tests.support.billing_news import local

SUSPENDED, PAID = local("2013-07-07"), local("2013-07-25", 12)


def test_a_suspended_account_is_told_which_invoice_it_owes(rights: Rights) -> None:
    sold = rights.sold("VX")
    rights.move(local("2013-07-06"))
    for step, at in (("reminded", "2013-06-17"), ("warned", "2013-06-23"), ("restricted", "2013-06-30")):
        sold.dunned(step, local(at))
    rights.arrive()
    assert rights.reason("VX") == "allowed"
    rights.move(SUSPENDED)
    sold.dunned("suspended", SUSPENDED)
    rights.arrive()
    denied = rights.check("VX")
    assert (denied["allowed"], denied["reason"]) == (False, "hold:dunning")
    invoice, step, hold = denied["because"]
    assert (invoice["name"], invoice["due_on"], invoice["open_minor"]) == ("INV-6", "2013-06-16", 722166)
    assert invoice["id"].startswith("inv_")
    assert (step["what"], step["name"], step["at"]) == ("dunning_step", "suspended", "2013-07-07T04:00:00Z")
    assert (hold["what"], hold["at"]) == ("hold", "2013-07-07T04:00:00Z")
    assert rights.entitlement("VX")["status"] == "suspended"


def test_why_an_account_is_suspended_is_told_step_by_step(rights: Rights) -> None:
    sold = rights.sold("VX")
    rights.move(SUSPENDED)
    for step, at in (("reminded", "2013-06-17"), ("restricted", "2013-06-30"), ("suspended", "2013-07-07")):
        sold.dunned(step, local(at))
    rights.arrive()
    why = rights.client.get("/v1/accounts/VX/why-suspended").json()
    assert why["suspended"] is True
    (hold,) = why["holds"]
    assert [(link["what"], link["name"]) for link in hold["because"]] == [
        ("invoice", "INV-6"),
        ("dunning_step", "reminded"),
        ("dunning_step", "restricted"),
        ("dunning_step", "suspended"),
        ("hold", "dunning"),
    ]


def test_payment_frees_at_once(rights: Rights) -> None:
    sold = rights.sold("VX")
    rights.move(SUSPENDED)
    sold.dunned("suspended", SUSPENDED)
    rights.move(PAID)
    sold.paid(PAID)
    rights.arrive()
    assert rights.reason("VX") == "allowed"
    assert rights.holds("VX") == [("dunning", "2013-07-07T04:00:00Z", "2013-07-25T16:00:00Z")]
    assert rights.holds("VX", standing=True) == []
    assert rights.client.get("/v1/accounts/VX/why-suspended").json()["suspended"] is False


def test_a_payment_that_comes_while_the_hold_is_being_placed_leaves_none(rights: Rights) -> None:
    sold = rights.sold("VX")
    rights.move(SUSPENDED)
    sold.dunned("suspended", SUSPENDED)
    sold.paid(SUSPENDED)
    rights.arrive()
    assert (rights.reason("VX"), rights.holds("VX", standing=True)) == ("allowed", [])


def test_a_paid_debt_leaves_the_expiry_that_came_meanwhile(rights: Rights) -> None:
    sold = rights.sold("F9")
    rights.move(local("2013-12-01"))
    sold.dunned("suspended", local("2013-12-01"))
    rights.move(local("2014-01-15"))
    assert [row[0] for row in rights.holds("F9", standing=True)] == ["dunning", "expiry"]
    sold.paid(local("2014-01-15"))
    rights.arrive()
    assert rights.reason("F9") == "expired"
    assert [row[0] for row in rights.holds("F9", standing=True)] == ["expiry"]
    (expiry,) = rights.client.get("/v1/accounts/F9/why-suspended").json()["holds"]
    assert [link["what"] for link in expiry["because"]] == ["term_end", "grace_end", "hold"]


def test_a_debt_may_be_heard_of_before_the_right_it_blocks(rights: Rights) -> None:
    rights.news.customer("VX", local("2012-12-02"))
    sold = rights.new("VX")
    sold.dunned("suspended", local("2012-12-03"))
    rights.arrive()
    assert rights.client.get("/v1/holds").json()["items"] == []
    sold.created(local("2012-12-10"))
    rights.move(local("2013-01-01"))
    assert rights.reason("VX") == "hold:dunning"
    assert [row[0] for row in rights.holds("VX", standing=True)] == ["dunning"]
