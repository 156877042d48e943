"""The OpenAPI document, completed by what the kernel does around every route: scopes, keys, ETags and refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.access import Needs
from shared.http.directory import directory_of
from shared.http.document_parts import (
    BEARER,
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    LEFT,
    PROBLEM,
    QUOTA,
    Document,
    refusal,
)


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
            components["securitySchemes"] = {"bearer": BEARER}
            schemas = components.setdefault("schemas", {})
            schemas["Problem"] = PROBLEM
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
    success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    manner = _manner(operation, method, needs, is_versioned=_has_version(success, schemas))
    if manner.by_bearer_token:
        operation["security"] = [{"bearer": sorted({need.scope for need in needs})}]
    if manner.headers:
        success["headers"] = manner.headers
    operation.setdefault("parameters", []).extend(manner.parameters)
    refusals = manner.refusals(has_parameters=bool(operation["parameters"]))
    operation["responses"] |= {str(status): refusal(status) for status in refusals}


def _manner(operation: Document, method: str, needs: Sequence[Needs], *, is_versioned: bool) -> _Manner:
    writes = any(need.writes for need in needs)
    names_what = method == "PUT" or any(parameter["in"] == "path" for parameter in operation.get("parameters", ()))
    return _Manner(
        writes=writes,
        is_post=method == "POST",
        has_body="requestBody" in operation,
        names_media_types="415" in operation["responses"],
        by_bearer_token=all(need.by_bearer_token for need in needs),
        is_versioned=is_versioned,
        is_guarded=writes and is_versioned and names_what,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How an operation is asked and answered: all that the kernel adds to its description follows from this."""

    writes: bool
    is_post: bool
    has_body: bool
    names_media_types: bool
    by_bearer_token: bool
    is_versioned: bool
    is_guarded: bool

    @property
    def headers(self) -> Document:
        limits = {"RateLimit": LEFT, "RateLimit-Policy": QUOTA}
        return ({"ETag": ETAG} if self.is_versioned else {}) | (limits if self.by_bearer_token else {})

    @property
    def parameters(self) -> list[Document]:
        key = [IDEMPOTENCY_KEY] if self.writes and self.is_post else []
        return [*key, IF_MATCH] if self.is_guarded else key

    def refusals(self, *, has_parameters: bool) -> list[int]:
        takes_something = self.has_body or has_parameters
        possible = {
            400: takes_something,
            401: self.by_bearer_token,
            403: self.by_bearer_token or self.writes,
            404: takes_something,
            409: self.writes or self.is_post,  # a preview is refused like what it previews
            412: self.is_guarded,
            408: self.has_body,
            413: self.has_body,
            415: self.has_body and not self.names_media_types,
            422: takes_something,
            429: self.by_bearer_token,
            503: True,
        }
        return [status for status, is_possible in possible.items() if is_possible]


def _has_version(success: Document, schemas: Document) -> bool:
    content = success.get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rpartition("/")[2]
    return "version" in schemas.get(name, {}).get("properties", {})
