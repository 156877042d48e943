"""The same year told in any order, a part as backfills, with batches that were wrong at first: the same money in the end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.local import databases
from tests.journeys.conftest import Year
from tests.support import gate_use, gate_use_books, gate_use_results
from tests.support.operating import operate

pytestmark = pytest.mark.timeout(1700)

CORRECTIONS = 3 * 500
DRIVER = Path(__file__).with_name("told_otherwise.py")
Told = Mapping[str, Path]


@pytest.fixture(scope="module")
def told(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Both ways at once, each as a tenant of its own."""
    outs = {way: tmp_path_factory.mktemp(way) for way in ("in_time", "late")}
    runs = [subprocess.Popen(_command(year, way, out), env=year.environment) for way, out in outs.items()]
    try:
        assert [run.wait(1500) for run in runs] == [0, 0]
    finally:
        for run in runs:
            run.kill()
            run.wait()
    return outs


def _command(year: Year, way: str, out: Path) -> list[str]:
    stack = str(year.home / "status.json")
    command = [sys.executable, str(DRIVER), "--stack", stack, "--out", str(out), "--tenant", f"told-{way}"]
    return [*command, "--late"] if way == "late" else command


def found(told: Told, way: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((told[way] / "found.json").read_text())
    return document


@pytest.mark.parametrize("check", ["lines", "invoices", "suspensions", "renewals"])
def test_mended_before_its_period_ends_it_is_the_same_year(told: Told, check: str) -> None:
    getattr(gate_use_results, f"check_{check}")(told["in_time"])


@pytest.mark.parametrize("way", ["in_time", "late"])
def test_every_event_is_accounted_for(told: Told, way: str) -> None:
    statement = json.loads((told[way] / "usage.json").read_text())
    assert (statement["metered"], statement["repeated"], statement["pending"]) == (336776 + CORRECTIONS, 0, 0)
    assert statement["received"] == statement["metered"]


def test_mended_later_the_invoices_stay_as_they_were_issued(told: Told) -> None:
    documents = {each["number"]: each for each in found(told, "late")["documents"]}

    for number, first in found(told, "late")["first_seen"].items():
        for part in ("lines", "subtotal_minor", "taxes", "total_minor", "issued_on", "due_on"):
            assert documents[number][part] == first[part], (number, part)


def test_mended_later_invoice_and_notes_come_to_what_the_flights_do(told: Told) -> None:
    documents = found(told, "late")["documents"]
    net: dict[tuple[str, str], int] = defaultdict(int)
    issued = {each["number"]: each["issued_on"] for each in documents}
    wrong = 0
    for each in documents:
        original = each["corrects"]["invoice"] if each["corrects"] else each["number"]
        wrong += bool(each["corrects"] or each["credit_notes"])
        credited = sum(note["amount_minor"] - note["tax_minor"] for note in each["credit_notes"])
        net[each["customer"], issued[original]] += each["subtotal_minor"] - credited

    assert wrong > 3
    assert net == {key: gate_use.totals(lines)[0] for key, lines in gate_use.invoices().items()}


@pytest.mark.parametrize("way", ["in_time", "late"])
def test_every_document_is_what_the_log_makes_of_it(told: Told, way: str) -> None:
    verified = found(told, way)["verified"]
    assert len(verified) >= 209
    assert all(verified)


@pytest.mark.parametrize("way", ["in_time", "late"])
def test_the_books_balance_and_reconcile_to_zero(year: Year, told: Told, way: str) -> None:
    assert told
    gate_use_books.check(year.stack.services["billing"], year.token(f"told-{way}"))


@pytest.mark.parametrize("service", ["billing", "usage"])
def test_the_read_models_are_those_that_the_events_make(year: Year, told: Told, service: str) -> None:
    verified = operate(service, databases.urls(year.stack.postgres, service, service).worker, "verify")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
