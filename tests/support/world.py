"""Several services together, and the clock of a tenant in all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.support.house import Service, settle


class World:
    """`call` speaks to a service as an operator of the tenant and fails on a refusal; `move` moves the clock everywhere."""

    def __init__(self, services: Sequence[Service], tenant: str):
        self.services = {service.name: service for service in services}
        self.clients = {service.name: service.client(tenant) for service in services}

    def call(self, service: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        response = self.clients[service].request(method, path, json=body, params=params)
        assert response.is_success, f"{method} {service} {path}: {response.status_code} {response.text}"
        return response.json()

    def items(self, service: str, path: str, **params: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.call(service, "GET", path, limit=500, **params)["items"]
        return items

    def move(self, now: str) -> None:
        with self._working():
            for name in self.services:
                self.call(name, "PUT", "/v1/test-clock", {"now": now})
        self.settle()

    def settle(self) -> None:
        settle(list(self.services.values()))

    @contextmanager
    def _working(self) -> Iterator[None]:
        with ExitStack() as stack:
            for service in self.services.values():
                stack.enter_context(service.working())
            yield
