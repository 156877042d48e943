"""The year of 16 airlines as a newcomer runs it, on the whole stack: every figure to the cent."""

from __future__ import annotations

import pytest

from infra.local import databases
from infra.local.services import SERVICES
from tests.journeys.conftest import TENANT, Year
from tests.support import gate_use_books, gate_use_results
from tests.support.operating import operate

pytestmark = pytest.mark.timeout(700)


def test_every_line_is_what_the_flights_come_to(year: Year) -> None:
    gate_use_results.check_lines(year.out)


def test_every_invoice_adds_up_and_numbers_have_no_gap(year: Year) -> None:
    gate_use_results.check_invoices(year.out)


def test_who_was_suspended_and_when(year: Year) -> None:
    gate_use_results.check_suspensions(year.out)


def test_renewals_and_their_metrics(year: Year) -> None:
    gate_use_results.check_renewals(year.out)


def test_every_event_was_metered_once(year: Year) -> None:
    gate_use_results.check_usage(year.out)


def test_the_books_of_the_year_balance_and_reconcile_to_zero(year: Year) -> None:
    gate_use_books.check(year.stack.services["billing"], year.token(TENANT))


@pytest.mark.parametrize("service", SERVICES)
def test_the_read_models_of_the_year_are_those_that_its_events_make(year: Year, service: str) -> None:
    verified = operate(service, databases.urls(year.stack.postgres, service, service).worker, "verify")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    assert "equal" in verified.stdout
