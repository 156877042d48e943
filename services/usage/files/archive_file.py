"""One archived month of a tenant as a Parquet file with its manifest: written, and read back for what it proves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from services.usage.domain.event_key import as_number, digest_text, event_key

ROWS_AT_ONCE, BYTES_AT_ONCE = 20_000, 16_000_000
COLUMNS = ("position", "source", "id", "type", "subject", "time", "data", "batch_id", "received_at")

Event = tuple[int, str, str, str, str, datetime, str, str, datetime]  # by COLUMNS


class DamagedArchive(Exception):
    """A file or its manifest is not what was archived; says what differs."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` is over the events' keys, as those of periods; `file` is the path from the archive's folder."""

    month: date
    tenant: UUID
    count: int
    digest: str
    types: list[str]
    first_event_at: datetime
    last_event_at: datetime
    file: str
    sha256: str


@dataclass(slots=True)
class Proof:
    """What a sequence of events comes to."""

    tenant_id: UUID
    count: int = 0
    positions: int = 0
    key_sum: int = 0
    types: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None

    def over(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            position, source, id_, type_, _, time, *_ = event
            self.count += 1
            self.positions += position
            self.key_sum += as_number(event_key(self.tenant_id, source, id_))
            self.types.add(type_)
            self.first = time if self.first is None else min(self.first, time)
            self.last = time if self.last is None else max(self.last, time)
            yield event

    def manifest(self, month: date, path: Path) -> Manifest:
        assert self.first is not None and self.last is not None
        return Manifest(
            month=month,
            tenant=self.tenant_id,
            count=self.count,
            digest=digest_text(self.key_sum),
            types=sorted(self.types),
            first_event_at=self.first,
            last_event_at=self.last,
            file=f"{path.parent.name}/{path.name}",
            sha256=sha256(path),
        )


def path_of(directory: Path, month: date, tenant_id: UUID) -> Path:
    return directory / month.isoformat()[:7] / f"{tenant_id}.parquet"


def write(directory: Path, month: date, tenant_id: UUID, events: Iterable[Event]) -> tuple[Manifest, Proof]:
    """The file first, then its manifest, each under its name only once it is whole and on the disk."""
    path = path_of(directory, month, tenant_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    proof, unfinished = Proof(tenant_id), path.with_suffix(".unfinished")
    _write_rows(unfinished, proof.over(events))
    _finish(unfinished, path)
    manifest = proof.manifest(month, path)
    unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    _finish(unfinished, path.with_suffix(".json"))
    return manifest, proof


def check(directory: Path, expected: Manifest) -> None:
    """Reads everything again. Raises DamagedArchive."""
    path = directory / expected.file
    if not path.is_file():
        raise DamagedArchive(f"{path} is not there")
    told = _manifest(path.with_suffix(".json"))
    proof = Proof(expected.tenant)
    if sha256(path) != expected.sha256:
        raise DamagedArchive(f"{path} has the SHA-256 {sha256(path)}, and was archived with {expected.sha256}")
    for _ in proof.over(read(path)):
        pass
    found = {"manifest": told, "file": proof.manifest(expected.month, path)}
    for what, seen in found.items():
        wrong = [name for name in Manifest.__struct_fields__ if getattr(seen, name) != getattr(expected, name)]
        if wrong:
            said = ", ".join(f"{name} {getattr(seen, name)} for {getattr(expected, name)}" for name in wrong)
            raise DamagedArchive(f"the {what} of {path} says {said}")


def read(path: Path) -> Iterator[Event]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as parquet:
        for batch in parquet.iter_batches(ROWS_AT_ONCE // 10, columns=list(COLUMNS), use_threads=False):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _manifest(path: Path) -> Manifest:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise DamagedArchive(f"{path} is no manifest: {error}") from error


def _write_rows(path: Path, events: Iterable[Event]) -> None:
    import pyarrow
    import pyarrow.parquet

    instant, text = pyarrow.timestamp("us", tz="UTC"), pyarrow.string()
    kinds = [pyarrow.int64(), text, text, text, text, instant, text, text, instant]
    schema = pyarrow.schema(list(zip(COLUMNS, kinds, strict=True)))
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for some in _cut(events):
            columns = [pyarrow.array(column, kind) for column, kind in zip(zip(*some, strict=True), kinds, strict=True)]
            writer.write_batch(pyarrow.record_batch(columns, schema))


def _cut(events: Iterable[Event]) -> Iterator[list[Any]]:
    some: list[Any] = []
    size = 0
    for event in events:
        some.append(event)
        size += len(event[6])
        if len(some) >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield some
            some, size = [], 0
    if some:
        yield some


def _finish(unfinished: Path, path: Path) -> None:
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
