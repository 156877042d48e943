"""An API takes no commands while its worker says that the outbox is full, and answers questions all the same."""

from __future__ import annotations

from uuid import uuid4

from infra.local.tokens import DevelopmentIssuer
from shared.outbox import has_rows
from tests.integration.kernel.conftest import Door
from tests.support.tower.api import create_app
from tests.support.tower.bell import BELL, Ring
from tests.support.tower.house import Tower
from tests.support.waiting import eventually

_BEAT = """
INSERT INTO worker_status (tenant_id, asked, answered, answer) VALUES ('00000000-0000-0000-0000-000000000000', 0, 0,
  '{"outbox_is_full": %s}') ON CONFLICT (tenant_id) DO UPDATE SET answer = excluded.answer"""


def test_commands_wait_while_the_outbox_is_full(own_tower: Tower, issuer: DevelopmentIssuer) -> None:
    client = Door(create_app(own_tower, issuer.settings), issuer).client()
    path = f"/v1/bells/bel_{uuid4().hex}"

    def ring() -> int:
        return client.post(f"{path}/ring", json={}, headers={"Idempotency-Key": uuid4().hex}).status_code

    own_tower.as_owner(_BEAT % "true")
    refused = client.post(f"{path}/ring", json={}, headers={"Idempotency-Key": "k"})
    assert (refused.status_code, refused.json()["title"]) == (503, "outbox_full")
    assert refused.headers["retry-after"]
    assert client.get("/v1/bells").status_code == 200
    own_tower.as_owner(_BEAT % "false")
    eventually(lambda: ring() == 201)


def test_the_worker_counts_what_waits(own_tower: Tower) -> None:
    for _ in range(3):
        own_tower.do(BELL, uuid4(), uuid4(), Ring())
    assert [has_rows(own_tower.worker, rows) for rows in (1, 3, 4)] == [True, True, False]
