"""A service is deployed with its own package and the kernel, and nothing else: so it must live with nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest

from infra.local.children import free_port
from infra.local.databases import Urls, create_database, drop_database
from infra.local.tokens import DevelopmentIssuer
from tests.architecture.sources import ROOT, SERVICES
from tests.support.servers import Servers
from tests.support.waiting import eventually

# What only the runner, the tests and the examples may use; none of it is in an image.
NOT_DEPLOYED = ("infra", "tests", "examples", "typer", "rich", "httpx", "psutil", "yaml", "pytest", "hypothesis")
IMPORT = """
import sys, warnings
warnings.simplefilter("ignore")

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {1!r}:
            raise ModuleNotFoundError(name + " is not deployed")

sys.meta_path.insert(0, Absent())
import services.{0}.app, services.{0}.worker
foreign = [name for name in sys.modules if name.startswith("services.") and name.split(".")[1] != {0!r}]
sys.exit(str(foreign) if foreign else 0)"""


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_runs_from_its_own_package_and_the_kernel(servers: Servers, service: str, tmp_path: Path) -> None:
    home = deployed(service, tmp_path)
    imported = run([sys.executable, "-c", IMPORT.format(service, NOT_DEPLOYED)], home, {})
    assert (imported.returncode, imported.stderr) == (0, "")
    database = f"{service}_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, database, service)
    try:
        ini = f"services/{service}/migrations/alembic.ini"
        migrated = run(
            [sys.executable, "-m", "alembic", "-c", ini, "upgrade", "head"], home, {"DATABASE_URL": urls.owner}
        )
        assert migrated.returncode == 0, migrated.stderr
        with serving(service, home, environment(servers, urls, tmp_path)) as url:
            assert eventually(lambda: status_of(f"{url}/livez")) == 200
            assert eventually(lambda: status_of(f"{url}/openapi.json")) == 200
    finally:
        drop_database(servers.admin_url, database)


def deployed(service: str, directory: Path) -> Path:
    home = directory / "app"
    without_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared", home / "shared", ignore=without_caches)
    shutil.copytree(ROOT / "services" / service, home / "services" / service, ignore=without_caches)
    shutil.copy(ROOT / "services" / "__init__.py", home / "services")
    return home


def environment(servers: Servers, urls: Urls, directory: Path) -> dict[str, str]:
    issuer = DevelopmentIssuer(directory)
    issuer.prepare()
    return {
        "DATABASE_URL": urls.api,
        "KAFKA_BOOTSTRAP_SERVERS": servers.bootstrap_servers,
        "KAFKA_PROFILE": "local",
        **issuer.settings,
    }


def run(command: list[str], home: Path, more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=home, env=plain(home) | more, capture_output=True, text=True, timeout=60)


def plain(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(home)}


@contextmanager
def serving(service: str, home: Path, more: dict[str, str]) -> Iterator[str]:
    port = free_port()
    app = f"services.{service}.app:from_environment"
    command = [sys.executable, "-m", "shared.http.server", app, "--port", str(port)]
    with (home / "log").open("wb") as log:
        child = subprocess.Popen(command, cwd=home, env=plain(home) | more, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        child.terminate()
        child.wait(15)


def status_of(url: str) -> int:
    try:
        return httpx2.get(url, timeout=5).status_code
    except httpx2.TransportError:
        return 0
