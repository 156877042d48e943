"""A cursor is what an earlier answer gave; anything else is refused before the database sees it."""

from __future__ import annotations

import base64
from typing import Annotated
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.http import problems
from shared.http.pages import PageQuery, plain_page
from shared.http.pages import cursor_of as encoded


def reading() -> TestClient:
    app = FastAPI()
    problems.install(app)

    @app.get("/shelves")
    def shelves(page: Annotated[PageQuery, None]) -> dict[str, object]:
        return {"limit": page.limit, "after": page.after}

    return TestClient(app)


CLIENT = reading()


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=80))
def test_a_key_survives_its_cursor(key: str) -> None:
    assert CLIENT.get("/shelves", params={"cursor": encoded(key)}).json() == {"limit": 100, "after": key}


@pytest.mark.parametrize("cursor", ["%%%", "a", "_w", base64.urlsafe_b64encode(b"a\0b").decode(), "ü"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    answer = CLIENT.get("/shelves", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["title"]) == (400, "malformed_cursor")


@pytest.mark.parametrize("limit", ["0", "501", "-1", "ten"])
def test_every_list_has_a_limit(limit: str) -> None:
    assert CLIENT.get("/shelves", params={"limit": limit}).status_code == 422


LIMITS = st.sampled_from(
    ["limit=1", "limit=500", "limit=501", "limit=0", "limit=007", "limit=", "limit=1.0", "limit=-1"]
)
CURSORS = st.sampled_from(
    [f"cursor={encoded(uuid4())}", f"cursor={encoded('no id')}", "cursor=", "cursor=%00", "cursor=YQ=="]
)


@given(st.lists(LIMITS | CURSORS | st.sampled_from(["", "kind=regular", "limit=1#"]), max_size=3).map("&".join))
def test_a_plain_page_is_what_the_route_would_read_and_the_rest_is_left_to_it(query: str) -> None:
    page = plain_page(query.encode())
    if page is not None:
        told = CLIENT.get(f"/shelves?{query}")
        assert told.status_code == 200
        assert told.json() == {"limit": page.limit, "after": page.after and str(page.after)}


def test_plain_pages_are_those_with_a_limit_or_a_cursor_or_both() -> None:
    id_ = uuid4()
    cursor = encoded(id_)
    plain = ("", "limit=7", f"cursor={cursor}", f"limit=7&cursor={cursor}")
    found: list[tuple[int, UUID | None]] = [(100, None), (7, None), (100, id_), (7, id_)]
    assert [plain_page(query.encode()) for query in plain] == found
    assert plain_page(f"cursor={cursor}&limit=7".encode()) is None
