"""The short way of GET /v1/invoices/{invoice_id}: invoices as they are now, several of them with one look."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi.routing import APIRoute
from sqlalchemy import Connection

from services.billing.api.invoices import invoices
from services.billing.api.invoices.invoice_documents import invoice_document
from services.billing.projections.invoices.invoices import of_ids
from shared.http.documents import DocumentedApi
from shared.http.reading import open_reading
from shared.http.ready import Ready


def install(app: DocumentedApi) -> None:
    (route,) = (each for each in invoices.router.routes if isinstance(each, APIRoute) and each.name == "show")
    open_reading(app, "billing", route, "inv", _read)


def _read(tx: Connection, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Ready]:
    return {row["invoice_id"]: Ready(invoice_document(row)) for row in of_ids(tx, tenant_id, ids)}
