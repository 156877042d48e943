"""What belongs to somebody else is not there: at every address of every service, and in every list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.stocked import STOCK, Names
from tests.support.house import Service

QUERIES = {"/v1/events": {"source": "/cars", "id": "1"}}
# About the caller's own tenant, or computed from what it may see.
OF_THE_CALLER = {"/v1/settings", "/v1/test-clock", "/v1/reasons", "/v1/completeness", "/v1/metrics/renewals"}


@pytest.mark.parametrize("name", STOCK)
def test_a_foreign_tenants_id_is_not_found(name: str, request: pytest.FixtureRequest, tenant: str) -> None:
    service: Service = request.getfixturevalue(name)
    names = STOCK[name](service, tenant)
    owner, stranger = service.client(tenant), service.client(f"stranger-{uuid4().hex}")
    for method, path, asked in addresses(service, names):
        mine, theirs = (client.request(method, path, params=asked) for client in (owner, stranger))
        assert mine.status_code in (200, 409), f"{method} {path}: {mine.text}"
        if "items" in mine.json():
            listed = theirs.json().get("items")
            assert (theirs.status_code, listed) in ((404, None), (200, [])), f"{method} {path}"
        else:
            assert theirs.status_code == 404, f"{method} {path}"
            assert theirs.json()["title"].endswith("not_found"), f"{method} {path}"


def addresses(service: Service, names: Names) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Everything that can be asked or ordered without a body, of things that are there."""
    for path, operations in service.app.openapi()["paths"].items():
        for method, operation in operations.items():
            address = path.format_map(_Named(names))
            if "requestBody" not in operation and path not in OF_THE_CALLER and "nothing" not in address:
                yield method.upper(), address, QUERIES.get(path, {})


class _Named(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "nothing"
