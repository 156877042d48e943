"""A contract whose days become those of another zone, from the preview to the bills and the message about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.contracts.billing import SubscriptionAmendedV1
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service
from tests.support.published import published


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    till = Till(billing, tenant)
    till.until("2013-01-05T12:00:00+00:00")
    return till


def test_what_runs_ends_in_the_old_zone_and_all_that_follows_is_in_the_new_one(till: Till, tenant: str) -> None:
    [subscription] = till.client.get("/v1/subscriptions").json()["items"]
    path = f"/v1/subscriptions/{subscription['subscription_id']}"
    move: dict[str, Any] = {"effective": "date", "on": "2013-02-01", "zone": "Asia/Tokyo"}
    assert till.refused(f"{path}/amendments", **move | {"on": "2013-02-02"}) == (422, "not_a_billing_day", "/on")
    assert till.refused(f"{path}/amendments", **move | {"on": "2013-01-05"}) == (422, "outside_term", "/on")
    assert till.refused(f"{path}/amendments", **move | {"zone": "Nowhere"}) == (422, "unknown_zone", "/zone")
    foreseen = till.post(f"{path}/amendments/preview", **move)
    assert (foreseen["effective_at"], foreseen["credits"]) == ("2013-02-01T05:00:00Z", [])
    assert [bill["subtotal_minor"] for bill in foreseen["bills"]] == [OWED]
    scheduled = till.post(f"{path}/amendments", **move)
    assert (scheduled["zone"], scheduled["amendments"][0]["zone"]) == ("America/New_York", "Asia/Tokyo")

    till.until("2013-02-28T14:59:59+00:00")
    moved = till.client.get(path).json()
    assert (moved["zone"], moved["amendments"][0]["has_taken_effect"]) == ("Asia/Tokyo", True)
    assert len(till.client.get("/v1/invoices").json()["items"]) == 2
    till.until("2013-02-28T15:00:00+00:00")
    listed = till.client.get("/v1/invoices").json()["items"]
    assert sorted(invoice["issued_on"] for invoice in listed) == ["2013-01-01", "2013-02-01", "2013-03-01"]
    assert {invoice["total_minor"] for invoice in listed} == {OWED}
    for invoice in listed:
        assert till.client.post(f"/v1/invoices/{invoice['invoice_id']}/verify").json()["equal"]
    [told] = [m for m in published(till.billing, "billing.subscriptions", tenant) if "amended" in m.type]
    body = told.read(SubscriptionAmendedV1)
    assert (body.zone, body.ends_at) == ("Asia/Tokyo", datetime(2013, 12, 31, 15, tzinfo=UTC))
    till.check_books()


def test_an_amendment_tells_the_days_that_periods_are_counted_from(till: Till) -> None:
    [subscription] = till.client.get("/v1/subscriptions").json()["items"]
    path = f"/v1/subscriptions/{subscription['subscription_id']}"
    till.post(f"{path}/amendments", effective="date", on="2013-01-20", anchor_on="2013-01-20", calendar=False)
    till.post(f"{path}/amendments", effective="date", on="2013-02-10", calendar=True)
    told = till.client.get(path).json()["amendments"]
    assert [(each["effective_on"], each["calendar"], each["anchor_on"]) for each in told] == [
        ("2013-01-20", False, "2013-01-20"),
        ("2013-02-10", True, "2013-01-20"),
    ]
    till.check_books()
