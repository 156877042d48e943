"""Rows of a Parquet file, read by a process of its own, of which nothing is left if the file is too much for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

from services.usage.domain.backfill_row import Row
from services.usage.files.lines import LONGEST_LINE, MalformedFile
from shared.logs import logger

ROOT = Path(__file__).parents[3]
CHILD = [sys.executable, "-m", "services.usage.files.parquet_child"]


def can_be_read() -> bool:
    return find_spec("pyarrow") is not None


def parquet_rows(file: BinaryIO) -> Iterator[Row]:
    """`line` is the row's place, from 1. Raises MalformedFile."""
    environment = {"PYTHONPATH": str(ROOT), "ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(  # noqa: S603 - our own module
        CHILD, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        try:
            yield from _rows(child.stdout)
            told = child.stderr.read(4096)
            _check(child.wait(), told)
        finally:
            child.kill()


def _rows(lines: IO[bytes]) -> Iterator[Row]:
    number = 0
    while line := lines.readline(LONGEST_LINE + 2):
        number += 1
        if line.startswith(b"!"):
            yield Row(number, b"", line[1:].decode().strip())
        else:
            yield Row(number, line.rstrip(b"\n"))


def _check(status: int, told: bytes) -> None:
    """What the process says of itself is believed; of one that died nothing is known but that."""
    if status == 0:
        return
    try:
        said, field = msgspec.json.decode(told, type=tuple[str, str | None])
    except msgspec.MsgspecError:
        logger().warning("the reader of a Parquet file died", status=status, told=told.decode(errors="replace"))
        said, field = "it is damaged, or takes more memory than a file may", None
    raise MalformedFile(f"not a Parquet file that can be read: {said}", field=field)
