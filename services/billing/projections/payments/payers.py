"""What a bank statement is compared with: open invoices, accounts of customers, and customers by their own keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select

from services.billing.domain.payment.matching import OpenBook, Payer
from services.billing.projections.invoices import invoices
from services.billing.projections.payments import payment_profiles
from services.billing.tables import customers
from shared.unit_of_work import UnitOfWork

_WORD = re.compile(r"[A-Za-z0-9._:@-]{1,100}")
# A key of one or two characters stands in any text by chance.
SHORTEST_KEY = 3


def open_book(unit: UnitOfWork, currencies: Iterable[str]) -> OpenBook:
    return OpenBook(
        invoices=invoices.open_of_tenant(unit, sorted(set(currencies))),
        owners_of=lambda account: _by_key(unit, payment_profiles.owners_of(unit, account)),
        named_in=lambda text: _by_key(unit, [word.strip(".,:;-") for word in _WORD.findall(text)], SHORTEST_KEY),
    )


def _by_key(unit: UnitOfWork, keys: list[str], shortest: int = 1) -> list[Payer]:
    wanted = {key.lower() for key in keys if len(key) >= shortest}
    if not wanted:
        return []
    mine = select(customers.c.customer_id, customers.c.key).where(
        customers.c.tenant_id == unit.tenant_id, func.lower(customers.c.key).in_(sorted(wanted))
    )
    rows: list[tuple[UUID, str]] = [(row.customer_id, row.key) for row in unit.tx.execute(mine.order_by("key"))]
    return [Payer(id_, key) for id_, key in rows]
