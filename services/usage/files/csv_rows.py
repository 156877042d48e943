"""Rows of a CSV file as RFC 4180 has it: a line of names first, commas, quotation marks where needed, UTF-8."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from services.usage.domain.backfill_row import Row
from services.usage.files.columns import MOST_COLUMNS, Columns, columns_of
from services.usage.files.lines import LONGEST_LINE, MalformedFile, bounded_lines, malformed


@dataclass(slots=True)
class _Lines:
    """The lines as text, and those that the row at hand was read from. A byte that is no UTF-8 is the fault of its row."""

    file: BinaryIO
    taken: list[bytes] = field(default_factory=list)

    def __iter__(self) -> Iterator[str]:
        for line in bounded_lines(self.file):
            self.taken.append(line)
            yield line.decode(errors="surrogateescape")


def csv_rows(file: BinaryIO) -> Iterator[Row]:
    """Raises MalformedFile where a fault takes more than its own line with it: what follows may be anything."""
    csv.field_size_limit(LONGEST_LINE)
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True)
    columns = _columns(reader)
    while True:
        line = reader.line_num + 1
        lines.taken.clear()
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield _fault(line, lines.taken, str(error))
            continue
        if cells is None:
            return
        if cells:
            yield _row(columns, line, cells, lines.taken)


def _columns(reader: Iterator[list[str]]) -> Columns:
    try:
        names = next(reader, None)
    except csv.Error as error:
        raise malformed(1, str(error)) from None
    if not names:
        raise MalformedFile("no line of names", field="/lines/1")
    return columns_of([name.strip() for name in names[: MOST_COLUMNS + 1]])


def _row(columns: Columns, line: int, cells: list[str], taken: list[bytes]) -> Row:
    if len(cells) != columns.count:
        return _fault(line, taken, f"{len(cells)} cells, and there are {columns.count} columns")
    try:
        return Row(line, columns.text(cells))
    except UnicodeEncodeError:
        return Row(line, b"".join(taken), "not UTF-8")
    except ValueError:
        return Row(line, b"".join(taken), "data is not JSON")


def _fault(line: int, taken: list[bytes], what: str) -> Row:
    if len(taken) > 1:
        raise malformed(line, f"{what}, up to line {line + len(taken) - 1}: is a quotation mark not closed?")
    return Row(line, b"".join(taken), what)
