"""Errors as RFC 9457 problem documents. What was sent is never echoed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from shared.errors import Conflict, DomainError, NotFound, Refused, Unavailable
from shared.event_store import StreamMoved
from shared.event_types import UnknownEventType
from shared.logs import logger

STATUS = {NotFound: 404, Conflict: 409, Refused: 403, Unavailable: 503, DomainError: 422}
# Of every answer that says: not now.
RETRY_SOON: Mapping[str, str] = {"Retry-After": "1"}


class Problem(HTTPException):
    """A refusal of the HTTP layer itself. FastAPI lets an HTTPException pass where it is raised while a body is read."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None):
        super().__init__(status, detail, headers)
        self.status, self.code = status, code


def install(app: FastAPI) -> None:
    """Every error that a route can raise becomes a problem document; one that nobody thought of is a 500."""
    app.add_exception_handler(Problem, _of_ours)
    app.add_exception_handler(DomainError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(away, _of_database)
    app.add_exception_handler(DBAPIError, _of_database_refusal)
    app.add_exception_handler(UnknownEventType, _of_later_version)
    app.add_exception_handler(Exception, _of_bug)


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A problem document. `code` is stable and for programs, `detail` for people; `more` are further members."""
    body = {"type": f"/problems/{code}", "title": code, "status": status, "detail": detail, **more}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def refusal(error: Problem | DomainError, *, conditional: bool = False) -> JSONResponse:
    """What is answered where this was raised; `conditional` requests came with an If-Match."""
    if isinstance(error, Problem):
        return problem(error.status, error.code, error.detail, headers=dict(error.headers) if error.headers else None)
    status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
    if isinstance(error, StreamMoved) and conditional:
        status = 412
    headers = RETRY_SOON if status == 503 else None
    errors = {"errors": [{"pointer": error.field, "code": error.code, "detail": str(error)}]} if error.field else {}
    return problem(status, error.code, str(error), headers=headers, **errors)


def _of_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem | DomainError)
    return refusal(error, conditional="if-match" in request.headers)


def _of_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"pointer": _pointer(e["loc"]), "code": e["type"], "detail": e["msg"]} for e in error.errors()[:100]]
    return problem(422, "invalid_request", "the request does not have the documented form", errors=errors)


def _pointer(location: tuple[int | str, ...]) -> str:
    """Of a body field `/a/0/b`; of anything else where it was, as in `query:limit`."""
    where, *path = [str(part) for part in location] or ["body"]
    return "/" + "/".join(path) if where == "body" else f"{where}:{'/'.join(path)}"


def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    codes = {404: "no_such_resource", 405: "method_not_allowed", 400: "malformed_request"}
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, codes.get(error.status_code, "refused"), str(error.detail), headers=headers)


def _of_database(request: Request, error: Exception) -> JSONResponse:
    logger().warning("the database is away or busy", error=type(error).__name__)
    return problem(503, "database_unavailable", "the database is away or busy: try again", headers=RETRY_SOON)


def _of_database_refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)
    return _of_database(request, error) if error.connection_invalidated else bug(error)


def _of_later_version(request: Request, error: Exception) -> JSONResponse:
    logger().error("an event of a later version", error=str(error))
    detail = "a later version of this service changed it, and has to answer: try again"
    return problem(503, "later_version_needed", detail, headers=RETRY_SOON)


def _of_bug(request: Request, error: Exception) -> JSONResponse:
    """Starlette answers outside of every middleware: what those would have said of the request has to be said here."""
    correlation_id = request.state.correlation_id
    with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
        answer = bug(error)
    answer.headers["X-Correlation-Id"] = correlation_id
    return answer


def bug(error: Exception) -> JSONResponse:
    """Logged with its traceback; the caller hears nothing of it but that it was."""
    logger().error("a bug", exc_info=error)
    return problem(500, "internal_error", "this is our fault; it was logged under the correlation id of this answer")
