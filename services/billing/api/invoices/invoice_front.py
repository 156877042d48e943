"""The short way of GET /v1/invoices/{invoice_id}, and of GET /v1/invoices without a filter: invoices as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi.routing import APIRoute

from services.billing.api.invoices import invoices
from services.billing.api.invoices.shown_invoices import ShownInvoices
from services.billing.projections.invoices.invoices import page_of_stamps, stamps_of
from shared.http.documents import DocumentedApi
from shared.http.pages import PlainPage, cursor_of, ready_page
from shared.http.reading import open_pages, open_reading
from shared.http.ready import Written
from shared.tenancy import Ask


def install(app: DocumentedApi) -> None:
    """What was shown one way need not be made again for another one."""
    routes = {each.name: each for each in invoices.router.routes if isinstance(each, APIRoute)}
    shown = app.state.shown_invoices = ShownInvoices()

    def read(ask: Ask, tenant_id: UUID, ids: Sequence[UUID]) -> dict[UUID, Written]:
        return shown.of(ask, tenant_id, stamps_of(ask, ids))

    def read_pages(ask: Ask, tenant_id: UUID, pages: Sequence[PlainPage]) -> dict[PlainPage, Written]:
        return {page: _page(shown, ask, tenant_id, page) for page in pages}

    open_pages(app, "billing", routes["list_invoices"], read_pages)
    open_reading(app, "billing", routes["show"], "inv", read)


def _page(shown: ShownInvoices, ask: Ask, tenant_id: UUID, page: PlainPage) -> Written:
    stamps = page_of_stamps(ask, page.limit + 1, page.after)
    ids = [*stamps][: page.limit]
    items = shown.of(ask, tenant_id, {id_: stamps[id_] for id_ in ids}).values()
    return Written.of(ready_page(items, cursor_of(ids[-1]) if len(stamps) > page.limit else None))
