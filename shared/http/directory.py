"""A directory of routes: a request gets to its route without a search through all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

FIXED = 2

# The method, how many parts the address has, and the first of them: `GET /v1/invoices/{id}` is at ("GET", 3, "v1", "invoices").
Place = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class Directory:
    """An ASGI application before `search`, which is FastAPI's own way: router by router, route by route. Whatever is not
    found here is its business: addresses that nobody has, other methods, redirects. `places` keep the routers' order."""

    search: ASGIApp
    places: Mapping[Place, Sequence[APIRoute]]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope.get("root_path"):
            for route in self.places.get(_place(scope["method"], scope["path"]), ()):
                match, found = route.matches(scope)
                if match is Match.FULL:
                    scope.update(found)
                    await route.handle(scope, receive, send)
                    return
        await self.search(scope, receive, send)


def directory_of(router: APIRouter) -> Directory:
    """Of all routes with an address that is fixed at its beginning and has as many parts as it says; of routers that were
    included as they are."""
    places: dict[Place, list[APIRoute]] = defaultdict(list)
    for context in iter_route_contexts(router.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.path == context.path and _is_fixed(route.path):
            for method in route.methods or ():
                places[_place(method, route.path)].append(route)
    return Directory(router.app, places)


def _place(method: str, path: str) -> Place:
    _, first, second, *_ = (*path.split("/", FIXED + 1), "", "")
    return method, path.count("/"), first, second


def _is_fixed(path: str) -> bool:
    return "{" not in "".join(_place("", path)[2:]) and ":path}" not in path
