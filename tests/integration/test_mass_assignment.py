"""Nobody sets what is not theirs to set: a field too many is refused and named, at every level of every body."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.requests_by_route import Route, routes
from tests.integration.stocked import STOCK, Names
from tests.integration.test_access import of_nobody
from tests.support.house import Service

NOT_THEIRS = [
    "tenant_id",
    "id",
    "version",
    "state",
    "status",
    "approved_by",
    "requested_by",
    "total_minor",
    "open_minor",
]
# CloudEvents may carry attributes that we do not know; they are ignored, as the specification says.
OPEN = {"POST /v1/events", "POST /v1/backfills/{backfill_id}/loads"}
# A file has columns, and not fields; providers write what they like, and sign it.
OPEN |= {"POST /v1/bank-statements", "POST /v1/payment-webhooks/{provider}"}
ALL_NAMES: Names = {"token": "0" * 64, "invoice": "INV-1", "subscription_id": "0" * 32}
Path = tuple[str | int, ...]


@pytest.mark.parametrize("name", STOCK)
def test_a_field_too_many_is_refused_and_named(name: str, request: pytest.FixtureRequest) -> None:
    service: Service = request.getfixturevalue(name)
    client = service.client("acme")
    for route in with_body(service):
        for number, (path, body) in enumerate(with_room(route.body)):
            rotated = NOT_THEIRS[number % len(NOT_THEIRS) :] + NOT_THEIRS
            field = next(name for name in rotated if name not in at(body, path))
            at(body, path)[field] = "hers"
            answer = route.ask(client, content=json.dumps(body))
            pointer = "/" + "/".join(map(str, (*path, field)))
            assert answer.status_code == 422, f"{route.name} {pointer}: {answer.text}"
            named = [error["pointer"] for error in answer.json()["errors"]]
            assert pointer in named, f"{route.name} {pointer}: {named}"


@pytest.mark.parametrize("name", STOCK)
def test_every_object_of_every_body_is_closed_or_a_map(name: str, request: pytest.FixtureRequest) -> None:
    """What the sample bodies do not show, the document does."""
    service: Service = request.getfixturevalue(name)
    document = service.app.openapi()
    for route in with_body(service):
        content = document["paths"][route.path][route.method.lower()]["requestBody"]["content"]
        for schema in objects(content["application/json"]["schema"], document["components"]["schemas"], set()):
            closed = schema.get("additionalProperties", True) is not True or "patternProperties" in schema
            assert closed, f"{route.name}: {schema.get('title')}"


def with_body(service: Service) -> Iterator[Route]:
    for route in routes(service, ALL_NAMES | of_nobody(service)):
        if route.body is not None and route.name not in OPEN:
            yield route


def with_room(body: Any) -> Iterator[tuple[Path, Any]]:
    """A copy for each object in it that has fields of its own, and where that is; maps have keys of the client's."""
    for path in objects_in(body, ()):
        if path[-1:] not in (("external_refs",), ("features",), ("prices",), ("minimums",), ("group_by",)):
            yield path, copy.deepcopy(body)


def objects_in(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from objects_in(inner, (*path, key))


def at(body: Any, path: Path) -> Any:
    for key in path:
        body = body[key]
    return body


def objects(schema: Any, named: dict[str, Any], seen: set[str]) -> Iterator[dict[str, Any]]:
    if not isinstance(schema, dict | list):
        return
    for inner in schema if isinstance(schema, list) else schema.values():
        yield from objects(inner, named, seen)
    if isinstance(schema, dict):
        if (reference := schema.get("$ref")) and isinstance(reference, str) and reference not in seen:
            seen.add(reference)
            yield from objects(named[reference.rpartition("/")[2]], named, seen)
        if schema.get("type") == "object":
            yield schema
