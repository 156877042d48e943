"""What one tenant may ask of a process: told on every answer, refused beyond it, and nobody else's business."""

from __future__ import annotations

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from infra.local.tokens import DevelopmentIssuer
from tests.integration.kernel.conftest import Door
from tests.support.tower.api import create_app
from tests.support.tower.house import Tower


@pytest.fixture
def narrow(tower: Tower, issuer: DevelopmentIssuer) -> Door:
    """Three requests in a day."""
    return Door(create_app(tower, issuer.settings, rate_limit_requests=3, rate_limit_seconds=86_400), issuer)


def asked(client: TestClient) -> list[int]:
    return [client.get("/v1/bells").status_code for _ in range(5)]


def test_every_answer_says_what_is_left(narrow: Door) -> None:
    client = narrow.client()
    answers = [client.get("/v1/bells"), client.get(f"/v1/bells/{uuid4()}"), client.post(f"/v1/bells/{uuid4()}/ring")]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"requests";q=3;qu="requests";w=86400'}
    assert [remaining(answer.headers["ratelimit"]) for answer in answers] == [2, 1, 0]


def test_a_refusal_says_when_to_come_again(narrow: Door) -> None:
    asked(narrow.client())
    refused = narrow.client().get("/v1/bells")
    assert (refused.status_code, refused.json()["title"]) == (429, "quota_exceeded")
    assert refused.headers["content-type"] == "application/problem+json"
    assert 1 <= int(refused.headers["retry-after"]) <= 86_400
    assert refused.headers["ratelimit"].endswith(f";r=0;t={refused.headers['retry-after']}")


def test_one_tenant_does_not_use_up_what_is_anothers(narrow: Door) -> None:
    assert asked(narrow.client()) == [200, 200, 200, 429, 429]
    assert asked(replace(narrow, tenant_name=uuid4().hex).client()) == [200, 200, 200, 429, 429]


def test_a_token_that_is_not_believed_uses_up_nothing(narrow: Door) -> None:
    stranger = TestClient(narrow.app, headers={"Authorization": "Bearer nonsense"})
    assert asked(stranger) == [401] * 5
    assert "ratelimit" not in stranger.get("/v1/bells").headers
    assert asked(narrow.client()) == [200, 200, 200, 429, 429]


def test_a_caller_without_the_scope_is_counted_all_the_same(narrow: Door) -> None:
    assert asked(narrow.client(scopes=[])) == [403, 403, 403, 429, 429]


def test_what_the_platform_asks_is_not_counted(narrow: Door) -> None:
    assert [narrow.client().get("/livez").status_code for _ in range(9)] == [200] * 9


def remaining(header: str) -> int:
    found = re.fullmatch(r'"requests";r=(\d+);t=\d+', header)
    assert found, header
    return int(found[1])
