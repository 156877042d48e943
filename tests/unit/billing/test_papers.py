"""Clauses and documents of an offer: asked for, approved, and kept as they were accepted; and its purchase order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.billing.domain.customer import PurchaseOrderMissing
from services.billing.domain.quote.approval import DEFAULT_APPROVAL
from services.billing.domain.quote.commands import SubmitQuote
from services.billing.domain.quote.events import QuoteAccepted, QuoteApprovalRequested, QuoteApproved
from services.billing.domain.quote.papers import (
    NO_PAPERS,
    Clause,
    ClauseMissing,
    Document,
    PaperRepeated,
    Papers,
    TooManyPapers,
)
from services.billing.domain.subscription.commands import CreateSubscription, RenewTerm
from services.billing.processes.ordering import on_quote_accepted
from services.billing.processes.renewing import on_renewal_won
from shared.errors import DomainError
from tests.unit.billing.offers import (
    NOW,
    QUOTE_ID,
    accept,
    after,
    draft,
    events_of,
    given,
    line,
    out,
    revise,
    send,
    submit,
)

SECURITY = Clause(code="data_security_terms", title="Data security", text="As in annex 2.")
ESCROW = Clause(code="escrow", title="Escrow", text="The source is deposited.", justification="Asked for by the board.")
SPECIFICATION = Document(title="Specification 3", address="https://example.com/spec-3.pdf", sha256="ab" * 32)
PAPERS = Papers(clauses=(SECURITY, ESCROW), documents=(SPECIFICATION,))
MATRIX = replace(DEFAULT_APPROVAL, clauses={"escrow": "director", "indemnity": "executive"})


def test_a_clause_of_the_settings_is_asked_for_on_submission() -> None:
    asked = SubmitQuote(by="rita", required_clauses=("data_security_terms",))
    with pytest.raises(ClauseMissing):
        given(draft())(asked)
    assert given(draft(papers=PAPERS))(asked) == [QuoteApproved(version=1, by="rita", automatic=True)]


@pytest.mark.parametrize(
    ("discount", "level", "beyond"),
    [("0", "director", ("clauses",)), ("12", "director", ("discount_percent", "clauses")), ("30", "executive", None)],
)
def test_an_exception_needs_its_level_and_a_discount_perhaps_a_higher_one(
    discount: str, level: str, beyond: tuple[str, ...] | None
) -> None:
    [asked] = given(draft(line(discount), papers=PAPERS))(SubmitQuote(by="rita", matrix=MATRIX))
    assert isinstance(asked, QuoteApprovalRequested)
    assert asked.level == level
    assert beyond is None or asked.beyond == beyond


def test_a_revision_keeps_the_papers_and_the_version_before_keeps_its_own() -> None:
    assert after(draft(papers=PAPERS), revise(line("3"))).papers == PAPERS
    assert after(draft(papers=PAPERS), revise(line(), papers=NO_PAPERS)).papers == NO_PAPERS
    assert events_of(draft(papers=PAPERS), revise(line(), papers=PAPERS))[1:] == []


def test_what_is_accepted_is_kept_with_the_acceptance() -> None:
    [accepted] = given(draft(papers=PAPERS), submit(), send())(accept())
    assert isinstance(accepted, QuoteAccepted)
    assert accepted.papers == PAPERS


@pytest.mark.parametrize(
    ("papers", "error", "field"),
    [
        (Papers(clauses=(ESCROW, ESCROW)), PaperRepeated, "/clauses"),
        (Papers(documents=(SPECIFICATION, SPECIFICATION)), PaperRepeated, "/documents"),
        (
            Papers(documents=tuple(replace(SPECIFICATION, address=f"https://example.com/{n}") for n in range(51))),
            TooManyPapers,
            "/documents",
        ),
    ],
)
def test_papers_are_listed_once_and_have_an_end(papers: Papers, error: type[DomainError], field: str) -> None:
    for history, command in (((), draft(papers=papers)), ((draft(),), revise(line(), papers=papers))):
        with pytest.raises(error) as caught:
            given(*history)(command)
        assert caught.value.field == field


def test_a_customer_that_needs_a_purchase_order_accepts_nothing_without_one() -> None:
    with pytest.raises(PurchaseOrderMissing):
        given(*out)(accept(purchase_order=None, needs_purchase_order=True))
    assert given(*out)(accept(purchase_order="PO-8", needs_purchase_order=True))


def test_each_line_becomes_a_subscription_of_the_same_purchase_order() -> None:
    orders: list[Any] = [
        order.command
        for order in on_quote_accepted(QUOTE_ID, after(draft(line(), line("2")), submit(), send(), accept()))
    ]
    assert all(isinstance(command, CreateSubscription) for command in orders)
    assert [(command.line, command.purchase_order) for command in orders] == [(line(), "PO-7"), (line("2"), "PO-7")]


def test_a_renewed_term_has_the_purchase_order_that_it_was_accepted_with() -> None:
    [order] = on_renewal_won(UUID(int=9), 1, after(*out, accept()), QUOTE_ID, NOW)
    assert isinstance(order.command, RenewTerm)
    assert order.command.purchase_order == "PO-7"
