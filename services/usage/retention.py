"""The commands that take months of events to an archive, and bring them back for a proof."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from services.usage.files.archive_file import DamagedArchive
from services.usage.files.archiving import Archiving
from services.usage.files.parquet_rows import can_be_read
from services.usage.files.restoring import Restoring
from services.usage.settings import Retention
from shared.clock import real_now
from shared.database import Patience, engine_for
from shared.errors import DomainError
from shared.operate import CANNOT_TELL, Command, Run

# A month is read and written for as long as it takes; others wait for the lock no longer than they can bear.
UNHURRIED = Patience(statement=6 * 3600, lock=3, idle=3600)


class UnderWay(DomainError):
    """Two that write the same files would write over each other's."""


def archive(asked: argparse.Namespace) -> int:
    settings = Retention()
    with _engine(settings) as engine:
        archiving = Archiving(engine, asked.to, settings.usage_kept_months, real_now(), _say)
        return 1 if archiving.archive(asked.before) else 0


def restore(asked: argparse.Namespace) -> int:
    with _engine(Retention()) as engine:
        Restoring(engine, getattr(asked, "from"), _say).restore(asked.month.date(), asked.tenant)
    return 0


def _archive_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--before", type=_month, required=True, help="months before this one, YYYY-MM")
    parser.add_argument("--to", type=Path, required=True, help="a folder; a file a month and tenant, with its manifest")


def _restore_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", type=Path, required=True, help="the folder that they were archived to")
    parser.add_argument("--month", type=_month, required=True, help="the month of arrival, YYYY-MM")
    parser.add_argument("--tenant", type=UUID, help="of this tenant alone")


def _told(run: Run) -> Run:
    def told(asked: argparse.Namespace) -> int:
        if not can_be_read():
            _say("archives are Parquet files: install quittance[parquet]")
            return CANNOT_TELL
        try:
            return run(asked)
        except (DomainError, DamagedArchive) as error:
            _say(str(error))
            return 1

    return told


COMMANDS = (
    Command("archive", "take old months of events to files, with the owner's role", _archive_options, _told(archive)),
    Command("restore", "bring an archived month back, with the owner's role", _restore_options, _told(restore)),
)


@contextmanager
def _engine(settings: Retention) -> Iterator[Engine]:
    """Raises UnderWay."""
    engine = engine_for(settings.database, pool_size=2, patience=UNHURRIED)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as alone:
            if not alone.exec_driver_sql(_ALONE).scalar_one():
                raise UnderWay("another archive or restore is under way")
            yield engine
    finally:
        engine.dispose()


_ALONE = "SELECT pg_try_advisory_lock(hashtextextended('usage_archives', 0))"


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError("a month is YYYY-MM, as in 2030-01") from None


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
