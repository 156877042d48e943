"""Every table is either built again from the events, or listed with how it comes back."""

from __future__ import annotations

import importlib
import re

import pytest

from tests.architecture.sources import ROOT, SERVICES

ROW = re.compile(r"^\| `(\w+)` \| (\w+) \|", re.MULTILINE)
LISTED = ROW.findall((ROOT / "docs/read-models.md").read_text())


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_is_rebuilt_or_listed_as_not_rebuilt(service: str) -> None:
    tables = set(importlib.import_module(f"services.{service}.tables").metadata.tables)
    models = importlib.import_module(f"services.{service}.store").READ_MODELS
    rebuilt = {table for model in models for table in model.tables}
    assert tables - rebuilt == {table for table, owner in LISTED if owner in ("all", service)}
