"""The edges of the API: what is too large, too odd, or asked while the database is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.local.postgres import libpq
from infra.local.tokens import DevelopmentIssuer
from tests.integration.kernel.conftest import Door
from tests.support.tower.api import create_app
from tests.support.tower.bell import BELL, Ring
from tests.support.tower.house import Tower


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex, "Content-Type": "application/json"}


def test_a_body_of_two_megabytes_is_refused_while_it_streams_in(door: Door, bell: UUID) -> None:
    sent = 0

    def stream() -> Iterator[bytes]:
        nonlocal sent
        yield b'{"note": "'
        for _ in range(32):
            sent += 65_536
            yield b"x" * 65_536
        yield b'"}'

    answer = door.client().post(f"/v1/bells/{bell}/ring", content=stream(), headers=key())
    assert (answer.status_code, answer.json()["title"]) == (413, "body_too_large")


def test_a_body_that_announces_too_much_is_refused_unread(door: Door, bell: UUID) -> None:
    answer = door.client().post(f"/v1/bells/{bell}/ring", content=b"x" * 1_048_577, headers=key())
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_a_body_of_almost_a_megabyte_is_read(door: Door, bell: UUID) -> None:
    body = b'{"note": "' + b"x" * 1_048_000 + b'"}'
    assert door.client().post(f"/v1/bells/{bell}/ring", content=body, headers=key()).status_code == 201


def test_a_parameter_that_an_address_does_not_have_is_named(door: Door) -> None:
    """It would have chosen less: a list of all is not an answer to it."""
    answer = door.client().get("/v1/bells?limit=1&colour=red&colour=blue&kind=")
    assert (answer.status_code, answer.json()["title"]) == (422, "invalid_request")
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("query:colour", "unknown_parameter"),
        ("query:kind", "unknown_parameter"),
    ]
    assert "cursor, limit" in answer.json()["errors"][0]["detail"]
    assert door.client().get("/v1/bells?limit=1").status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"times": NaN}', 400, "not_a_number"),
        (b'{"times": 1, "times": 2}', 400, "duplicate_key"),
        (b'{"note": "a\\u0000b"}', 400, "malformed_text"),
        (b'{"note": "\\ud800"}', 400, "malformed_text"),
        (b"\xff", 400, "malformed_request"),
        (b"{", 422, "invalid_request"),
        (b'{"times": "much"}', 422, "invalid_request"),
        (b'{"secret": "s3cr3t"}', 422, "invalid_request"),
        (b'{"times": 1' + b"0" * 5000 + b"}", 400, "malformed_request"),
    ],
)
def test_what_is_malformed_becomes_a_problem_that_does_not_echo_it(
    door: Door, bell: UUID, body: bytes, status: int, code: str
) -> None:
    answer = door.client().post(f"/v1/bells/{bell}/ring", content=body, headers=key())
    assert (answer.status_code, answer.json()["title"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert b"s3cr3t" not in answer.content
    assert b"much" not in answer.content


def test_pages_follow_each_other_without_gap_or_overlap(tower: Tower, door: Door) -> None:
    bells = sorted(uuid4() for _ in range(7))
    for bell in bells:
        tower.do(BELL, door.tenant_id, bell, Ring())
    found, cursor = [], None
    while True:
        page = door.client().get("/v1/bells", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        found += [item["bell_id"] for item in page["items"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert found == [f"bel_{bell.hex}" for bell in bells]


@pytest.mark.parametrize("cursor", ["bm8gaWQ", "////", "=", "AA", "\u202e", "MQ==", "a" * 500, "YQBi", "w6k"])
def test_a_cursor_of_another_list_is_refused(door: Door, cursor: str) -> None:
    answer = door.client().get("/v1/bells", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["title"]) == (400, "malformed_cursor")


def test_a_cursor_of_a_neighbour_shows_nothing_of_theirs(tower: Tower, door: Door) -> None:
    theirs = Door(door.app, door.issuer)
    for bell in (uuid4(), uuid4()):
        tower.do(BELL, theirs.tenant_id, bell, Ring())
    cursor = theirs.client().get("/v1/bells", params={"limit": 1}).json()["next_cursor"]
    assert door.client().get("/v1/bells", params={"cursor": cursor}).json()["items"] == []


@pytest.mark.parametrize("limit", ["-1", "0", "501", "1000000000", "9" * 5000, "1e2", "NaN", "true", ""])
def test_a_list_without_end_is_not_given(door: Door, limit: str) -> None:
    answer = door.client().get("/v1/bells", params={"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "query:limit")


@pytest.mark.parametrize(
    "id_", ["inv_" + "0" * 32, "bel_", "bel_" + "0" * 31, "..%2f..%2fetc", "%00", "bel_" + "%D9%A3" * 32]
)
def test_what_is_no_id_is_refused(door: Door, id_: str) -> None:
    answer = door.client().get(f"/v1/bells/{id_}")
    assert answer.status_code in (400, 404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["Idempotency-Key", "If-Match", "X-Correlation-Id"])
@pytest.mark.parametrize("value", [b"\xff\xfe", b"k" * 300, "\u202e".encode(), b'"9"9', b"\x1b[31m"])
def test_an_odd_header_is_refused_or_harmless(door: Door, bell: UUID, name: str, value: bytes) -> None:
    answer = door.client().post(f"/v1/bells/{bell}/ring", json={}, headers={**key(), name: value})
    assert answer.status_code in (201, 400, 409, 412)
    assert value.decode("latin-1") not in answer.text + str(answer.headers)


def test_while_the_database_is_away_one_is_asked_to_come_again(own_tower: Tower, issuer: DevelopmentIssuer) -> None:
    door, bell = Door(create_app(own_tower, issuer.settings), issuer), uuid4()
    assert door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=key()).status_code == 201
    with away(own_tower):
        for _ in range(12):  # more than there are connections in the pool
            answer = door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=key())
            assert (answer.status_code, answer.json()["title"]) == (503, "database_unavailable")
            assert answer.headers["retry-after"] == "1"
    assert door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=key()).json()["times"] == 2


def test_after_the_database_was_restarted_at_most_one_request_notices(
    own_tower: Tower, issuer: DevelopmentIssuer
) -> None:
    door, bell = Door(create_app(own_tower, issuer.settings), issuer), uuid4()
    door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=key())
    with away(own_tower):
        pass
    statuses = [door.client().post(f"/v1/bells/{bell}/ring", json={}, headers=key()).status_code for _ in range(3)]
    assert statuses == [503, 201, 201]


@contextmanager
def away(tower: Tower) -> Iterator[None]:
    """The server hangs up on everybody, and for this while takes nobody back."""
    name = urlsplit(tower.urls.api).path.removeprefix("/")
    with psycopg.connect(libpq(tower.servers.admin_url), autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield
        admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
