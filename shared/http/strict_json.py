"""JSON bodies without surprises: no NaN, no duplicate keys, no bottomless nesting, no text that cannot be stored."""

from __future__ import annotations

import json
from typing import Any

from fastapi import Request

from shared.http.problems import Problem

DEEPEST = 64


class StrictRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = loads(await self.body())
        return self._json


def loads(body: bytes) -> Any:
    """Decode, or raise a problem that says what is wrong. JSONDecodeError is left to FastAPI."""
    try:
        text = body.decode()
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise Problem(400, "nested_too_deep", f"at most {DEEPEST} levels of nesting") from None
    except UnicodeDecodeError:
        raise Problem(400, "malformed_request", "the body must be UTF-8") from None
    _check_depth(value)
    if "\\u" in text:
        _check_text(value)
    return value


def refuse_unstorable(path: str, query: bytes) -> None:
    """Names and filters in an address end up in the same columns as those in bodies."""
    if "\0" in path or b"%00" in query:
        raise _malformed_text()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Problem(400, "duplicate_key", "an object names the same key twice")
    return result


def _no_constant(name: str) -> None:
    raise Problem(400, "not_a_number", "NaN and Infinity are not JSON")


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise Problem(400, "nested_too_deep", f"at most {DEEPEST} levels of nesting")
        level = [child for item in level for child in _children(item)]
        depth += 1


def _children(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return [v for v in item.values() if isinstance(v, dict | list)]
    return [v for v in item if isinstance(v, dict | list)] if isinstance(item, list) else []


def _check_text(value: Any) -> None:
    """Escapes can write what PostgreSQL cannot store: NUL, and halves of surrogate pairs."""
    if isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
        raise _malformed_text()
    if isinstance(value, dict):
        _check_text([*value, *value.values()])
    if isinstance(value, list):
        for item in value:
            _check_text(item)


def _malformed_text() -> Problem:
    return Problem(400, "malformed_text", "text must be Unicode without NUL")
