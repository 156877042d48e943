"""Are the servers and packages those that the product was tested with?"""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator

from packaging.requirements import Requirement

from infra.doctor.findings import Finding, judged
from infra.doctor.installation import Installation, Service

OLDEST_POSTGRESQL = 15


def packages(_: Installation) -> Iterator[Finding]:
    wanted = map(Requirement, importlib.metadata.requires("quittance") or [])
    wrong = [str(each) for each in wanted if each.marker is None and not _is_there(each)]
    python = ".".join(map(str, sys.version_info[:3]))
    said = f"not as required: {', '.join(wrong)}" if wrong else f"Python {python}, packages as required"
    yield judged("packages", "all", said, "uv sync --frozen --all-extras", is_well=not wrong)


def _is_there(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(importlib.metadata.version(wanted.name), prereleases=True)
    except importlib.metadata.PackageNotFoundError:
        return False


def postgresql(service: Service) -> Iterator[Finding]:
    with service.connected("worker") as tx:
        shown = {name: tx.exec_driver_sql(f"SHOW {name}").scalar_one() for name in _SHOWN}
    version = shown["server_version"]
    remedy = f"use PostgreSQL {OLDEST_POSTGRESQL} or later"
    is_new = int(shown["server_version_num"]) >= OLDEST_POSTGRESQL * 10_000
    yield judged("PostgreSQL", service.name, f"version {version}", remedy, is_well=is_new)
    forgets = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if shown[name] == "off"]
    said = f"off: {', '.join(forgets)}" if forgets else "commits are on disk when they are acknowledged"
    yield judged("durability", service.name, said, "turn them on: a crash loses what was promised", is_well=not forgets)


_SHOWN = ("server_version", "server_version_num", "fsync", "full_page_writes", "synchronous_commit")
