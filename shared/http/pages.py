"""Lists have a limit and a cursor: keyset pages in the order of the key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import ColumnElement, RowMapping, Select

from shared.http.problems import Problem
from shared.http.ready import Ready, Written
from shared.unit_of_work import UnitOfWork

Item = TypeVar("Item")


class Listed(BaseModel, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    after: str | None


async def _page(
    limit: Annotated[int, Query(ge=1, le=500)] = 100, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> Page:
    return Page(limit, decoded(cursor) if cursor else None)


PageQuery = Annotated[Page, Depends(_page)]


def page_of(
    unit: UnitOfWork, select: Select[Any], key: ColumnElement[Any], page: Page, show: Callable[[RowMapping], Item]
) -> Listed[Item]:
    """One page of a select, ordered by a unique key column of text or UUID."""
    rows, next_cursor = _rows(unit, select, key, page)
    return Listed(items=[show(row) for row in rows], next_cursor=next_cursor)


def ready_page_of(
    unit: UnitOfWork,
    select: Select[Any],
    key: ColumnElement[Any],
    page: Page,
    show: Callable[[Sequence[RowMapping]], Iterable[Written]],
) -> Ready:
    """The same of items that are shown together, as JSON. `Listed` is what it looks like."""
    rows, next_cursor = _rows(unit, select, key, page)
    return Ready({"items": [msgspec.Raw(item.json) for item in show(rows)], "next_cursor": next_cursor})


def _rows(
    unit: UnitOfWork, select: Select[Any], key: ColumnElement[Any], page: Page
) -> tuple[Sequence[RowMapping], str | None]:
    """What is on the page, and where the next one begins, if there is one."""
    if page.after is not None:
        select = select.where(key > _key(page.after, key))
    rows: Sequence[RowMapping] = unit.tx.execute(select.order_by(key).limit(page.limit + 1)).mappings().all()
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    return shown, cursor_of(shown[-1][str(key.key)]) if more else None


def _key(text: str, key: ColumnElement[Any]) -> object:
    try:
        return UUID(text) if key.type.python_type is UUID else key.type.python_type(text)
    except ValueError:
        raise _not_a_cursor() from None


def cursor_of(value: object) -> str:
    """The key of the last item shown, as the client hands it back."""
    return base64.urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def decoded(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _not_a_cursor() from None
    if cursor_of(text) != cursor or "\0" in text:  # no column holds NUL
        raise _not_a_cursor()
    return text


def _not_a_cursor() -> Problem:
    return Problem(400, "malformed_cursor", "cursor must be the next_cursor of an earlier answer")
