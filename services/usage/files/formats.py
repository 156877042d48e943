"""Which files are understood, by their content type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from services.usage.domain.backfill_row import Row
from services.usage.domain.ingest import BATCH_TYPE
from services.usage.files.csv_rows import csv_rows
from services.usage.files.json_rows import json_batch, json_lines
from services.usage.files.parquet_rows import can_be_read, parquet_rows

PARQUET = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class Format:
    """`rows` may raise MalformedFile at any row."""

    name: str
    rows: Callable[[BinaryIO], Iterator[Row]]


FORMATS: Mapping[str, Format] = {
    BATCH_TYPE: Format("json", json_batch),
    "application/jsonl": Format("jsonl", json_lines),
    "application/x-ndjson": Format("jsonl", json_lines),
    "text/csv": Format("csv", csv_rows),
    **({PARQUET: Format("parquet", parquet_rows)} if can_be_read() else {}),
}
