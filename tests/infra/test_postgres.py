"""PostgreSQL as the runner starts it."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from infra.local.postgres import Postgres, libpq


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "postgres", tmp_path / "postgres.log")
    server.start()
    yield server
    server.stop()
    server.remove()


def remember(server: Postgres, number: int) -> None:
    with psycopg.connect(libpq(server.admin_url)) as connection:
        connection.execute("create table if not exists kept (number int)")
        connection.execute("insert into kept values (%s)", [number])


def remembered(server: Postgres) -> list[int]:
    with psycopg.connect(libpq(server.admin_url)) as connection:
        return [number for (number,) in connection.execute("select number from kept order by number")]


def test_what_was_committed_survives_a_killed_server(server: Postgres) -> None:
    remember(server, 1)
    assert server.child
    os.kill(server.child.pid, signal.SIGKILL)
    server.child.wait()
    server.start()
    assert remembered(server) == [1]


def test_a_stopped_server_comes_back_with_its_data(server: Postgres) -> None:
    remember(server, 1)
    server.stop()
    server.start()
    assert remembered(server) == [1]


def test_a_server_that_a_dead_runner_left_behind_is_taken_over(server: Postgres, tmp_path: Path) -> None:
    remember(server, 1)
    second = Postgres(tmp_path / "postgres", tmp_path / "second.log")
    second.start()
    assert remembered(second) == [1]
    second.stop()


def test_who_deletes_the_folder_begins_anew(server: Postgres, tmp_path: Path) -> None:
    """Also as root, for whom the data are elsewhere, since pytest's folders are closed to the server's own user."""
    remember(server, 1)
    server.stop()
    shutil.rmtree(tmp_path / "postgres")
    server.start()
    with pytest.raises(psycopg.errors.UndefinedTable):
        remembered(server)


def test_a_committed_row_is_on_disk_unless_a_test_asks_otherwise(server: Postgres) -> None:
    with psycopg.connect(libpq(server.admin_url)) as connection:
        assert connection.execute("show fsync").fetchone() == ("on",)
        assert connection.execute("show synchronous_commit").fetchone() == ("on",)


def test_only_its_own_user_can_read_the_password(server: Postgres) -> None:
    with psycopg.connect(libpq(server.admin_url)) as connection:
        (data,) = connection.execute("show data_directory").fetchone() or ("",)
    assert (Path(data).parent / "password").stat().st_mode & 0o777 == 0o600


def test_nobody_connects_without_a_password(server: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres")
