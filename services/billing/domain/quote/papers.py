"""What an offer comes with on paper: the clauses that hold, and documents that are proved by their hash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.errors import DomainError

MAX_PAPERS = 50


class PaperRepeated(DomainError):
    """Clauses are told apart by their code, documents by their address."""


class TooManyPapers(DomainError):
    """An offer has at most 50 clauses and 50 documents."""


class ClauseMissing(DomainError):
    """The tenant offers nothing without this clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """`justification` says why an exception was made, where the clause is one."""

    code: str
    title: str
    text: str
    justification: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`sha256` is that of the content at `address`, as 64 hexadecimal digits: what was there when it was offered."""

    title: str
    address: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Papers:
    clauses: tuple[Clause, ...] = ()
    documents: tuple[Document, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(clause.code for clause in self.clauses)


NO_PAPERS = Papers()


def validate_papers(papers: Papers) -> None:
    _refuse_repeated(papers.codes, "/clauses")
    _refuse_repeated((document.address for document in papers.documents), "/documents")


def require_clauses(papers: Papers, required: Iterable[str]) -> None:
    missing = [code for code in required if code not in papers.codes]
    if missing:
        raise ClauseMissing(f"add the clause {missing[0]}", field="/clauses")


def _refuse_repeated(keys: Iterable[str], at: str) -> None:
    listed = list(keys)
    if len(listed) > MAX_PAPERS:
        raise TooManyPapers(f"list at most {MAX_PAPERS}", field=at)
    if len(set(listed)) < len(listed):
        raise PaperRepeated("list each once", field=at)
