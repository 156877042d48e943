"""The tour in the README is true: its commands and code run on a fresh stack and print what it says."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

QUITTANCE = [sys.executable, "-m", "infra.local.cli"]
README = Path("README.md").read_text()
# What differs from run to run: ids, and digests of them.
VARIABLE = re.compile(r"[0-9a-f]{32}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> Any:
    monkeypatch.setenv("QUITTANCE_BROKER", pytestconfig.getoption("broker"))
    monkeypatch.setenv("QUITTANCE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", os.getcwd())
    subprocess.run([*QUITTANCE, "up", "--detach"], check=True, capture_output=True)
    yield tmp_path
    subprocess.run([*QUITTANCE, "down"], check=True, capture_output=True)


def commands(block: str) -> None:
    for line in block.splitlines():
        match line.replace(".venv/bin/quittance", "quittance").split():
            case ["make", "up", *_]:
                pass  # the fixture did it
            case ["quittance", "status", "--json", ">", file]:
                told = subprocess.run([*QUITTANCE, "status", "--json"], check=True, capture_output=True)
                Path(file).write_bytes(told.stdout)
            case ["quittance", *arguments]:
                subprocess.run([*QUITTANCE, *arguments], check=True, capture_output=True)


def test_the_tour_prints_what_the_readme_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tour = README.split("## Five minutes")[1].split("## Where things are")[0]
    blocks = re.findall(r"```(\w*)\n(.*?)```", tour, re.DOTALL)
    printed, names = io.StringIO(), {}
    with contextlib.chdir(home):
        for language, block in blocks:
            if language == "python":
                with contextlib.redirect_stdout(printed):
                    exec(block, names)
            elif language == "":
                with contextlib.chdir(home):
                    commands(block)
    (shown,) = [block for language, block in blocks if language == "text"]
    assert VARIABLE.sub("…", printed.getvalue()) == VARIABLE.sub("…", shown)
