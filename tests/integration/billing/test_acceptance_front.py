"""Quotes that are accepted at about the same time are one transaction: each customer is answered as by the route."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from infra.local.tokens import tenant_id
from services.billing.api.quotes.acceptance_front import ACCEPTANCES
from services.billing.api.quotes.quote_forms import AcceptanceForm
from services.billing.api.quotes.quote_token import new_token
from shared.http.grouping import Group, Grouped, GroupingDoor
from shared.tenancy import transaction
from shared.unit_of_work import Session
from tests.integration.billing.shop import Shop
from tests.support.house import Service, settle

BY_THE_ROUTE = {"If-Match": "*"}  # of which the front leaves the meaning to the route
ANEW = ("x-correlation-id", "date")
Asked = dict[str, Any]


@dataclass
class Company:
    """In place of a gathering that waits for two milliseconds: one that waits until so many have come."""

    group: Group[AcceptanceForm]
    size: int
    waiting: list[tuple[Any, asyncio.Future[Any]]] = field(default_factory=list)

    async def add(self, command: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        self.waiting.append((command, future))
        if len(self.waiting) == self.size:
            commands, futures = zip(*self.waiting, strict=True)
            for each, answer in zip(futures, self.group(commands), strict=True):
                each.set_result(answer)
        return await future


@pytest.fixture(scope="module")
def shop(billing: Service) -> Shop:
    return Shop(billing, f"front-{uuid4().hex}").open()


def offered(shop: Shop) -> str:
    token: str = shop.send(shop.draft()["quote_id"])["acceptance_token"]
    return token


def asked(token: str, key: str | None = None, **form: Any) -> Asked:
    headers = {"Idempotency-Key": key or uuid4().hex, "X-Correlation-Id": uuid4().hex}
    return {"json": {"token": token, "name": "Ann Buyer"} | form, "headers": headers}


@dataclass
class Behind:
    """What is behind the front, and how often it was asked."""

    app: Any
    times: int = 0

    async def __call__(self, *called: Any) -> None:
        self.times += 1
        await self.app(*called)


def together(
    billing: Service, requests: Sequence[Asked], *, alone: int, grouped: Grouped[AcceptanceForm] = ACCEPTANCES
) -> list[httpx2.Response]:
    """All in one group, in this order, of which so many have to be asked alone."""
    state, front = billing.app.state, door_of(billing)
    group = Group(state.engine, state.store, state.backpressure, grouped, 201)
    behind = Behind(front.app)
    answers = asyncio.run(_sent(replace(front, app=behind, groups=Company(group, len(requests))), requests))
    assert behind.times == alone
    return answers


def door_of(billing: Service) -> GroupingDoor[AcceptanceForm]:
    """Doors stand before each other, in the order in which they were opened."""
    door = billing.app.front
    while not isinstance(door, GroupingDoor):
        door = door.app
    return door


async def _sent(door: GroupingDoor[Any], requests: Sequence[Asked]) -> list[httpx2.Response]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(door), base_url="http://test") as client:
        sent = (client.post("/v1/quote-acceptances", **request) for request in requests)
        return list(await asyncio.gather(*sent))


def told(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("title", "")


def test_each_of_a_group_is_answered_as_if_it_were_alone(billing: Service, shop: Shop) -> None:
    other = Shop(billing, f"front-{uuid4().hex}").open()
    first, second, others = offered(shop), offered(shop), offered(other)
    requests = [
        asked(first, "a"),
        asked(second, "b"),
        asked(first),
        asked(new_token(shop.tenant_id)),
        asked(second, "b"),
        asked(second, "a"),
        asked(others, "a"),
    ]
    answers = together(billing, requests, alone=2)
    assert [told(answer) for answer in answers] == [
        (201, ""),
        (201, ""),
        (409, "invalid_transition"),
        (404, "acceptance_token_unknown"),
        (201, ""),
        (422, "idempotency_key_reused"),
        (201, ""),
    ]
    assert answers[4].headers["idempotency-replayed"] == "true"
    assert answers[4].content == answers[1].content
    ids = [request["headers"]["X-Correlation-Id"] for request in requests]
    assert [answer.headers["x-correlation-id"] for answer in answers] == ids
    assert _contexts(billing, shop) == [{"principal": "customer", "correlation_id": id_} for id_ in ids[:2]]
    settle([billing])
    for answer, seller in zip((*answers[:2], answers[6]), (shop, shop, other), strict=True):
        (subscription,) = answer.json()["subscriptions"]
        assert seller.rita.get(f"/v1/subscriptions/{subscription}").status_code == 200


def _contexts(billing: Service, shop: Shop) -> list[Any]:
    with transaction(billing.app.state.engine, shop.tenant_id) as tx:
        return list(
            tx.exec_driver_sql("SELECT context FROM events WHERE type = 'quote_accepted' ORDER BY position").scalars()
        )


def test_where_a_group_comes_to_nothing_each_is_asked_alone(billing: Service, shop: Shop) -> None:
    contested, own = offered(shop), offered(shop)

    def prepare(session: Session, tenant: UUID, forms: Sequence[AcceptanceForm]) -> None:
        ACCEPTANCES.prepare(session, tenant, forms)
        assert shop.accept(contested, headers=BY_THE_ROUTE).status_code == 201

    answers = together(billing, [asked(contested), asked(own)], alone=2, grouped=replace(ACCEPTANCES, prepare=prepare))
    assert [told(answer) for answer in answers] == [(409, "invalid_transition"), (201, "")]
    assert together(billing, [asked(own)], alone=0)[0].status_code == 409


def test_the_front_answers_as_the_route_does(billing: Service, shop: Shop) -> None:
    used = offered(shop)
    assert _kept(shop.accept(offered(shop))) == _kept(shop.accept(used, headers=BY_THE_ROUTE))
    bodies: list[Callable[[], Asked]] = [
        lambda: asked(used),
        lambda: asked(new_token(tenant_id("nobody"))),
        lambda: asked("A"),
        lambda: asked(used, name=""),
        lambda: asked(used, term_months=5),
        lambda: asked(used, key="k" * 256),
        lambda: asked(used) | {"json": [used]},
    ]
    visitor = billing.client(shop.tenant)
    for body in bodies:
        short, long = body(), body()
        front = visitor.post("/v1/quote-acceptances", **short)
        route = visitor.post("/v1/quote-acceptances", json=long["json"], headers=long["headers"] | BY_THE_ROUTE)
        assert (_kept(front), front.content) == (_kept(route), route.content)


def _kept(answer: Any) -> tuple[int, dict[str, str], set[str]]:
    kept = {name: value for name, value in answer.headers.items() if name not in ANEW}
    return answer.status_code, kept, set(answer.json())
