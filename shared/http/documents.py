"""The OpenAPI document, completed by what the kernel does around every route: scopes, keys, ETags and refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.access import Needs
from shared.http.directory import directory_of

Document = dict[str, Any]


class DocumentedApi(FastAPI):
    """FastAPI describes models only: what routes and problem documents add to them is added here. A `front` that was
    opened answers before all else, and routes are found in a directory."""

    front: ASGIApp | None = None

    def build_middleware_stack(self) -> ASGIApp:
        """Once, when all routers are there."""
        self.router.middleware_stack = directory_of(self.router)
        return super().build_middleware_stack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.front is None:
            await super().__call__(scope, receive, send)
        else:
            await self.front(scope, receive, send)

    def openapi(self) -> Document:
        if self.openapi_schema is None:
            document = super().openapi()
            components = document.setdefault("components", {})
            components["securitySchemes"] = {"bearer": _BEARER}
            schemas = components.setdefault("schemas", {})
            schemas["Problem"] = _PROBLEM
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            for route in iter_route_contexts(self.routes):
                needs = needs_of(route)
                for method in (route.methods or ()) if needs else ():
                    _complete(document["paths"][route.path_format][method.lower()], method, needs, schemas)
        return super().openapi()


def needs_of(route: RouteContext | APIRoute) -> list[Needs]:
    """What a caller needs for a route, as its signature says; nothing for what the platform asks without a token."""
    dependant: Dependant | None = getattr(route, "dependant", None)
    return [] if dependant is None else list(_needs(dependant))


def _needs(dependant: Dependant) -> Iterator[Needs]:
    if isinstance(dependant.call, Needs):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _needs(inner)


def _complete(operation: Document, method: str, needs: Sequence[Needs], schemas: Document) -> None:
    parameters = operation.setdefault("parameters", [])
    responses = operation["responses"]
    success = next(answer for status, answer in responses.items() if status.startswith("2"))
    in_path = any(parameter["in"] == "path" for parameter in parameters)
    has_body, writes = "requestBody" in operation, any(need.writes for need in needs)
    by_bearer_token = all(need.by_bearer_token for need in needs)
    versioned = _has_version(success, schemas)
    guarded = writes and versioned and (in_path or method == "PUT")
    if by_bearer_token:
        operation["security"] = [{"bearer": sorted({need.scope for need in needs})}]
    headers = {"ETag": _ETAG} if versioned else {}
    if by_bearer_token:
        headers |= {"RateLimit": _LEFT, "RateLimit-Policy": _QUOTA}
    if headers:
        success["headers"] = headers
    if writes and method == "POST":
        parameters.append(_IDEMPOTENCY_KEY)
    if guarded:
        parameters.append(_IF_MATCH)
    refusals = {
        400: has_body or bool(parameters),
        401: by_bearer_token,
        403: by_bearer_token or writes,
        404: has_body or bool(parameters),
        409: writes or method == "POST",  # a preview is refused like what it previews
        412: guarded,
        408: has_body,
        413: has_body,
        415: has_body and "415" not in responses,
        422: has_body or bool(parameters),
        429: by_bearer_token,
        503: True,
    }
    responses |= {str(status): _refusal(status) for status, possible in refusals.items() if possible}


def _has_version(success: Document, schemas: Document) -> bool:
    content = success.get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rpartition("/")[2]
    return "version" in schemas.get(name, {}).get("properties", {})


def _refusal(status: int) -> Document:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answer: Document = {"description": _MEANING[status], "content": content}
    if status in (429, 503):
        answer["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "string"}}}
    return answer


_MEANING = {
    400: "The request cannot be read.",
    401: "A valid bearer token is needed.",
    403: "This caller may not do it.",
    404: "There is no such thing, or it belongs to somebody else.",
    409: "It cannot be done now: look again, and retry where that makes sense.",
    408: "The body did not arrive in time.",
    412: "It has changed since the ETag in If-Match.",
    413: "The body is too large.",
    415: "The body is compressed: send it as it is.",
    422: "The request is understood and refused; `errors` names what has to change.",
    429: "The tenant asked too much of this process: `RateLimit-Policy` says how much it may.",
    503: "A server that is needed is away: the same request may succeed later.",
}

_BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

_TEXT = {"type": "string"}

_ETAG = {"description": "The version of what is answered, for If-Match.", "schema": _TEXT}

_QUOTA = {"description": "What the tenant may ask of this process in a window.", "schema": _TEXT}

_LEFT = {"description": "What is left of it, and in how many seconds there is more.", "schema": _TEXT}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same one when the request is repeated: it is applied once and gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "An ETag: refused with 412 where it is not the current one.",
    "schema": {"type": "string", "pattern": r'^("[0-9]{1,18}"|\*)$'},
}

_ERROR = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {"pointer": _TEXT, "code": _TEXT, "detail": _TEXT, "index": {"type": "integer"}},
}

_PROBLEM = {
    "description": "RFC 9457. `title` is stable and meant for programs, `detail` for people.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {"type": "array", "items": _ERROR},
    },
}
