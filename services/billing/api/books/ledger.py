"""/v1/ledger: the entries of the books, what stands on each account, and exports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.billing.api.access import ReadBilling
from services.billing.api.books.journal_files import as_csv, as_json_lines
from services.billing.api.books.ledger_forms import BalanceOut, Balances, EntryOut, WantedPostings, entry_out
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.projections.books import balances, journal
from services.billing.projections.books.journal import Wanted
from services.billing.tables import ledger_postings as table
from shared.http.fields import Day, Instant
from shared.http.pages import Listed, Page, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.periods import local_day
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/ledger", tags=["ledger"], route_class=TransactionalRoute)

NEXT = {"Next-Cursor": {"description": "Where the next page begins; absent on the last", "schema": {"type": "string"}}}


@router.get("/balances")
def show_balances(
    unit: ReadBilling,
    at: Day | None = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    known_at: Instant | None = None,
) -> Balances:
    """At the end of a day, today without one; `known_at` leaves out what was recorded after that instant."""
    day = at or local_day(unit.now, unit.state(TENANT_SETTINGS, unit.tenant_id).zone)
    known: datetime | None = known_at
    rows = balances.at(unit, day, currency=currency, known_at=known)
    return Balances(at=day, known_at=known, balances=[BalanceOut(**row) for row in rows])


@router.get("/entries")
def list_entries(unit: ReadBilling, page: PageQuery, wanted: WantedPostings) -> Listed[EntryOut]:
    """In the order of the books. By account or currency, whole entries that have such a posting; recognitions of days to
    come are among them."""
    return page_of(unit, journal.entries(unit, wanted), table.c.place, page, entry_out)


@router.get(
    "/journal.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "headers": NEXT}},
)
def export_csv(unit: ReadBilling, page: PageQuery, wanted: WantedPostings) -> Response:
    """A posting a row, below their names. No text begins like a formula: where one would, an apostrophe is put first."""
    return _file(unit, page, wanted, "text/csv; charset=utf-8")


@router.get(
    "/journal.jsonl",
    response_class=Response,
    responses={200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}, "headers": NEXT}},
)
def export_json_lines(unit: ReadBilling, page: PageQuery, wanted: WantedPostings) -> Response:
    """A posting a line."""
    return _file(unit, page, wanted, "application/jsonl")


def _file(unit: UnitOfWork, page: Page, wanted: Wanted, media_type: str) -> Response:
    listed = page_of(unit, journal.of_tenant(unit, wanted), table.c.place, page, dict)
    write = as_csv if media_type.startswith("text/csv") else as_json_lines
    headers = {"Next-Cursor": listed.next_cursor} if listed.next_cursor else {}
    return Response(write(listed.items), 200, headers, media_type=media_type)
