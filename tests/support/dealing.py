"""How pytest-xdist deals tests out to its processes: by file, and whole folders where the tests of one share a stack."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

YEARS = "tests/journeys/"
TOGETHER = (YEARS, "tests/kafka/")


class ByFileOrFolder(LoadScopeScheduling):  # type: ignore[misc]  # its base is untyped
    """In the order in which they are collected."""

    def _split_scope(self, nodeid: str) -> str:
        folder = next((folder for folder in TOGETHER if nodeid.startswith(folder)), None)
        return folder or nodeid.split("::", 1)[0]


def years_first(items: list[pytest.Item]) -> None:
    """They take longest: who begins with them is not waited for at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(YEARS))
