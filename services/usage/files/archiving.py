"""Archives months of events: written, read back and compared; only then noted and gone, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import stamina
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from services.usage.files.archive_file import Manifest, check, write
from services.usage.metering import archives
from services.usage.metering.archives import Choice, Slice
from services.usage.metering.months import month_of
from shared.errors import DomainError

Say = Callable[[str], None]


class TooYoung(DomainError):
    """Corrections of these months are still to be expected."""


class Objected(DomainError):
    """Events have to stay for now."""


@dataclass(frozen=True, slots=True)
class Archiving:
    """With the owner's role. Whatever it dies of, repeating it goes on: a month is here until its archive is noted."""

    engine: Engine
    directory: Path
    kept_months: int
    now: datetime
    say: Say

    def archive(self, before: datetime) -> int:
        """Months that arrived before `before`; how many partitions have to stay. Raises TooYoung."""
        youngest = months_back(month_of(self.now), self.kept_months)
        if before > youngest:
            raise TooYoung(f"months from {youngest:%Y-%m} on stay for corrections: archive before that one")
        with self.engine.begin() as tx:
            names = archives.partitions(tx, before, self.now)
        stayed = sum(not self._archived(Choice(name, before, self.kept_months)) for name in names)
        self._forget_keys()
        return stayed

    def _archived(self, choice: Choice) -> bool:
        try:
            written = self._write(choice)
            if written:
                self._take_away(choice, written)
        except Objected as error:
            self.say(str(error))
            return False
        for _, manifest in written:
            self.say(f"{manifest.month:%Y-%m} {manifest.tenant} {manifest.count:>9} {manifest.digest} {manifest.file}")
        return True

    def _write(self, choice: Choice) -> list[tuple[Slice, Manifest]]:
        """In one snapshot."""
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as tx:
            found = archives.slices(tx, choice)
            _object(archives.objections(tx, found))
            written = list(self._written(tx, choice, found))
        for _, manifest in written:
            check(self.directory, manifest)
        return written

    def _written(self, tx: Connection, choice: Choice, found: list[Slice]) -> Iterator[tuple[Slice, Manifest]]:
        for each in found:
            manifest, proof = write(
                self.directory, each.month.date(), each.tenant_id, archives.events(tx, choice, each)
            )
            if proof.count != each.rows or proof.positions != int(each.positions):
                raise Objected(f"{each.month:%Y-%m} of tenant {each.tenant_id} was not read as it was counted")
            yield each, manifest

    @stamina.retry(on=OperationalError, attempts=5)
    def _take_away(self, choice: Choice, written: list[tuple[Slice, Manifest]]) -> None:
        """Others wait for it to be told apart no longer than the patience for a lock; then it is tried again."""
        with self.engine.begin() as tx:
            archives.hold_still(tx, choice)
            if archives.slices(tx, choice) != [each for each, _ in written]:
                raise Objected(f"{choice.partition} changed while it was written: archive it again")
            archives.take_away(tx, choice)
            _object(archives.objections(tx, [each for each, _ in written]))
            for each, m in written:
                archives.note(tx, each, digest=m.digest, file=m.file, sha256=m.sha256, at=self.now)

    def _forget_keys(self) -> None:
        """Those that no repeat can ask for any more."""
        with self.engine.begin() as tx:
            old = archives.with_old_keys(tx, self.now)
        for row in old:
            with self.engine.begin() as tx:
                forgotten = archives.forget_keys(tx, row.tenant_id, row.month, self.now)
            self.say(f"{row.month:%Y-%m} {row.tenant_id} {forgotten:>9} keys forgotten")


def months_back(month: datetime, months: int) -> datetime:
    years, index = divmod(month.year * 12 + month.month - 1 - months, 12)
    return month.replace(year=years, month=index + 1)


def _object(objections: list[str]) -> None:
    if objections:
        raise Objected("\n".join(objections))
