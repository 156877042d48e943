"""How the OpenAPI document describes a request that is decoded by hand: CloudEvents in three content modes."""

from __future__ import annotations

from typing import Any

from services.usage.domain.envelope import JSON_TYPE, LONGEST_NAME
from services.usage.domain.ingest import BATCH_TYPE, EVENT_TYPE, MOST_EVENTS

_NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
_INSTANT = {"type": "string", "format": "date-time"}

EVENT = {
    "title": "UsageEvent",
    "description": "`subject` is the key of a customer or a subscription; without `time` it counts as of its arrival.",
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject"],
    "properties": {
        "specversion": {"const": "1.0"},
        **dict.fromkeys(("id", "source", "type", "subject"), _NAME),
        "time": {"type": ["string", "null"], "format": "date-time"},
        "datacontenttype": {"type": ["string", "null"], "pattern": JSON_TYPE},
        "data": {"type": "object"},
    },
}

_CONTENT = {
    BATCH_TYPE: {"schema": {"type": "array", "maxItems": MOST_EVENTS, "items": EVENT}},
    EVENT_TYPE: {"schema": EVENT},
    "application/json": {"schema": {"description": "Binary mode: the data alone.", "type": "object"}},
}

_BINARY_MODE = [
    {"name": f"ce-{name}", "in": "header", "required": False, "description": "In binary mode.", "schema": schema}
    for name, schema in [
        ("specversion", {"const": "1.0"}),
        *((name, _NAME) for name in ("id", "source", "type", "subject")),
        ("time", _INSTANT),
    ]
]

_PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`handling=lenient` accepts the valid events of a batch and keeps the others as rejected.",
    "schema": {"type": "string"},
}

_UNSUPPORTED = {
    "description": "Neither a CloudEvents batch nor a single event, structured or binary.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

INGEST: dict[str, Any] = {
    "parameters": [_PREFER, *_BINARY_MODE],
    "requestBody": {"required": True, "content": _CONTENT},
    "responses": {"415": _UNSUPPORTED},
}
