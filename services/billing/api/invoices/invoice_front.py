"""The short way of GET /v1/invoices/{invoice_id}: invoices as they are now, several of them with one look."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi.routing import APIRoute

from services.billing.api.invoices import invoices
from services.billing.api.invoices.shown_invoices import ShownInvoices
from services.billing.projections.invoices.invoices import stamps_of
from shared.http.documents import DocumentedApi
from shared.http.reading import open_reading
from shared.http.ready import Written
from shared.tenancy import Ask


def install(app: DocumentedApi) -> None:
    """What was shown this way need not be made again for a page, nor the other way round."""
    (route,) = (each for each in invoices.router.routes if isinstance(each, APIRoute) and each.name == "show")
    shown = app.state.shown_invoices = ShownInvoices()

    def read(ask: Ask, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Written]:
        return shown.of(ask, tenant_id, stamps_of(ask, ids))

    open_reading(app, "billing", route, "inv", read)
