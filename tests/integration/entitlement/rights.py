"""A tenant of entitlement with a test clock, and the questions its applications ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.support.billing_news import BillingNews, Sold, local
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock

BEGINNING = local("2012-12-01")


@dataclass
class Rights:
    service: Service
    tenant: str

    def __post_init__(self) -> None:
        self.client = self.service.client(self.tenant)
        self.news = BillingNews(self.service, self.tenant)
        self.move(BEGINNING)

    def move(self, to: datetime) -> None:
        move_clock(self.service, self.client, to)

    def arrive(self) -> None:
        """Everything told so far."""
        settle([self.service])

    def new(self, key: str, **more: Any) -> Sold:
        return Sold(self.news, key, **more)

    def sold(self, key: str, **more: Any) -> Sold:
        """A subscription of a known customer from 2013, told in December 2012."""
        self.news.customer(key, local("2012-12-02"))
        subscription = self.new(key, **more)
        subscription.created(local("2012-12-10"))
        return subscription

    def check(self, account: str, feature: str = "gates", **more: Any) -> dict[str, Any]:
        asked = self.client.post("/v1/access/check", json={"account": account, "features": [feature], **more})
        assert asked.status_code == 200, asked.text
        answer: dict[str, Any] = asked.json()["answers"][0]
        return answer

    def reason(self, account: str, feature: str = "gates", **more: Any) -> str:
        return str(self.check(account, feature, **more)["reason"])

    def entitlement(self, account: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.client.get("/v1/entitlements", params={"account": account}).json()["items"]
        return found[0]

    def holds(self, account: str, **more: Any) -> list[tuple[str, str, str | None]]:
        rows = self.client.get("/v1/holds", params={"account": account, **more}).json()["items"]
        return sorted((row["hold"], row["placed_at"], row["removed_at"]) for row in rows)


def a_year(rights: Rights) -> None:
    """A plan, a debt that was paid, a migration, and an expiry that stands."""
    rights.news.plan(local("2012-12-02"), {"gates": None, "lounges": 3})
    vx, us, aa, oo = (rights.sold(key) for key in ("VX", "US", "AA", "OO"))
    rights.move(local("2013-12-15"))
    vx.dunned("suspended", local("2013-07-07"))
    vx.paid(local("2013-07-25", 12))
    us.not_renewing(local("2013-12-15"), aa.subscription_id)
    aa.renewed(local("2013-12-15"))
    vx.renewed(local("2013-12-15"))
    rights.move(local("2014-01-15"))
    us.ended(local("2014-01-01"))
    oo.ended(local("2014-01-01"))
    rights.arrive()
