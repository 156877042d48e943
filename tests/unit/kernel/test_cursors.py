"""A cursor is what an earlier answer gave; anything else is refused before the database sees it."""

from __future__ import annotations

import base64
from typing import Annotated

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from shared.http import problems
from shared.http.pages import PageQuery
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
