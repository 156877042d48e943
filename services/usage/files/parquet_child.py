"""Reads a Parquet file from its standard input and writes its rows as lines of JSON: a process that may die of the file.

A few kilobytes of Parquet may stand for terabytes, and its readers are large. So this process has no more memory, time and
environment than a file needs, and a row that is none is a line that begins with "!".
"""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow
import pyarrow.compute
import pyarrow.parquet

from services.usage.files.columns import Columns, columns_of
from services.usage.files.lines import LONGEST_LINE, MalformedFile

MEMORY_BYTES = 1024**3
CPU_SECONDS = 1200
ROWS_AT_ONCE = 500  # so that the longest rows fit into memory
_BUFFER = 1 << 20
_REFUSED = 3


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        for line in lines(sys.stdin.buffer):
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()
    except (MalformedFile, pyarrow.ArrowException, OSError, ValueError) as error:
        told = error.field if isinstance(error, MalformedFile) else None
        sys.stderr.write(msgspec.json.encode([str(error)[:300], told]).decode())
        return _REFUSED
    return 0


def lines(file: Any) -> Iterator[bytes]:
    parquet = pyarrow.parquet.ParquetFile(
        file,
        read_dictionary=_texts(file),
        buffer_size=_BUFFER,
        pre_buffer=False,
        thrift_string_size_limit=16 * _BUFFER,
        thrift_container_size_limit=_BUFFER,
    )
    schema = parquet.schema_arrow
    columns = columns_of(schema.names)
    for field in schema:
        _check(field)
    for batch in parquet.iter_batches(ROWS_AT_ONCE, use_threads=False):
        yield from _rows(batch, columns)


def _texts(file: Any) -> list[str]:
    """A text that stands in a million rows is kept once."""
    schema = pyarrow.parquet.read_schema(file)
    file.seek(0)
    return [field.name for field in schema if pyarrow.types.is_string(field.type)]


def _check(field: Any) -> None:
    """Raises MalformedFile for a type of which a value says more, or less, than a JSON value would."""
    kind, types = field.type, pyarrow.types
    if types.is_timestamp(kind) and field.name == "time":
        if kind.tz is None:
            raise MalformedFile("time has no zone: write it as instants of UTC", field="/columns/time")
        return
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_dictionary(kind)
    number = types.is_integer(kind) or types.is_float64(kind) or types.is_decimal(kind) or types.is_boolean(kind)
    if not text and not (number and field.name.startswith("data.")):
        detail = f"{kind} in the column {field.name[:50]!r}: texts, and under data. whole numbers, doubles and decimals"
        raise MalformedFile(detail, field=f"/columns/{field.name[:50]}")


def _rows(batch: Any, columns: Columns) -> Iterator[bytes]:
    cells = [_values(column) for column in batch.columns]
    for row in zip(*cells, strict=True):
        try:
            text = columns.text(row)
        except (ValueError, TypeError):
            yield b"!a value that JSON has no word for, or data that is not JSON"
            continue
        yield text if len(text) <= LONGEST_LINE else b"!longer than a row may be"


def _values(column: Any) -> list[Any]:
    kind = column.type
    if pyarrow.types.is_timestamp(kind):
        instants = column.cast(pyarrow.timestamp("us", tz="UTC"), safe=False)
        return [None if each is None else each.isoformat() for each in instants.to_pylist()]
    if pyarrow.types.is_decimal(kind):
        return [None if each is None else format(each, "f") for each in column.to_pylist()]
    if pyarrow.types.is_floating(kind):
        return [_finite(each) for each in column.to_pylist()]
    if pyarrow.types.is_dictionary(kind):
        _check_lengths(column.dictionary)
        return column.dictionary.take(column.indices).to_pylist()  # type: ignore[no-any-return]
    return column.to_pylist()  # type: ignore[no-any-return]


def _check_lengths(words: Any) -> None:
    if (pyarrow.compute.max(pyarrow.compute.binary_length(words)).as_py() or 0) > LONGEST_LINE:
        raise MalformedFile(f"a text of more than {LONGEST_LINE} bytes")


def _finite(value: float | None) -> Any:
    """For NaN and infinity something that cannot be written; msgspec would take null for them."""
    return value if value is None or math.isfinite(value) else object()


if __name__ == "__main__":
    sys.exit(main())
