"""What has to agree in billing does after business, and each kind of damage is found by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from infra.local.tokens import tenant_id
from services.billing.projections.books.books import CHECKS
from tests.integration import stories
from tests.support.house import Service
from tests.support.operating import operate


@pytest.fixture(scope="module")
def busy(billing: Service) -> str:
    stories.billing(billing, "books-are-kept")
    return "books-are-kept"


@contextmanager
def damaged(billing: Service, statement: str) -> Iterator[Any]:
    with billing.background.relay.engine.connect() as tx:  # rolled back at the end
        assert tx.exec_driver_sql(statement, {"tenant": tenant_id("books-are-kept")}).rowcount
        yield tx


def test_after_business_the_books_agree(billing: Service, busy: str) -> None:
    assert billing.background.books.count() == dict.fromkeys(CHECKS, 0)
    counted = operate("billing", billing.settings("worker").database, "books")
    assert (counted.returncode, counted.stdout.count("agrees"), counted.stderr) == (0, len(CHECKS), "")


@pytest.mark.parametrize(
    ("checks", "damage"),
    [
        (
            "invoice_totals ledger_receivables",
            "UPDATE invoices SET total_minor = total_minor + 1, open_minor = open_minor + 1",
        ),
        (
            "invoice_totals ledger_revenue ledger_tax",
            "UPDATE invoices SET tax_minor = tax_minor + 1, subtotal_minor = subtotal_minor - 1",
        ),
        ("invoice_numbers", "UPDATE number_counters SET last_number = last_number + 1"),
        (
            "credit_notes ledger_revenue ledger_tax",
            "UPDATE invoices SET document = jsonb_set(document, '{credit_notes,0,tax_minor}', '7')",
        ),
        ("payments ledger_cash", "UPDATE payments SET amount_minor = amount_minor - 1"),
        ("payments ledger_receivables", "UPDATE invoices SET open_minor = 0"),
        ("ledger_entries ledger_tax taxed_amounts", "DELETE FROM ledger_postings WHERE account = 'tax_payable'"),
        ("taxed_amounts", "DELETE FROM taxed_amounts"),
        ("ledger_cash ledger_receivables", "DELETE FROM ledger_postings WHERE kind IN ('payment', 'application')"),
        ("ledger_recognitions", "UPDATE recognitions SET amount_minor = amount_minor + 1"),
        ("closed_months", "UPDATE accounting_periods SET open_from = '2032-01-01', closed_at = '2031-01-01'"),
    ],
)
def test_damage_is_found_by_its_name(billing: Service, busy: str, checks: str, damage: str) -> None:
    only = "AND" if "WHERE" in damage else "WHERE"
    with damaged(billing, f"{damage} {only} tenant_id = %(tenant)s") as tx:
        assert {name for name, count in CHECKS.items() if count(tx)} == set(checks.split())
