"""A route is one transaction in one thread: begun when the endpoint runs, committed before the answer leaves."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, get_args, get_type_hints

from fastapi import Request, Response
from fastapi.params import Depends
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Connection

from shared.causes import Cause
from shared.clock import real_now
from shared.http.access import Opening, leave_turn
from shared.http.idempotency import Attempt
from shared.http.problems import Problem
from shared.http.ready import Ready, Written
from shared.http.strict_json import StrictRequest, refuse_unstorable
from shared.http.tokens import Caller
from shared.tenancy import clocked_transaction
from shared.unit_of_work import Session, UnitOfWork

Endpoint = Callable[..., Any]


class TransactionalRoute(APIRoute):
    """For `APIRouter(route_class=TransactionalRoute)`. An endpoint that asks for a unit of work runs inside it.

    Commit and stored answer are one: a repeated Idempotency-Key gets the answer of the first time. An answer with a
    `version` carries it as ETag.
    """

    def __init__(self, path: str, endpoint: Endpoint, **options: Any):
        unit = _unit_parameter(endpoint)
        status = options.get("status_code") or 200
        super().__init__(path, _in_transaction(endpoint, unit, status) if unit else endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            refuse_unstorable(request.scope["path"], request.scope["query_string"])
            strict = StrictRequest(request.scope, request.receive)
            request.scope["body"] = await strict.body()
            try:
                return await handle(strict)
            finally:
                leave_turn(request)

        return strictly


def _unit_parameter(endpoint: Endpoint) -> str | None:
    hints = get_type_hints(endpoint, include_extras=True)
    return next((name for name, hint in hints.items() if UnitOfWork in get_args(hint)[:1] and _depends(hint)), None)


def _depends(hint: Any) -> bool:
    return any(isinstance(extra, Depends) for extra in getattr(hint, "__metadata__", ()))


def _in_transaction(endpoint: Endpoint, name: str, status: int) -> Endpoint:
    @functools.wraps(endpoint)
    def run(**values: Any) -> Response:
        opening: Opening = values.pop(name)
        return _run(opening, lambda unit: endpoint(**values, **{name: unit}), status)

    return run


def _run(opening: Opening, endpoint: Callable[[UnitOfWork], Any], status: int) -> Response:
    state = opening.request.app.state
    if opening.writes:
        state.backpressure.check()
    with clocked_transaction(state.engine, opening.caller.tenant_id) as (tx, clock):
        attempt = Attempt.of(opening, tx)
        if attempt and (earlier := attempt.answered()):
            return earlier
        unit = _unit(opening, tx, clock)
        response = rendered(endpoint(unit), status)
        with unit.session.finishing():
            if attempt:
                attempt.remember(response, real_now())
    return response


def _unit(opening: Opening, tx: Connection, clock: datetime | None) -> UnitOfWork:
    request = opening.request
    cause = cause_of(opening.caller, request.scope["state"]["correlation_id"], clock)
    return UnitOfWork(Session(tx, request.app.state.store), cause, _if_match(request), request.app.state.new_id)


def cause_of(caller: Caller, correlation_id: str, clock: datetime | None) -> Cause:
    """Of what is asked now, in real time or where the tenant's test clock stands."""
    now = real_now()
    context = {"principal": caller.principal, "correlation_id": correlation_id}
    if clock:
        context["real_time"] = now.isoformat()
    return Cause(caller.tenant_id, clock or now, clock or now, context)


def _if_match(request: Request) -> int | None:
    text = request.headers.get("if-match")
    if text is None or text == "*":
        return None
    if not (text.startswith('"') and text.endswith('"') and text[1:-1].isdecimal() and text.isascii()):
        raise Problem(400, "malformed_if_match", 'If-Match must be the ETag of an earlier answer, like "3"')
    return int(text[1:-1])


def rendered(answer: Any, status: int) -> Response:
    """What an endpoint returned, as JSON with its version as ETag; a response stays what it is."""
    if isinstance(answer, Response):
        return answer
    version = getattr(answer, "version", None)
    headers = {"ETag": f'"{version}"'} if version is not None else {}
    return Response(_encoded(answer), status, headers, media_type="application/json")


def _encoded(answer: Any) -> bytes:
    match answer:
        case Ready() | Written():
            return answer.encoded()
        case BaseModel():
            return answer.model_dump_json().encode()
    return TypeAdapter(Any).dump_json(answer)
