"""Requests get to the same route as by a search, and what has no route is told as by a search."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from shared.http.directory import Directory, directory_of
from shared.http.documents import DocumentedApi


def rooms() -> list[APIRouter]:
    things, others = APIRouter(prefix="/v1/things"), APIRouter()

    @things.get("")
    def every() -> str:
        return "every thing"

    @things.get("/latest")
    def latest() -> str:
        return "the latest thing"

    @things.get("/{name}")
    def one(name: str) -> str:
        return f"thing {name}"

    @things.get("/oldest")
    def oldest() -> str:
        return "never, for a thing may be called that"

    @things.put("/{name}/parts/{part}")
    def part(name: str, part: int) -> str:
        return f"part {part} of {name}"

    @others.get("/health")
    def health() -> str:
        return "well"

    @others.get("/{room}/things")
    def of_room(room: str) -> str:
        return f"things of {room}"

    @others.get("/files/{path:path}")
    def file(path: str) -> str:
        return f"file {path}"

    return [things, others]


def opened(app: FastAPI) -> TestClient:
    for room in rooms():
        app.include_router(room)
    return TestClient(app)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/v1/things", "every thing"),
        ("GET", "/v1/things/latest", "the latest thing"),
        ("GET", "/v1/things/oldest", "thing oldest"),
        ("GET", "/v1/things/a%20b", "thing a b"),
        ("PUT", "/v1/things/clock/parts/7", "part 7 of clock"),
        ("GET", "/health", "well"),
        ("GET", "/attic/things", "things of attic"),
        ("GET", "/files/a/b/c", "file a/b/c"),
    ],
)
def test_a_request_gets_to_its_route(method: str, path: str, answer: str) -> None:
    assert opened(DocumentedApi()).request(method, path).json() == answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/nothing"),
        ("DELETE", "/v1/things/latest"),
        ("POST", "/v1/things"),
        ("HEAD", "/v1/things"),
        ("PUT", "/v1/things/clock/parts/first"),
        ("GET", "/v1/things/"),
        ("GET", "/v1//things"),
        ("GET", "/v1/things/a/b"),
        ("GET", "/"),
    ],
)
def test_what_has_no_route_is_told_as_ever(method: str, path: str) -> None:
    ours, as_ever = (opened(app).request(method, path, follow_redirects=False) for app in (DocumentedApi(), FastAPI()))
    assert ours.status_code == as_ever.status_code
    assert (ours.content, ours.headers) == (as_ever.content, as_ever.headers)


def test_a_place_has_few_routes() -> None:
    """Those of an address that is not fixed at its beginning, or as long as it likes, are left to the search."""
    app = FastAPI()
    opened(app)
    directory: Any = directory_of(app.router)
    assert isinstance(directory, Directory)
    assert [route.name for route in directory.places["GET", 3, "v1", "things"]] == ["latest", "one", "oldest"]
    named = {route.name for routes in directory.places.values() for route in routes}
    assert named == {"every", "latest", "one", "oldest", "part", "health"}
