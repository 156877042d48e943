"""A front door for commands: those that come in at about the same time are decided one after another, and are one
transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from fastapi import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Engine
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.clock import real_now
from shared.errors import DomainError
from shared.event_store import EventStore
from shared.http.backpressure import Backpressure
from shared.http.documents import DocumentedApi
from shared.http.front import Asked, tell
from shared.http.gathering import Gathering
from shared.http.idempotency import Keyed, claimed, remember
from shared.http.problems import Problem, refusal
from shared.http.routes import cause_of, rendered
from shared.http.strict_json import loads
from shared.http.tokens import Caller
from shared.http.turns import Turns
from shared.logs import logger
from shared.tenancy import clocked_transaction
from shared.unit_of_work import Session, UnitOfWork

MOST_BYTES = 8192
# Long enough for those that were answered together to ask again together.
GATHER_SECONDS = 0.002
GROUPS_AT_ONCE = 2
# So many need not wait for more: while one group is in PostgreSQL, the other one is decided.
ENOUGH = 8
# Of these most wait for PostgreSQL at any time; beside others a tenant has a part of them.
REQUESTS_AT_ONCE, REQUESTS_BESIDE_OTHERS = 128, 16
# More than a statement of an API may take.
PATIENCE_SECONDS = 20.0

Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Grouped(Generic[Form]):
    """What one route's commands are: `caller_of` says who asks, by the form alone; `prepare` loads together what the
    endpoint will ask for one by one. The endpoint decides, and reads nothing besides: it writes nothing by itself."""

    form: type[Form]
    caller_of: Callable[[Form], Caller]
    prepare: Callable[[Session, UUID, Sequence[Form]], None]
    endpoint: Callable[[Form, UnitOfWork], Any]


@dataclass(frozen=True, slots=True, eq=False)
class Command(Generic[Form]):
    """One request of a group, as it was read."""

    caller: Caller
    keyed: Keyed
    correlation_id: str
    form: Form

    @property
    def tenant_id(self) -> UUID:
        return self.caller.tenant_id


def open_grouping(app: DocumentedApi, service: str, route: APIRoute, grouped: Grouped[Form]) -> None:
    """For a POST that needs an Idempotency-Key and no bearer token, of a body and nothing else."""
    state = app.state
    group = Group(state.engine, state.store, state.backpressure, grouped, route.status_code or 200)
    app.front = GroupingDoor(
        app=app.front or super(DocumentedApi, app).__call__,
        service=service,
        route=route,
        grouped=grouped,
        turns=Turns(REQUESTS_AT_ONCE, REQUESTS_BESIDE_OTHERS),
        groups=Gathering(
            group,
            seconds=GATHER_SECONDS,
            at_once=GROUPS_AT_ONCE,
            patience_seconds=PATIENCE_SECONDS,
            enough=ENOUGH,
        ),
        body_seconds=state.settings.body_timeout_seconds,
    )


@dataclass(frozen=True, slots=True)
class GroupingDoor(Generic[Form]):
    """An ASGI application before `app`. It answers what is plain, and done or refused; whatever else it is, and whatever
    goes wrong, `app` answers."""

    app: ASGIApp
    service: str
    route: APIRoute
    grouped: Grouped[Form]
    turns: Turns
    groups: Gathering[Command[Form], Response | None]
    body_seconds: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Asked.plainly(scope, self.route, MOST_BYTES)
        if request is None or scope["query_string"] or b"if-match" in request.headers:
            return await self.app(scope, receive, send)
        body = await request.body(receive, self.body_seconds)
        command = None if body is None else self._command(request, body)
        answer = None if command is None else await self._answer(command)
        if answer is None:
            return await self.app(scope, request.again(receive), send)
        return await tell(self.service, self.route, scope, answer, send, request.began)

    def _command(self, request: Asked, body: bytes) -> Command[Form] | None:
        if request.headers.get(b"content-type") != b"application/json":
            return None
        try:
            keyed = Keyed.of(request.text(b"idempotency-key"), "POST", self.route.path, body)
            form = self.grouped.form.model_validate(loads(body))
            request.let_in(self.grouped.caller_of(form))
        except (Problem, DomainError, ValidationError, ValueError):
            return None
        return Command(request.state["caller"], keyed, request.state["correlation_id"], form)

    async def _answer(self, command: Command[Form]) -> Response | None:
        try:
            async with self.turns.turn(command.tenant_id):
                return await self.groups.add(command)
        except (Problem, TimeoutError):
            return None


@dataclass(frozen=True, slots=True)
class Group(Generic[Form]):
    """What is answered, of each tenant in a transaction of its own; None for what has to be asked alone."""

    engine: Engine
    store: EventStore
    backpressure: Backpressure
    grouped: Grouped[Form]
    status: int

    def __call__(self, commands: Sequence[Command[Form]]) -> list[Response | None]:
        answers: dict[Command[Form], Response] = {}
        for tenant_id, alike in groupby(sorted(commands, key=attrgetter("tenant_id")), key=attrgetter("tenant_id")):
            answers |= self._of_tenant(tenant_id, list(alike))
        return [answers.get(command) for command in commands]

    def _of_tenant(self, tenant_id: UUID, commands: Sequence[Command[Form]]) -> dict[Command[Form], Response]:
        try:
            self.backpressure.check()
            with clocked_transaction(self.engine, tenant_id) as (tx, clock):
                return self._together(tx, tenant_id, clock, commands)
        except Exception as error:  # who asks alone hears what it is
            logger().warning("could not be done together", error=repr(error))
            return {}

    def _together(
        self, tx: Connection, tenant_id: UUID, clock: datetime | None, commands: Sequence[Command[Form]]
    ) -> dict[Command[Form], Response]:
        """Events are written in one order of streams, so that no two groups wait for each other."""
        ours = _first_of_each(commands, claimed(tx, tenant_id, [command.keyed.key for command in commands]))
        session = Session(tx, self.store)
        self.grouped.prepare(session, tenant_id, [command.form for command in ours])
        answers = {command: self._decided(session, clock, command) for command in ours}
        session.pending.sort(key=attrgetter("key"))
        with session.finishing():
            done = ((command.keyed, answer) for command, answer in answers.items() if answer.status_code < 300)
            remember(tx, tenant_id, done, real_now())
        return answers

    def _decided(self, session: Session, clock: datetime | None, command: Command[Form]) -> Response:
        unit = UnitOfWork(session, cause_of(command.caller, command.correlation_id, clock))
        try:
            with session.trying():
                return rendered(self.grouped.endpoint(command.form, unit), self.status)
        except (Problem, DomainError) as error:
            return refusal(error)


def _first_of_each(commands: Sequence[Command[Form]], keys: set[str]) -> list[Command[Form]]:
    """One request of each key: the next one is answered when it is known what became of the first."""
    first: dict[str, Command[Form]] = {}
    for command in commands:
        if command.keyed.key in keys:
            first.setdefault(command.keyed.key, command)
    return list(first.values())
