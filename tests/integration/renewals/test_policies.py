"""The terms of renewal are published in versions; what was accepted stays what it was."""

from tests.integration.renewals.desk import POLICY, Desk
from tests.support.billing_news import local


def test_the_same_terms_again_publish_nothing(desk: Desk) -> None:
    again = desk.client.put("/v1/policies/standard", json=POLICY)
    assert (again.json()["version"], again.headers["etag"]) == (1, '"1"')
    changed = desk.client.put("/v1/policies/standard", json={**POLICY, "uplift_percent": "7.5"})
    assert (changed.json()["version"], changed.json()["uplift_percent"]) == (2, "7.5")
    assert desk.client.get("/v1/policies/standard?version=1").json()["uplift_percent"] == "4"
    assert [each["version"] for each in desk.client.get("/v1/policies").json()["items"]] == [2]


def test_who_accepted_the_first_version_is_opened_by_the_first_version(desk: Desk) -> None:
    desk.client.put("/v1/policies/standard", json={**POLICY, "open_days": 30})
    desk.sold("AA")
    desk.move(local("2013-10-03"))
    assert (desk.opportunity("AA")["state"], desk.opportunity("AA")["policy_version"]) == ("open", 1)


def test_a_policy_that_cannot_be_is_refused(desk: Desk) -> None:
    refused = desk.client.put("/v1/policies/other", json={**POLICY, "grace_days": 31})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/grace_days")
    assert desk.client.put("/v1/policies/other", json={**POLICY, "uplift_percent": "NaN"}).status_code == 422
    assert desk.client.put("/v1/policies/other", json={**POLICY, "uplift_percent": 1.5}).status_code == 422
    assert desk.client.put("/v1/policies/other", json={**POLICY, "open_days": True}).status_code == 422
    assert desk.client.get("/v1/policies/other").status_code == 404
    assert desk.client.get(f"/v1/policies/standard?version={2**31}").status_code == 422


def test_only_who_may_change_policies_changes_them(desk: Desk) -> None:
    reader = desk.service.client(desk.tenant, scopes=["renewals:read"])
    assert reader.put("/v1/policies/standard", json=POLICY).status_code == 403
    assert reader.get("/v1/policies/standard").status_code == 200
