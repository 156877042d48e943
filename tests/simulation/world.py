"""The four services in one process, one tenant of theirs, and the calls that its people make."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.services import SERVICES
from infra.local.tokens import tenant_id
from tests.simulation.faults import Faults
from tests.simulation.log import Log
from tests.simulation.room import Ids, RealTime, Room
from tests.support.house import ALL_SCOPES, running
from tests.support.servers import Servers

# How often people ask again in a world in which nothing goes wrong.
TRIES = 3


class Away(Exception):
    """The service answers 503: whether it was done is unknown, and doing it again is safe."""


@dataclass(frozen=True)
class Request:
    service: str
    method: str
    path: str
    key: str
    content: bytes | None
    params: dict[str, Any]

    @property
    def is_ingest(self) -> bool:
        return self.path == "/v1/events"

    @property
    def kind(self) -> str:
        return "application/cloudevents-batch+json" if self.is_ingest else "application/json"


@dataclass
class World:
    """`call` is one request as one tenant; a refusal is an error, since the story knows what it may ask for."""

    rooms: dict[str, Room]
    log: Log
    time: RealTime
    ids: Ids
    tenant: str = ""
    sent: int = 0
    book: dict[str, dict[str, int]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.carry: Callable[[Request], Any] = self.patiently

    def enter(self, tenant: str) -> None:
        """A new tenant on a new broker; of the one before nothing is left."""
        self.tenant, self.tenant_id, self.sent = tenant, tenant_id(tenant), 0
        token = self.rooms["billing"].service.issuer.token(tenant=tenant, scopes=ALL_SCOPES, subject="simulation")
        self.headers = {"Authorization": f"Bearer {token}"}
        self.time.now = RealTime().now
        self.ids.begin_anew(tenant)
        self.log.begin_anew()
        for room in self.rooms.values():
            room.faults.disarm()
            room.empty()
            room.start()

    def call(self, service: str, method: str, path: str, body: Any = None, **params: Any) -> Any:
        return self.carry(self.request(service, method, path, body, **params))

    def request(self, service: str, method: str, path: str, body: Any = None, **params: Any) -> Request:
        self.sent += 1
        content = None if body is None else json.dumps(body).encode()
        return Request(service, method, path, f"key-{self.sent}", content, params)

    def answer(self, request: Request) -> Any:
        """Whatever the service says."""
        headers = self.headers | {"Idempotency-Key": request.key, "Content-Type": request.kind}
        room = self.rooms[request.service]
        room.touch()
        return room.client.request(
            request.method, request.path, content=request.content, params=request.params, headers=headers
        )

    def patiently(self, request: Request) -> Any:
        """Also where nothing goes wrong: a machine that stands still for seconds makes an answer late."""
        for _ in range(TRIES):
            with suppress(Away):
                return self.ask(request)
        return self.ask(request)

    def ask(self, request: Request) -> Any:
        """One try. Raises Away."""
        answer = self.answer(request)
        if answer.status_code == 503:
            raise Away(answer.text)
        assert answer.is_success, f"{request}: {answer.status_code} {answer.text}"
        return answer.json()

    def items(self, service: str, path: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call(service, "GET", path, limit=200, **params)["items"]
        return found


@contextmanager
def world(servers: Servers, directory: Path, services: Sequence[str] = SERVICES) -> Iterator[World]:
    """New databases, migrated from nothing, for as many tenants after one another as one likes."""
    log, time, ids = Log(), RealTime(), Ids()
    with ExitStack() as stack:
        houses = [stack.enter_context(running(name, servers, directory)) for name in services]
        rooms = {house.name: stack.enter_context(_standing(Room(house, log, time, ids, Faults()))) for house in houses}
        yield World(rooms, log, time, ids)


@contextmanager
def _standing(room: Room) -> Iterator[Room]:
    with room.client:
        try:
            yield room
        finally:
            room.close()
