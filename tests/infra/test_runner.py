"""The runner as a process of its own, with fakes in place of the services."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil  # type: ignore[import-untyped]
import psycopg
import pytest

from infra.local import runner, state
from infra.local.postgres import libpq
from infra.local.processes import ROOT
from infra.local.topics import partition_counts
from tests.infra.fake_services import ME
from tests.support.waiting import eventually


def start(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (*ME, "stack", str(home)), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ready(home: Path) -> state.State:
    def look() -> state.State | None:
        found = state.running(home)
        return found if found and found.is_ready else None

    found = eventually(look)
    assert found
    return found


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "local"
    runner.reset(tmp_path / "local")


def test_a_terminated_runner_leaves_nothing_behind(home: Path) -> None:
    started = start(home)
    found = ready(home)
    assert httpx.get(f"{found.services['billing']}/readyz").status_code == 200
    assert partition_counts(found.kafka)["billing.invoices"] == 4
    with psycopg.connect(libpq(found.postgres)) as server:
        assert server.execute("select 1 from pg_database where datname = 'billing'").fetchone()
    started.terminate()
    output, _ = started.communicate(timeout=30)
    assert started.returncode == 0
    assert [child.name for child in found.children if child.is_running()] == []
    assert state.read(home) is None
    assert "billing-migrations | migrated" in output


def test_only_one_runner_uses_the_same_data(home: Path) -> None:
    first = start(home)
    ready(home)
    second = start(home)
    said, _ = second.communicate(timeout=30)
    assert second.returncode != 0
    assert "it is running already" in said
    assert runner.stop(home)
    assert first.wait(30) == 0


def test_what_a_killed_runner_leaves_is_ended_by_down(home: Path) -> None:
    started = start(home)
    found = ready(home)
    started.kill()
    started.wait()
    assert all(child.is_running() for child in found.children)
    assert runner.stop(home)
    assert [child.name for child in found.children if child.is_running()] == []
    assert not runner.stop(home)


def test_a_killed_server_is_back_with_what_it_needs(home: Path) -> None:
    started = start(home)
    found = ready(home)
    broker = next(child for child in found.children if child.name == "kafka")
    os.kill(broker.pid, signal.SIGKILL)
    eventually(lambda: [m for m in ready(home).children if m.name == "kafka" and m.pid != broker.pid])
    assert partition_counts(found.kafka)["billing.invoices"] == 4
    started.terminate()
    assert started.wait(30) == 0


def test_secrets_can_be_read_by_their_owner_only(home: Path) -> None:
    started = start(home)
    ready(home)
    for name in ("state.json", "issuer.pem"):
        assert (home / name).stat().st_mode & 0o777 == 0o600
    started.terminate()
    started.wait(30)


def test_every_child_listens_on_loopback_only(home: Path) -> None:
    started = start(home)
    listening = [
        connection.laddr.ip
        for child in ready(home).children
        for connection in psutil.Process(child.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) >= 3
    assert set(listening) == {"127.0.0.1"}
    started.terminate()
    started.wait(30)


def test_in_the_background_it_is_ready_when_the_command_returns_and_goes_on(home: Path) -> None:
    said: list[str] = []
    found = runner.run_in_background(home, said.append, (*ME, "stack", str(home)))
    assert httpx.get(f"{found.services['billing']}/readyz").status_code == 200
    assert any("the databases are migrated" in line for line in said)
    assert runner.stop(home)
    assert [child.name for child in found.children if child.is_running()] == []


def test_what_cannot_start_in_the_background_says_why_and_is_gone(home: Path) -> None:
    said: list[str] = []
    with pytest.raises(runner.DidNotStart):
        runner.run_in_background(home, said.append, (*ME, "nonsense"))
    assert "this never works: nonsense" in said
    assert state.read(home) is None


def test_a_reset_forgets_everything(home: Path) -> None:
    runner.run_in_background(home, lambda _: None, (*ME, "stack", str(home)))
    runner.reset(home)
    assert not home.exists()
