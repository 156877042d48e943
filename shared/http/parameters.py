"""What an address takes after its question mark: a name that it does not know is a mistake, as it would have chosen less."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.params import Query
from fastapi.routing import APIRoute

_KNOWN: dict[Callable[..., Any], frozenset[str]] = {}  # by endpoint


def refuse_unknown(request: Request) -> None:
    """Raises RequestValidationError that names each parameter the route does not have."""
    if not request.scope["query_string"]:
        return
    known = _known(request.scope["route"])
    asked = dict.fromkeys(name for name, _ in parse_qsl(request.scope["query_string"].decode("latin-1"), True))
    if unknown := [name for name in asked if name not in known]:
        raise RequestValidationError([_unknown(name, known) for name in unknown])


def _known(route: APIRoute) -> frozenset[str]:
    if route.endpoint not in _KNOWN:
        fields = get_flat_params(route.dependant)
        _KNOWN[route.endpoint] = frozenset(field.alias for field in fields if isinstance(field.field_info, Query))
    return _KNOWN[route.endpoint]


def _unknown(name: str, known: Iterable[str]) -> dict[str, Any]:
    taken = ", ".join(sorted(known)) or "none at all"
    return {
        "loc": ("query", name),
        "type": "unknown_parameter",
        "msg": f"there is no such parameter here, but: {taken}",
    }
