"""One stack for all incidents: each leaves it as it found it, which is what the runbook promises."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.runbook.stage import Stage, running, sections


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if not shutil.which("curl"):
        pytest.skip("the runbook's commands need curl")
    with running(tmp_path_factory.mktemp("runbook")) as stage:
        yield stage


@pytest.fixture
def book() -> dict[str, list[str]]:
    return sections()
