"""People may block a right, say why, and give it back."""

from tests.integration.entitlement.rights import Rights
from tests.support.billing_news import local


def in_use(rights: Rights) -> str:
    rights.sold("F9")
    rights.move(local("2013-01-01"))
    return f"/v1/entitlements/{rights.entitlement('F9')['entitlement_id']}"


def test_a_person_who_blocks_a_right_says_why(rights: Rights) -> None:
    path = in_use(rights)
    placed = rights.client.post(f"{path}/holds", json={"hold": "fraud", "reason": "stolen card"})
    assert (placed.status_code, placed.json()["status"], placed.json()["holds"]) == (200, "suspended", ["fraud"])
    assert placed.headers["etag"] == f'"{placed.json()["version"]}"'
    denied = rights.check("F9")
    assert denied["reason"] == "hold:fraud"
    assert [link["name"] for link in denied["because"]] == ["tester: stolen card", "fraud"]


def test_what_was_blocked_by_hand_is_freed_by_hand(rights: Rights) -> None:
    path = in_use(rights)
    rights.client.post(f"{path}/holds", json={"hold": "manual", "reason": "audit"})
    freed = rights.client.post(f"{path}/holds/manual/remove", json={"reason": "audit passed"})
    assert freed.json()["status"] == "active"
    again = rights.client.post(f"{path}/holds/manual/remove", json={"reason": "audit passed"})
    assert again.json()["version"] == freed.json()["version"]
    assert rights.reason("F9") == "allowed"


def test_debts_and_terms_are_not_for_people_to_decide(rights: Rights) -> None:
    path = in_use(rights)
    assert rights.client.post(f"{path}/holds", json={"hold": "dunning", "reason": "x"}).status_code == 422
    assert rights.client.post(f"{path}/holds/expiry/remove", json={"reason": "x"}).status_code == 422
    assert rights.client.post(f"{path}/holds", json={"hold": "manual"}).status_code == 422


def test_holds_are_for_operators_only(rights: Rights) -> None:
    path = in_use(rights)
    reader = rights.service.client(rights.tenant, scopes=["entitlement:read"])
    assert reader.post(f"{path}/holds", json={"hold": "manual", "reason": "x"}).status_code == 403
