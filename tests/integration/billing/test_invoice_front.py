"""Invoices that are asked for at about the same time are read together: what each is answered is what the route answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from prometheus_client import REGISTRY

from shared.ids import shown
from shared.tenancy import transaction
from tests.integration.billing.room import Room
from tests.support.api_process import api_process
from tests.support.house import Service

BY_THE_ROUTE = {"If-Match": "*"}  # of which the front leaves the meaning to the route
ANEW = ("x-correlation-id", "ratelimit")


@dataclass(frozen=True)
class Told:
    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def by(cls, client: Any, path: str, **headers: str) -> Told:
        answer = client.get(path, headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name not in (*ANEW, "date")}
        return cls(answer.status_code, kept, answer.content)


@pytest.fixture(scope="module")
def room(billing: Service) -> Room:
    return _with_draft(billing)


def test_the_front_answers_as_the_route_does(room: Room) -> None:
    path = _path(room)
    assert Told.by(room.client, path) == Told.by(room.client, path, **BY_THE_ROUTE)
    assert Told.by(room.client, path).status == 200


def test_the_front_asks_nobody_for_what_it_knows(room: Room, billing: Service) -> None:
    path, door = _path(room), replace(billing.app.front, app=_nobody)
    alone = TestClient(door, headers=dict(room.client.headers))
    assert alone.get(path).json() == room.client.get(path).json()
    with pytest.raises(AssertionError, match="asked"):
        alone.get(path, params={"as_of": "2031-01-01T00:00:00Z"})


async def _nobody(*_: object) -> None:
    raise AssertionError("asked")


def test_pages_of_all_invoices_are_those_of_the_route(room: Room, billing: Service) -> None:
    cursor = room.client.get("/v1/invoices?limit=1").json()["next_cursor"]
    assert cursor
    plain = ("", "?limit=1", f"?limit=1&cursor={cursor}", f"?cursor={cursor}", "?limit=500")
    refused = ("?limit=0", "?limit=501", "?limit=1&", "?cursor=", "?cursor=bm9wZQ", "?limit=1&limit=2", "?colour=red")
    alone = TestClient(replace(billing.app.front.app, app=_nobody), headers=dict(room.client.headers))
    for query in (*plain, *refused, "?status=draft"):
        path = f"/v1/invoices{query}"
        assert Told.by(room.client, path) == Told.by(room.client, path, **BY_THE_ROUTE)
        if query in plain:
            assert alone.get(path).content == Told.by(room.client, path).body
        else:
            with pytest.raises(AssertionError, match="asked"):
                alone.get(path)
    assert billing.client(f"other-{uuid4().hex}").get("/v1/invoices").json() == {"items": [], "next_cursor": None}


def test_what_the_front_does_not_know_the_route_refuses(room: Room, billing: Service) -> None:
    path = _path(room)
    nobodys, foreign = f"/v1/invoices/{shown('inv', uuid4())}", billing.client(f"other-{uuid4().hex}")
    may_not = billing.client(room.tenant, scopes=("billing:quotes",))
    stranger = TestClient(billing.app)
    for client, asked in ((room.client, nobodys), (foreign, path), (may_not, path), (stranger, path)):
        assert Told.by(client, asked) == Told.by(client, asked, **BY_THE_ROUTE)
    assert [Told.by(each, path).status for each in (foreign, may_not, stranger)] == [404, 403, 401]


def test_every_request_is_counted_once_and_under_its_route(room: Room) -> None:
    path = _path(room)
    answers = [room.client.get(path, headers={"X-Correlation-Id": name}) for name in ("first", "second")]
    assert [answer.headers["x-correlation-id"] for answer in answers] == ["first", "second"]
    left = [int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0]) for answer in answers]
    assert left[0] - left[1] == 1
    before = _noted()
    room.client.get(path)
    assert _noted() - before == 1


def test_an_invoice_that_was_just_changed_is_shown_changed(room: Room) -> None:
    path = f"/v1/invoices/{room.one(status='draft')['invoice_id']}"
    before = room.client.get(path).json()
    issued = room.client.post(f"{path}/issue").json()
    assert room.client.get(path).json() == issued != before


def test_a_page_shows_what_the_front_shows_also_where_only_the_row_changed(room: Room, billing: Service) -> None:
    """A payment plan that stands for an invoice, and a rebuild, write its row and no event of it."""
    path = _path(room)
    for plan_id in (uuid4(), None):
        with transaction(billing.app.state.engine, room.tenant_id) as tx:
            tx.exec_driver_sql("UPDATE invoices SET payment_plan_id = %(plan)s", {"plan": plan_id})
        alone = Told.by(room.client, path, **BY_THE_ROUTE).body
        assert Told.by(room.client, path).body == alone
        assert alone in Told.by(room.client, "/v1/invoices").body
        assert room.invoices()[0]["payment_plan_id"] == (plan_id and shown("ppl", plan_id))


def test_many_at_once_are_each_told_their_own(billing: Service, room: Room, tmp_path: Path) -> None:
    rooms = (room, _with_draft(billing))
    wanted = [(_bearer(each), _path(each)) for each in rooms for _ in range(30)]
    with api_process(billing, tmp_path / "api.log") as api, ThreadPoolExecutor(8) as threads:
        answers = threads.map(lambda want: api.get(want[1], headers=want[0]).json(), wanted)
        assert [answer["invoice_id"] for answer in answers] == [path.rpartition("/")[2] for _, path in wanted]


def _with_draft(billing: Service) -> Room:
    room = Room(billing, f"front-{uuid4().hex}", review_days=3)
    room.live_until("2031-02-02")
    return room


def _path(room: Room) -> str:
    return f"/v1/invoices/{room.invoices()[0]['invoice_id']}"


def _bearer(room: Room) -> dict[str, str]:
    token = room.billing.issuer.token(tenant=room.tenant, scopes=["billing:read"])
    return {"Authorization": f"Bearer {token}"}


def _noted() -> float:
    named = {"service": "billing", "method": "GET", "route": "/v1/invoices/{invoice_id}", "status": "200"}
    return sum(
        sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name.endswith("_count") and named.items() <= sample.labels.items()
    )
