"""/v1/bank-statements: what the bank says came in, as CAMT.053 or CSV. Nothing of a file that is wrong is taken."""

from __future__ import annotations

from collections import Counter as Counted
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from services.billing.api.access import ImportStatements
from services.billing.domain.bank_entry import BANK_ENTRY, BankEntry, entry_id
from services.billing.domain.customer import CUSTOMER
from services.billing.domain.payment import PAYMENT
from services.billing.files import camt, csv_statement
from services.billing.files.statement import MalformedStatement, Statement, Wrong
from services.billing.processes import banking
from services.billing.projections.payments.payers import open_book
from shared.http.problems import Problem
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

PATH = "/v1/bank-statements"
MOST_BYTES = 8 * 1024 * 1024
FORMATS: dict[str, Callable[[bytes], Statement]] = {
    "application/xml": camt.read,
    "text/xml": camt.read,
    "text/csv": csv_statement.read,
}

router = APIRouter(prefix=PATH, tags=["bank statements"], route_class=TransactionalRoute)


class ImportedOut(BaseModel):
    """`known` entries were imported before and changed nothing; `pending` are not booked yet and were not taken. Of the
    others `outgoing` ask for nothing, and `unmatched` wait for a person."""

    statements: list[str]
    imported: int
    known: int
    matched: int
    unmatched: int
    outgoing: int
    pending: int


_XML = {"schema": {"type": "string", "description": "A camt.053.001 document of ISO 20022, in any of its versions."}}
_CSV = {
    "schema": {
        "type": "string",
        "description": "RFC 4180, comma or semicolon, with a line of names: "
        f"{', '.join(csv_statement.NEEDED)}, and {', '.join(csv_statement.OPTIONAL)} where there are some.",
    }
}
_UNSUPPORTED = {
    "description": "None of the formats.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/xml": _XML, "text/xml": _XML, "text/csv": _CSV},
    },
    "responses": {"415": _UNSUPPORTED},
}


@router.post("", status_code=201, openapi_extra=_DOCUMENT)
def take(request: Request, unit: ImportStatements) -> ImportedOut:
    """A statement that comes again changes nothing. Entries that are wrong are named, by line or by number."""
    statement = _read(request)
    ids = [entry_id(unit.tenant_id, entry) for entry in statement.entries]
    unit.session.load(BANK_ENTRY, unit.tenant_id, ids)
    known = {id_ for id_ in ids if unit.state(BANK_ENTRY, id_) is not None}
    book = open_book(unit, (entry.amount.currency for entry in statement.entries))
    unit.carry_out(banking.on_statement(statement.entries, counter_of(unit), book))
    return _imported(unit, statement, ids, known)


def counter_of(unit: UnitOfWork) -> banking.Counter:
    return banking.Counter(
        tenant_id=unit.tenant_id,
        entry=partial(unit.state, BANK_ENTRY),
        payment=partial(unit.state, PAYMENT),
        zone=lambda customer_id: unit.state(CUSTOMER, customer_id).zone,
    )


def _imported(unit: UnitOfWork, statement: Statement, ids: Sequence[UUID], known: set[UUID]) -> ImportedOut:
    statuses = Counted(unit.state(BANK_ENTRY, id_).status for id_ in ids if id_ not in known)
    return ImportedOut(
        statements=sorted({entry.statement for entry in statement.entries}),
        imported=statuses.total(),
        known=len(known),
        matched=statuses["matched"],
        unmatched=statuses["unmatched"],
        outgoing=statuses["outgoing"],
        pending=statement.pending,
    )


def _read(request: Request) -> Statement:
    format_ = FORMATS.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
    if format_ is None:
        raise Problem(415, "unsupported_content_type", f"send one of {', '.join(FORMATS)}")
    try:
        statement = format_(request.scope["body"])
        _check_once(statement)
    except MalformedStatement as error:
        wrong = error.wrong
    else:
        return statement
    errors = [{"loc": ("body", "entries", w.place, w.field), "type": "malformed", "msg": w.detail} for w in wrong]
    raise RequestValidationError(errors)


def _check_once(statement: Statement) -> None:
    seen: dict[str, BankEntry] = {}
    wrong = []
    for entry, place in zip(statement.entries, statement.places, strict=True):
        if entry.name in seen:
            wrong.append(Wrong(place, "reference", "another entry of this file has the same one"))
        seen[entry.name] = entry
    if wrong:
        raise MalformedStatement(wrong)
