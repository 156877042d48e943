"""The table of settings in the documents says what each process reads from its environment."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from services.billing import settings as billing
from services.entitlement import settings as entitlement
from services.renewals import settings as renewals
from services.usage import settings as usage
from shared.http.server import ServerSettings
from shared.settings import Settings
from tests.architecture.sources import ROOT

TEXT = (ROOT / "docs" / "settings.md").read_text()
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| .", re.MULTILINE)


def written(heading: str) -> dict[str, str]:
    """The variables under a heading, each with its default."""
    rows = ROW.findall(TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0])
    return {name: default.strip("`") for name, default in rows}


def read(settings: type[BaseSettings], *, beside: type[BaseSettings] | None = None) -> dict[str, str]:
    """What it reads, without what `beside` reads."""
    known = beside.model_fields if beside else {}
    fields = {name: field for name, field in settings.model_fields.items() if name not in known}
    return {name.upper(): "needed" if f.is_required() else _shown(f.default) for name, f in fields.items()}


def _shown(default: Any) -> str:
    if default is None or default == "":
        return "none"
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_what_all_services_read() -> None:
    assert written("All services") == read(Settings)
    assert written("The server of an API") == read(ServerSettings)


@pytest.mark.parametrize(
    ("heading", "settings"),
    [
        ("Billing", billing.Settings),
        ("Usage", usage.Retention),
        ("Entitlement", entitlement.Settings),
        ("Renewals", renewals.Settings),
    ],
)
def test_what_a_service_reads_besides(heading: str, settings: type[Settings]) -> None:
    assert written(heading) == read(settings, beside=Settings)
