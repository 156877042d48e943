"""Lines of a file, none of them longer than a row may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from services.usage.domain.envelope import LONGEST_EVENT
from shared.errors import DomainError

LONGEST_LINE = LONGEST_EVENT


class MalformedFile(DomainError):
    """What it is wrong with spoils the rest of it: nothing of it is loaded."""


def bounded_lines(file: BinaryIO) -> Iterator[bytes]:
    """With their ends. Raises MalformedFile."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise malformed(number, f"longer than {LONGEST_LINE} bytes: is its end of another kind?")
        yield line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line


def malformed(line: int, what: str) -> MalformedFile:
    return MalformedFile(f"line {line}: {what}", field=f"/lines/{line}")
