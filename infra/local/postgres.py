"""A PostgreSQL server as a child of the local runner: created once, stopped clean, back after a crash."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from infra.local.children import end, free_port, is_running, launch, plain_environment, write_secret
from infra.local.postgres_binaries import reachable_binaries, reachable_home, server_account

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
START_SECONDS = 10.0
CRASH_RECOVERY_SECONDS = 60.0
STOP_SECONDS = 15.0


class PostgresDidNotStart(Exception):
    """The server ended, or never answered."""

    def __init__(self, log: Path) -> None:
        super().__init__(f"PostgreSQL did not start; its log is {log}")


@dataclass(slots=True)
class Postgres:
    """The server whose data are in `directory`, with `settings` besides those of all. With `durable=False` a crash may lose
    everything: for tests only."""

    directory: Path
    log: Path
    port: int = field(default_factory=free_port)
    durable: bool = True
    name: str = "postgres"
    settings: Mapping[str, str] = field(default_factory=dict)
    child: subprocess.Popen[bytes] | None = None

    @property
    def admin_url(self) -> str:
        """Where the superuser connects, with the password in it."""
        return f"postgresql+psycopg://postgres:{self._password}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Returns when it answers; creates the data the first time."""
        home = reachable_home(self.directory, server_account())
        binaries = reachable_binaries(home, server_account())
        if not (home / "data" / "PG_VERSION").exists():
            _create(binaries, home)
        _stop_orphan(binaries, home)
        # After a crash the shared memory of the dead server is found "still in use" for some seconds.
        give_up_at = time.monotonic() + START_SECONDS
        while not self._answers_after_launch(binaries, home):
            if time.monotonic() > give_up_at:
                raise PostgresDidNotStart(self.log)
            time.sleep(0.3)

    def stop(self) -> None:
        """A fast shutdown: clients are cut off, everything committed is on disk. (SIGTERM would wait for clients.)"""
        if self.child:
            end(self.child, signal.SIGINT, STOP_SECONDS)

    def remove(self) -> None:
        """Deletes the data of a stopped server."""
        for folder in {reachable_home(self.directory, server_account()), self.directory}:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _password(self) -> str:
        return (reachable_home(self.directory, server_account()) / "password").read_text()

    def _answers_after_launch(self, binaries: Path, home: Path) -> bool:
        settings = SETTINGS | ({} if self.durable else FORGETFUL) | dict(self.settings)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.child = launch(
            [str(binaries / "postgres"), "-D", str(home / "data"), "-p", str(self.port), *options],
            environment=plain_environment(),
            log=self.log,
            directory=home,
            account=server_account(),
        )
        return self._answers(self.child)

    def _answers(self, child: subprocess.Popen[bytes]) -> bool:
        give_up_at = time.monotonic() + CRASH_RECOVERY_SECONDS
        while child.poll() is None:
            try:
                psycopg.connect(libpq(self.admin_url), connect_timeout=3).close()
            except psycopg.OperationalError:
                if time.monotonic() > give_up_at:
                    end(child, signal.SIGINT, STOP_SECONDS)
                time.sleep(0.05)
            else:
                return True
        return False


def libpq(url: str) -> str:
    """The URL as psycopg itself reads it, without SQLAlchemy's driver name."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _create(binaries: Path, home: Path) -> None:
    shutil.rmtree(home / "data", ignore_errors=True)  # what an interrupted first start left behind
    write_secret(home / "password", secrets.token_urlsafe(32), server_account())
    options = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={home / 'password'}", "--no-instructions"]
    _as_server(
        [str(binaries / "initdb"), "-D", str(home / "data"), "-E", "UTF8", "--locale=C", *options], home, check=True
    )


def _stop_orphan(binaries: Path, home: Path) -> None:
    # A runner that was killed leaves its server behind; a second one on the same data would be refused.
    note = home / "data" / "postmaster.pid"
    if note.exists() and is_running(int(note.read_text().split()[0]), "postgres"):
        _as_server([str(binaries / "pg_ctl"), "stop", "-D", str(home / "data"), "-m", "fast", "-s"], home, check=False)


def _as_server(argv: list[str], home: Path, *, check: bool) -> None:
    account = server_account()
    subprocess.run(
        argv,
        cwd=home,
        env=plain_environment(),
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        check=check,
    )
