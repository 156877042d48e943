"""A POST may be repeated: one effect, the same answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest

from shared.http.idempotency import _CLAIM as CLAIM
from shared.tenancy import transaction
from tests.integration.kernel.conftest import Door
from tests.support.tower.bell import BELL, Bell, Crack
from tests.support.tower.house import Tower


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def test_ten_threads_with_one_key_ring_once(tower: Tower, door: Door, bell: UUID) -> None:
    client, headers = door.client(), key()

    def ring(_: int) -> tuple[int, bytes]:
        answer = client.post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=headers)
        while answer.status_code == 409 and answer.json()["title"] == "request_in_flight":
            answer = client.post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=headers)
        return answer.status_code, answer.content

    with ThreadPoolExecutor(10) as threads:
        answers = set(threads.map(ring, range(10)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 201
    assert tower.state(BELL, door.tenant_id, bell) == Bell(times=3)


def test_a_repeat_gets_the_first_answer_and_says_so(door: Door, bell: UUID) -> None:
    headers = key()
    first = door.client().post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=headers)
    door.client().post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=key())
    again = door.client().post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=headers)
    assert (first.status_code, first.json()["times"], first.headers["etag"]) == (201, 3, '"1"')
    assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, '"1"')
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")


def test_a_key_belongs_to_one_request(door: Door, bell: UUID) -> None:
    headers = key()
    door.client().post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=headers)
    other_body = door.client().post(f"/v1/bells/{bell}/ring", json={"times": 4}, headers=headers)
    other_path = door.client().post(f"/v1/bells/{uuid4()}/ring", json={"times": 3}, headers=headers)
    assert [answer.json()["title"] for answer in (other_body, other_path)] == ["idempotency_key_reused"] * 2
    assert other_body.status_code == 422


def test_a_key_belongs_to_one_tenant(door: Door, bell: UUID) -> None:
    headers, neighbour = key(), Door(door.app, door.issuer)
    for each in (door, neighbour):
        answer = each.client().post(f"/v1/bells/{bell}/ring", json={"times": 3}, headers=headers)
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (201, False)


def test_while_the_first_request_runs_the_second_is_told_so(tower: Tower, door: Door, bell: UUID) -> None:
    headers = key()
    with transaction(tower.api, door.tenant_id) as first:
        claim = {"tenant": door.tenant_id, "key": headers["Idempotency-Key"]}
        assert first.exec_driver_sql(CLAIM, claim).scalar_one()
        answer = door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (409, "request_in_flight")
    assert answer.headers["retry-after"] == "1"


def test_a_refusal_is_not_kept(tower: Tower, door: Door, bell: UUID) -> None:
    headers = key()
    refused = door.client().post(f"/v1/bells/{bell}/ring", json={"times": 100}, headers=headers)
    assert (refused.status_code, refused.json()["title"]) == (422, "too_loud")
    assert door.client().post(f"/v1/bells/{bell}/ring", json={"times": 9}, headers=headers).status_code == 201
    tower.do(BELL, door.tenant_id, bell, Crack())
    assert door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=key()).status_code == 409


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 256}])
def test_a_command_without_a_proper_key_is_refused(door: Door, bell: UUID, headers: dict[str, str]) -> None:
    answer = door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (400, "idempotency_key_required")


def test_a_version_is_checked_where_one_is_given(door: Door, bell: UUID) -> None:
    def ring(version: str) -> int:
        headers = key() | {"If-Match": version}
        return door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=headers).status_code

    assert [ring('"0"'), ring('"0"'), ring('"1"'), ring("*"), ring("1"), ring('W/"1"')] == [
        201,
        412,
        201,
        201,
        400,
        400,
    ]
