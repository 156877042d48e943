"""The databases of releases as they left them: `releases/<release>/<service>.sql.gz`, each a whole dump."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from infra.local.databases import Urls, create_database, drop_database
from infra.local.postgres import libpq
from infra.local.postgres_binaries import find_binaries

RELEASES = Path(__file__).parent / "releases"


def names() -> list[str]:
    return sorted(folder.name for folder in RELEASES.iterdir())


def dump(database_url: str, *options: str) -> str:
    """What `pg_dump` says, without the commands that only `psql` understands."""
    command = [str(find_binaries() / "pg_dump"), *options, libpq(database_url)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in text.splitlines() if not line.startswith("\\"))


def write_answers(release: str, answers: dict[str, dict[str, Any]]) -> None:
    (RELEASES / release / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


def answers(release: str) -> dict[str, dict[str, Any]]:
    """What its services answered, by service and path."""
    found: dict[str, dict[str, Any]] = json.loads((RELEASES / release / "answers.json").read_text())
    return found


def write(release: str, service: str, database_url: str) -> None:
    text = dump(database_url, "--inserts", "--rows-per-insert=100")
    _file(release, service).parent.mkdir(parents=True, exist_ok=True)
    _file(release, service).write_bytes(gzip.compress(text.encode(), mtime=0))


@contextmanager
def restored(release: str, service: str, admin_url: str) -> Iterator[tuple[str, Urls]]:
    """A database as the release left it: its superuser's URL, and those of its roles."""
    name = f"{service}_{uuid4().hex[:8]}"
    urls = create_database(admin_url, name, service)
    own_url = f"{admin_url.rpartition('/')[0]}/{name}"
    text = gzip.decompress(_file(release, service).read_bytes()).decode()
    try:
        with psycopg.connect(libpq(own_url), autocommit=True) as database:
            database.execute(text.encode())
            # A right on the database itself, which is in no dump of one.
            database.execute(f"GRANT TEMPORARY ON DATABASE {name} TO {service}_worker".encode())
        yield own_url, urls
    finally:
        drop_database(admin_url, name)


def _file(release: str, service: str) -> Path:
    return RELEASES / release / f"{service}.sql.gz"
