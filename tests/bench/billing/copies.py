"""A tenant's rows many times over: contracts, their bills, periods and invoices, as if as many had been sold again.

The log has the first ones only: for questions that are answered from rows."""

from __future__ import annotations

from sqlalchemy import Engine

from services.billing.tables import metadata
from tests.bench.billing.seller import Seller

_OF_A_CONTRACT = ("subscriptions", "contracts", "contract_bills", "usage_periods", "invoices")
_ITS_OWN = ("subscription_id", "first_id", "invoice_id", "period_id", "customer_id")


def multiply(seller: Seller, times: int) -> None:
    """So many of each in the end; a copy is another contract of another customer."""
    engine: Engine = seller.engine
    with engine.begin() as tx:
        for table in _OF_A_CONTRACT:
            tx.exec_driver_sql(_copied(table), {"tenant": seller.tenant_id, "copies": times - 1})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as tx:
        for table in _OF_A_CONTRACT:
            tx.exec_driver_sql(f"ANALYZE {table}")


def _copied(table: str) -> str:
    columns = metadata.tables[table].columns.keys()
    values = ", ".join(_copy(name) for name in columns)
    return f"""
INSERT INTO {table} ({", ".join(columns)}) SELECT {values} FROM {table} t, generate_series(1, %(copies)s) AS copy
WHERE t.tenant_id = %(tenant)s"""


def _copy(column: str) -> str:
    if column == "customer_key":
        return "t.customer_key || '-' || copy"
    if column == "number":
        return "t.number || '-' || copy"
    return f"md5(t.{column}::text || copy)::uuid" if column in _ITS_OWN else f"t.{column}"
