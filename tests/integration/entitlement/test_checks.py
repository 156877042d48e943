"""What an application is told when it asks: never more than is known, never silently."""

from uuid import uuid4

from tests.integration.entitlement.rights import Rights
from tests.support.billing_news import local


def test_an_unknown_account_is_denied_for_now(rights: Rights) -> None:
    answer = rights.check("nobody")
    assert (answer["allowed"], answer["reason"], answer["conclusive"]) == (False, "unknown_account", False)


def test_a_feature_of_the_catalogue_that_was_not_sold_is_told_from_an_unknown_one(rights: Rights) -> None:
    rights.news.plan(local("2012-12-02"), {"gates": None, "lounges": 3})
    rights.sold("F9", features={"gates": None})
    rights.arrive()
    assert rights.reason("F9", "lounges") == "no_entitlement"
    assert rights.reason("F9", "helipads") == "unknown_feature"


def test_an_answer_that_knows_less_than_an_earlier_one_is_not_conclusive(rights: Rights) -> None:
    rights.sold("F9")
    rights.move(local("2013-01-01"))
    position = rights.check("F9")["position"]
    assert rights.check("F9", min_position=position)["conclusive"] is True
    assert rights.check("F9", min_position=position + 1)["conclusive"] is False


def test_a_check_writes_nothing_and_needs_no_key(rights: Rights) -> None:
    rights.sold("F9")
    rights.move(local("2013-01-01"))
    asking = rights.service.client(rights.tenant, scopes=["entitlement:check"])
    answered = asking.post(
        "/v1/access/check", json={"account": "F9", "features": ["gates"]}, headers={"Idempotency-Key": ""}
    )
    assert answered.status_code == 200
    assert asking.get("/v1/entitlements").status_code == 403


def test_at_most_a_hundred_features_are_asked_for_at_once(rights: Rights) -> None:
    asked = {"account": "F9", "features": [f"f{n}" for n in range(101)]}
    assert rights.client.post("/v1/access/check", json=asked).status_code == 422


def test_another_tenant_sees_nothing(rights: Rights) -> None:
    rights.sold("F9")
    rights.arrive()
    stranger = rights.service.client(f"stranger-{uuid4().hex}")
    id_ = rights.entitlement("F9")["entitlement_id"]
    assert stranger.get(f"/v1/entitlements/{id_}").status_code == 404
    assert stranger.get(f"/v1/entitlements/{id_}/history").status_code == 404
    assert stranger.post(f"/v1/entitlements/{id_}/holds", json={"hold": "manual", "reason": "x"}).status_code == 404
    assert stranger.get("/v1/accounts/F9/why-suspended").status_code == 404
    assert stranger.get("/v1/entitlements").json()["items"] == []
    answer = stranger.post("/v1/access/check", json={"account": "F9", "features": ["gates"]}).json()["answers"][0]
    assert answer["reason"] == "unknown_account"
