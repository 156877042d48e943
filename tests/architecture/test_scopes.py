"""The table of routes and scopes in the documents says what the routes themselves say."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import iter_route_contexts

from shared.http.documents import needs_of
from tests.architecture.sources import ROOT, SERVICES
from tests.architecture.test_routes import app_of
from tests.support.house import ALL_SCOPES

TEXT = (ROOT / "docs" / "scopes.md").read_text()
Rows = set[tuple[str, ...]]


def written(heading: str) -> Rows:
    """Resource, route and scope of each row under a heading."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [
        tuple(cell.strip(" `") for cell in line.strip("|").split("|")) for line in section.splitlines() if "|" in line
    ]
    return set(rows[2:])


def real(service: str) -> Rows:
    return {
        (route.tags[0], f"{method} {route.path}", need.scope)
        for route in iter_route_contexts(app_of(service).routes)
        for need in needs_of(route)
        for method in route.methods or ()
    }


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_stands_in_the_documents_with_its_scope(service: str) -> None:
    assert real(service) == written(service.capitalize()) | written("All services")


def test_every_scope_is_explained() -> None:
    explained = re.findall(r"^\| `([a-z:]+)` \|", TEXT, re.MULTILINE)
    assert sorted(explained) == ALL_SCOPES
