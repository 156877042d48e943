"""What every OpenAPI document says in the same words: refusals, headers, and the problem document."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def refusal(status: int) -> Document:
    """The answer with this status, one of those that all routes share."""
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

BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}

_TEXT = {"type": "string"}

ETAG = {"description": "The version of what is answered, for If-Match.", "schema": _TEXT}

QUOTA = {"description": "What the tenant may ask of this process in a window.", "schema": _TEXT}

LEFT = {"description": "What is left of it, and in how many seconds there is more.", "schema": _TEXT}

IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "The same one when the request is repeated: it is applied once and gets the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}

IF_MATCH = {
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

PROBLEM = {
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
