"""Clauses and documents of a quote as they are sent and answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from services.billing.api.catalogue.plan_forms import Form
from services.billing.domain.quote.papers import Clause, Document, Papers

ClauseCode = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,60}$")]
Title = Annotated[str, Field(min_length=1, max_length=200)]


class ClauseForm(Form):
    """`justification` says why an exception was made."""

    code: ClauseCode
    title: Title
    text: Annotated[str, Field(min_length=1, max_length=5000)]
    justification: Annotated[str, Field(min_length=1, max_length=1000)] | None = None


class DocumentForm(Form):
    """`sha256` of the content at `address`, as 64 hexadecimal digits. Nothing is fetched."""

    title: Title
    address: Annotated[str, Field(pattern=r"^https://[\x21-\x7e]{1,2000}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


Clauses = Annotated[list[ClauseForm], Field(max_length=50)]
Documents = Annotated[list[DocumentForm], Field(max_length=50)]


def papers_of(clauses: Sequence[ClauseForm], documents: Sequence[DocumentForm]) -> Papers:
    return Papers(
        clauses=tuple(Clause(**form.model_dump()) for form in clauses),
        documents=tuple(Document(**form.model_dump()) for form in documents),
    )
