"""What a process writes documents with, out of the unit of work that it runs in."""

from __future__ import annotations

from functools import partial

from services.billing.domain.invoice import INVOICE
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.processes.correction_documents import Desk
from services.billing.projections.invoice_numbers import CREDIT_NOTES, next_number
from shared.unit_of_work import UnitOfWork


def desk_of(unit: UnitOfWork) -> Desk:
    settings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    entity, series = settings.legal_entity, settings.invoice_series
    return Desk(
        invoice=partial(unit.state, INVOICE),
        legal_entity=entity,
        next_number=partial(next_number, unit, entity, series),
        next_credit_note=partial(next_number, unit, entity, series + CREDIT_NOTES),
        at=unit.now,
        bounds=settings.invoice_bounds,
    )
