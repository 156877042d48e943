"""Meters over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.support.house import Service

METER: dict[str, Any] = {
    "event_type": "trip.ended",
    "aggregation": "sum",
    "value": "$.miles",
    "group_by": {"origin": "$.origin"},
    "filters": [
        {"path": "$.kind", "equal": "paid"},
        {"path": "$.wheels", "in": ["3", "4"]},
        {"path": "$.miles", "range": {"from": "0", "to": None}},
        {"path": "$.driver", "exists": True},
    ],
    "unit": "mile",
}


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


def test_a_meter_is_shown_as_it_was_put(usage: Service, tenant: str) -> None:
    client = usage.client(tenant)
    put = client.put("/v1/meters/miles", json=METER)
    assert (put.status_code, put.json()["version"], put.headers["etag"]) == (200, 1, '"1"')
    shown = client.get("/v1/meters/miles").json()
    assert shown == put.json()
    assert {name: without_nulls(shown[name]) for name in METER} == without_nulls(METER)
    again = client.put("/v1/meters/miles", json={name: shown[name] for name in METER})
    assert again.json()["version"] == 1
    assert client.put("/v1/meters/miles", json=METER | {"unit": "km"}).json()["version"] == 2


def test_meters_are_listed_page_by_page(usage: Service, tenant: str) -> None:
    client = usage.client(tenant)
    for n in range(3):
        client.put(f"/v1/meters/m{n}", json=METER)
    first = client.get("/v1/meters", params={"limit": 2}).json()
    rest = client.get("/v1/meters", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [m["slug"] for m in [*first["items"], *rest["items"]]] == ["m0", "m1", "m2"]
    assert usage.client(f"other-{uuid4().hex}").get("/v1/meters").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"value": "miles"}, "/value"),
        ({"value": None}, "/value"),
        ({"group_by": {"origin": "origin"}}, "/group_by/origin"),
        ({"filters": [{"path": "$.a", "range": {"from": "2", "to": "1"}}]}, "/filters/0/range"),
        ({"filters": [{"path": "$.a", "range": {"from": "1E+1000000"}}]}, "/filters/0/range/from"),
        ({"filters": [{"path": "$.a"}]}, "/filters/0"),
        ({"filters": [{"path": "$.a", "equal": "1", "exists": True}]}, "/filters/0"),
        ({"aggregation": "median"}, "/aggregation"),
    ],
)
def test_what_cannot_be_measured_is_named(usage: Service, tenant: str, change: Any, pointer: str) -> None:
    refused = usage.client(tenant).put("/v1/meters/miles", json=METER | change)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text


def test_a_meter_needs_its_own_scope(usage: Service, tenant: str) -> None:
    assert usage.client(tenant, scopes=["usage:read"]).put("/v1/meters/miles", json=METER).status_code == 403
    assert usage.client(tenant).get("/v1/meters/unheard-of").status_code == 404
