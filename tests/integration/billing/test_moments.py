"""Every question can be asked as of then: the answer is the one that was given then."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.billing.room import Room
from tests.support.house import Service

CREDITED_FROM = datetime(2031, 2, 12, 5, tzinfo=UTC)


@dataclass
class Album:
    """What each question was answered at each instant of a story."""

    room: Room
    pictures: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def take(self) -> None:
        now = self.room.client.get("/v1/test-clock").json()["now"]
        self.pictures += [(path, now, self.ask(path)) for path in self.paths()]

    def paths(self) -> list[str]:
        client = self.room.client
        listed = (("invoices", "invoice_id"), ("subscriptions", "subscription_id"), ("quotes", "quote_id"))
        ids = [f"/v1/{name}/{item[id_]}" for name, id_ in listed for item in client.get(f"/v1/{name}").json()["items"]]
        codes = [f"/v1/plans/{item['code']}" for item in client.get("/v1/plans").json()["items"]]
        keys = [f"/v1/customers/{item['external_id']}" for item in client.get("/v1/customers").json()["items"]]
        return [*ids, *codes, *keys]

    def ask(self, path: str, **moment: str) -> dict[str, Any]:
        answer = self.room.client.get(path, params=moment)
        return answer.json() | {"acceptance_token": None}


def change_customer_and_plan(room: Room) -> None:
    (customer,) = room.client.get("/v1/customers").json()["items"]
    body = {name: customer[name] for name in ("zone", "currency")} | {"name": "Frontier Airlines"}
    assert room.client.put(f"/v1/customers/{customer['external_id']}", json=body).status_code == 200
    (plan,) = room.client.get("/v1/plans").json()["items"]
    kept = {
        k: plan[k] for k in ("every", "calendar", "term_months", "net_days", "collect_seconds", "prices", "features")
    }
    body = kept | {"name": "Gate use, renamed", "minimums": plan["minimums"]}
    published = room.client.put(f"/v1/plans/{plan['code']}", json=body)
    assert published.status_code == 200, published.text


def test_what_was_answered_then_is_answered_again(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, review_days=3)
    album = Album(room)
    album.take()
    room.live_until("2031-02-02")
    album.take()
    room.live_until("2031-02-05")
    album.take()
    room.live_until("2031-02-06")
    room.pay(room.one(issued_on="2031-02-01"))
    change_customer_and_plan(room)
    album.take()
    room.live_until("2031-02-13")
    room.revise_usage(CREDITED_FROM, JFK=390)
    room.live_until("2031-02-20")
    album.take()
    now = {path: album.ask(path) for path in album.paths()}

    changed = 0
    for path, then, answer in album.pictures:
        assert album.ask(path, known_at=then) == answer, (path, then)
        changed += answer != now[path]
    assert changed > 5
    assert {path: album.ask(path) for path in album.paths()} == now


def test_what_was_not_yet_there_is_not_found(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant)
    room.live_until("2031-02-01")
    path = f"/v1/invoices/{room.one(issued_on='2031-02-01')['invoice_id']}"

    answer = room.client.get(path, params={"known_at": "2031-01-31T00:00:00Z"})

    assert (answer.status_code, answer.json()["title"]) == (404, "invoice_not_found")


@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_what_will_be_is_not_known(billing: Service, tenant: str, name: str) -> None:
    room = Room(billing, tenant)
    (quote,) = room.client.get("/v1/quotes").json()["items"]

    answer = room.client.get(f"/v1/quotes/{quote['quote_id']}", params={name: "2031-01-01T00:00:00Z"})

    assert (answer.status_code, answer.json()["title"]) == (422, "future_instant")
    assert answer.json()["errors"][0]["pointer"] == f"/{name}"
