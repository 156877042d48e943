"""Lists have a limit and a cursor: keyset pages in the order of the key."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import ColumnElement, RowMapping, Select

from shared.http.problems import Problem
from shared.http.ready import Ready, Written
from shared.unit_of_work import UnitOfWork

Item = TypeVar("Item")

USUAL, MOST = 100, 500
_PLAIN = re.compile(rb"(limit=(?P<limit>[0-9]{1,3}))?((?(1)&)cursor=(?P<cursor>[A-Za-z0-9_-]{1,500}))?")


class Listed(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` items, those behind the key `after`; None is the beginning."""

    limit: int
    after: str | None


async def _page(
    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> Page:
    return Page(limit, decoded(cursor) if cursor else None)


PageQuery = Annotated[Page, Depends(_page)]


class PlainPage(NamedTuple):
    """Of all documents that there are, in the order of their ids."""

    limit: int
    after: UUID | None


def plain_page(query: bytes) -> PlainPage | None:
    """None for a query that says anything else, or that has to be refused."""
    asked = _PLAIN.fullmatch(query)
    limit = int(asked["limit"] or USUAL) if asked else 0
    if asked is None or not 1 <= limit <= MOST:
        return None
    try:
        return PlainPage(limit, UUID(decoded(asked["cursor"].decode())) if asked["cursor"] else None)
    except (Problem, ValueError):
        return None


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
    return ready_page(show(rows), next_cursor)


def ready_page(items: Iterable[Written], next_cursor: str | None) -> Ready:
    return Ready({"items": [msgspec.Raw(item.json) for item in items], "next_cursor": next_cursor})


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
    """The key that a cursor stands for. Raises a Problem, 400, for what was never given out."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _not_a_cursor() from None
    if cursor_of(text) != cursor or "\0" in text:  # no column holds NUL
        raise _not_a_cursor()
    return text


def _not_a_cursor() -> Problem:
    return Problem(400, "malformed_cursor", "cursor must be the next_cursor of an earlier answer")
