"""Nobody gets further than the door without a token, nor without the scope of the route: for every route there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.integration.requests_by_route import BY_OTHER_PROOF, Route, routes
from tests.integration.stocked import STOCK, Names
from tests.support.house import ALL_SCOPES, Service


def of_nobody(service: Service) -> Names:
    """Who is not let in is not told what is there, so that it need not be."""
    parameters = re.findall(r"{(\w+)}", " ".join(service.app.openapi()["paths"]))
    return dict.fromkeys([*parameters, "parked"], "0" * 32)


@pytest.mark.parametrize("name", STOCK)
def test_without_a_token_every_route_answers_401(name: str, request: pytest.FixtureRequest) -> None:
    service: Service = request.getfixturevalue(name)
    nobody = service.client("nobody")
    del nobody.headers["Authorization"]
    for route in by_bearer_token(service):
        answer = route.ask(nobody)
        assert problem_of(answer) == (401, "not_authenticated"), route.name
        assert answer.headers["www-authenticate"] == "Bearer", route.name


@pytest.mark.parametrize("name", STOCK)
def test_without_its_scope_every_route_answers_403_and_names_it(name: str, request: pytest.FixtureRequest) -> None:
    service: Service = request.getfixturevalue(name)
    clients: dict[str, TestClient] = {}
    for route in by_bearer_token(service):
        scope = route.needs.scope
        others = [other for other in ALL_SCOPES if other != scope]
        answer = route.ask(clients.setdefault(scope, service.client("nobody", scopes=others)))
        assert problem_of(answer) == (403, "scope_missing"), route.name
        assert answer.json()["detail"].endswith(f" {scope}"), route.name


@pytest.mark.parametrize("name", STOCK)
def test_what_needs_no_bearer_token_is_known_by_name(name: str, request: pytest.FixtureRequest) -> None:
    service: Service = request.getfixturevalue(name)
    open_to_all = [route.name for route in routes(service, of_nobody(service)) if not route.needs.by_bearer_token]
    assert open_to_all == (BY_OTHER_PROOF if name == "billing" else [])


def by_bearer_token(service: Service) -> list[Route]:
    return [route for route in routes(service, of_nobody(service)) if route.needs.by_bearer_token]


def problem_of(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["title"]
