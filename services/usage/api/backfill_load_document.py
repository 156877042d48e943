"""How the OpenAPI document describes what may be loaded into a backfill."""

from __future__ import annotations

from typing import Any

from services.usage.api.ingest_document import EVENT
from services.usage.domain.ingest import BATCH_TYPE, MOST_EVENTS
from services.usage.files.formats import PARQUET

_TEXT = {"type": "string"}
_ROW = {**EVENT, "required": [*EVENT["required"], "time"]}
_LINES = {"schema": {**_TEXT, "description": "One structured CloudEvent a line."}}
_CSV = {
    "schema": {
        **_TEXT,
        "description": "RFC 4180 with a line of names: id, source, type, subject, time, and either data or data.NAME.",
    }
}

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_NOT_OPEN = {"description": "It was committed or discarded, or the same is being loaded.", "content": _PROBLEM}
_UNSUPPORTED = {"description": "None of the formats.", "content": _PROBLEM}

LOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            BATCH_TYPE: {"schema": {"type": "array", "maxItems": MOST_EVENTS, "items": _ROW}},
            "application/jsonl": _LINES,
            "application/x-ndjson": _LINES,
            "text/csv": _CSV,
            PARQUET: {"schema": {**_TEXT, "format": "binary", "description": "With the columns of CSV."}},
        },
    },
    "responses": {"409": _NOT_OPEN, "415": _UNSUPPORTED},
}
