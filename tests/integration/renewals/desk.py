"""A tenant of renewals with a test clock and a policy, as its sales desk sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from shared.contracts import billing
from tests.support.billing_news import BillingNews, Sold, local
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock
from tests.support.waiting import eventually

BEGINNING = local("2012-12-01")
POLICY = {
    "open_days": 90,
    "grace_days": 14,
    "reinstatement_days": 365,
    "reinstatement_percent": "20",
    "uplift_percent": "4",
}
YEAR_2013 = {"due_from": "2013-01-01", "due_to": "2014-01-01"}


@dataclass
class Desk:
    service: Service
    tenant: str

    def __post_init__(self) -> None:
        self.client = self.service.client(self.tenant)
        self.news = BillingNews(self.service, self.tenant)
        self.move(BEGINNING)
        assert self.client.put("/v1/policies/standard", json=POLICY).status_code == 200

    def move(self, to: datetime) -> None:
        move_clock(self.service, self.client, to)

    def arrive(self) -> None:
        """Everything told so far."""
        settle([self.service])

    def arrive_in_the_end(self, seen: Callable[[], bool]) -> None:
        """What had to wait for something else is tried again by itself."""

        def look() -> bool:
            self.service.step()
            return seen()

        eventually(look)

    def new(self, key: str, **more: Any) -> Sold:
        return Sold(self.news, key, **more)

    def sold(self, key: str, segment: str = "", **more: Any) -> Sold:
        """A subscription of a known customer from 2013, told in December 2012."""
        self.news.customer(key, local("2012-12-02"), segment=segment)
        subscription = self.new(key, **more)
        subscription.created(local("2012-12-10"))
        return subscription

    def opportunities(self, **wanted: Any) -> list[dict[str, Any]]:
        found = self.client.get("/v1/opportunities", params=wanted)
        assert found.status_code == 200, found.text
        items: list[dict[str, Any]] = found.json()["items"]
        return items

    def opportunity(self, customer: str) -> dict[str, Any]:
        (found,) = self.opportunities(customer=customer, due_to="2014-01-01")
        return found

    def path(self, customer: str) -> str:
        return f"/v1/opportunities/{self.opportunity(customer)['opportunity_id']}"

    def close(self, customer: str, **why: Any) -> Any:
        return self.client.post(f"{self.path(customer)}/close-lost", json=why)

    def drafted(self, sold: Sold, at: datetime, term_number: int = 1) -> UUID:
        """Billing drafts the quote it was asked for, and names the opportunity."""
        quote = self._quote(sold, term_number)
        drafted = billing.QuoteDraftedV1(**quote)
        self.news.tell("quote", quote["quote_id"], drafted, at)
        return UUID(str(quote["quote_id"]))

    def accepted(self, sold: Sold, at: datetime, on: str, booked_minor: int = 1_872_000) -> None:
        quote = self._quote(sold, 1)
        accepted = billing.QuoteAcceptedV1(
            **quote,
            accepted_at=at,
            accepted_on=date.fromisoformat(on),
            currency="USD",
            term_months=12,
            prior_annual_minor=sold.base_minor,
            list_annual_minor=booked_minor,
            discount_annual_minor=0,
            booked_annual_minor=booked_minor,
        )
        self.news.tell("quote", quote["quote_id"], accepted, at)

    @staticmethod
    def _quote(sold: Sold, term_number: int) -> dict[str, Any]:
        opportunity_id = uuid5(sold.subscription_id, f"renewal:{term_number}")
        return {
            "quote_id": uuid5(opportunity_id, "quote"),
            "version": 1,
            "purpose": "renewal",
            "customer_id": sold.customer_id,
            "customer_key": sold.key,
            "subscription_id": sold.subscription_id,
            "opportunity_id": opportunity_id,
        }

    def metrics(self, **more: Any) -> dict[str, Any]:
        answer = self.client.get("/v1/metrics/renewals", params={**YEAR_2013, **more})
        assert answer.status_code == 200, answer.text
        metrics: dict[str, Any] = answer.json()
        return metrics
