"""/v1/quotes: drafting, approving and sending offers. What the customer does with them is in quote_acceptances."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.billing.api.access import ApproveQuotes, ChangeQuotes, ReadBilling
from services.billing.api.catalogue.plan_forms import Code
from services.billing.api.invoices.paper_forms import papers_of
from services.billing.api.quotes import quote_answers as answers
from services.billing.api.quotes.quote_forms import (
    DraftForm,
    OpportunityId,
    QuoteId,
    ReasonForm,
    RevisionForm,
    SendForm,
    SubscriptionId,
)
from services.billing.api.quotes.quote_lines import lines_of, party_of, raised_lines, terms_of
from services.billing.api.quotes.quote_shown import QuoteAnswer, QuoteSummary, VersionAnswer
from services.billing.api.quotes.quote_token import ShownOnce, hashed, new_token
from services.billing.api.quotes.quoted_one_offs import one_offs_of, revised
from services.billing.domain.customer import customer_id
from services.billing.domain.quote import QUOTE
from services.billing.domain.quote import commands as order
from services.billing.domain.quote.approval import OverBudget
from services.billing.domain.quote.deal import Purpose
from services.billing.domain.quote.state import Quote, QuoteNotFound, QuoteStatus
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from services.billing.projections.budgets import budget_checks
from services.billing.projections.quotes import quote_tokens, quotes
from services.billing.tables import quotes as table
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/quotes", tags=["quotes"], route_class=TransactionalRoute)


@router.post("", status_code=201)
def draft(body: DraftForm, unit: ChangeQuotes) -> QuoteAnswer:
    party = party_of(unit, body.customer)
    command = order.DraftQuote(
        quote_id=unit.new_id(),
        purpose="new",
        party=party,
        lines=lines_of(unit, party, body.lines, channel=body.channel),
        requested_by=unit.cause.context["principal"],
        external_id=body.external_id,
        channel=body.channel,
        valid_until=body.valid_until,
        alternatives=terms_of(body.alternatives),
        papers=papers_of(body.clauses, body.documents),
        one_offs=one_offs_of(unit, body.one_offs, body.net_days),
    )
    return _done(unit, command.quote_id, command)


@router.post("/{quote_id}/revise")
def revise(quote_id: QuoteId, body: RevisionForm, unit: ChangeQuotes) -> QuoteAnswer:
    """A new version. An offer that is out cannot be accepted any more; the new one is submitted and sent again."""
    quote = _existing(unit, quote_id)
    lines = lines_of(unit, quote.party, body.lines, kept=raised_lines(unit, quote), channel=quote.deal.channel)
    command = order.ReviseQuote(
        lines=lines,
        by=unit.cause.context["principal"],
        valid_until=body.valid_until,
        alternatives=None if body.alternatives is None else terms_of(body.alternatives),
        papers=body.papers,
        one_offs=revised(unit, body.one_offs, body.net_days, quote.one_offs, has_lines=bool(lines)),
    )
    return _done(unit, quote_id, command)


@router.post("/{quote_id}/submit")
def submit(quote_id: QuoteId, unit: ChangeQuotes) -> QuoteAnswer:
    """Approved at once within the tenant's own limits (5 % discount, unless its settings say otherwise); beyond them it
    waits for somebody else: a manager, a director, an executive. It may have to wait as well where it goes beyond a budget
    of its customer."""
    settings, quote = _settings(unit), _existing(unit, quote_id)
    command = order.SubmitQuote(
        by=unit.cause.context["principal"],
        matrix=settings.approval,
        required_clauses=settings.required_clauses,
        over_budget=_over_budget(unit, settings, quote),
    )
    return _done(unit, quote_id, command)


@router.post("/{quote_id}/approve")
def approve(quote_id: QuoteId, unit: ApproveQuotes) -> QuoteAnswer:
    """By somebody else than its authors, of the level that was asked for where the settings list approvers."""
    by = unit.cause.context["principal"]
    return _done(unit, quote_id, order.ApproveQuote(by=by, level=_settings(unit).approval.level_of(by)))


@router.post("/{quote_id}/refuse")
def refuse(quote_id: QuoteId, body: ReasonForm, unit: ApproveQuotes) -> QuoteAnswer:
    by = unit.cause.context["principal"]
    return _done(
        unit, quote_id, order.RefuseQuote(by=by, reason=body.reason, level=_settings(unit).approval.level_of(by))
    )


@router.post("/{quote_id}/send", response_model=QuoteAnswer)
def send(quote_id: QuoteId, unit: ChangeQuotes, body: SendForm | None = None) -> Response:
    """The answer carries `acceptance_token`, for the customer. It is not kept: a repeat of the request is answered
    without it, and sending once more (another Idempotency-Key) makes a new one, which replaces it."""
    valid_until = None if body is None else body.valid_until
    answer = _done(unit, quote_id, order.SendQuote(at=unit.now, valid_until=valid_until))
    token = new_token(unit.tenant_id)
    quote_tokens.put(unit, hashed(token), quote_id, answer.quote_version)
    return ShownOnce(answer, answer.model_copy(update={"acceptance_token": token}), answer.version)


@router.post("/{quote_id}/decline")
def decline(quote_id: QuoteId, body: ReasonForm, unit: ChangeQuotes) -> QuoteAnswer:
    """The customer has said no."""
    return _done(unit, quote_id, order.DeclineQuote(reason=body.reason))


@router.post("/{quote_id}/withdraw")
def withdraw(quote_id: QuoteId, body: ReasonForm, unit: ChangeQuotes) -> QuoteAnswer:
    """We take it back."""
    return _done(unit, quote_id, order.WithdrawQuote(reason=body.reason))


@router.get("/{quote_id}")
def show(quote_id: QuoteId, unit: ReadBilling, moment: AtMoment) -> QuoteAnswer:
    with quotes.THEN.at(unit, quote_id, moment):
        return answers.of(unit, quote_id)


@router.get("/{quote_id}/versions/{number}")
def show_version(quote_id: QuoteId, number: int, unit: ReadBilling) -> VersionAnswer:
    return answers.version(unit, quotes.get(unit, quote_id), number)


@router.get("")
def list_quotes(
    unit: ReadBilling,
    page: PageQuery,
    status: QuoteStatus | None = None,
    customer: Code | None = None,
    external_id: str | None = None,
    opportunity_id: OpportunityId | None = None,
    subscription_id: SubscriptionId | None = None,
    purpose: Purpose | None = None,
) -> Listed[QuoteSummary]:
    matching = quotes.of_tenant(
        unit,
        status=status,
        customer_id=None if customer is None else customer_id(unit.tenant_id, customer),
        external_id=external_id,
        opportunity_id=opportunity_id,
        subscription_id=subscription_id,
        purpose=purpose,
    )
    return page_of(unit, matching, table.c.quote_id, page, answers.summary)


def _settings(unit: UnitOfWork) -> TenantSettings:
    settings: TenantSettings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    return settings


def _over_budget(unit: UnitOfWork, settings: TenantSettings, quote: Quote) -> tuple[OverBudget, ...]:
    """Nobody looks where nobody would have to agree."""
    if settings.approval.over_budget is None:
        return ()
    return budget_checks.exceeded(unit, quote, answers.anchors_of(unit, quote.deal, quote.lines))


def _existing(unit: UnitOfWork, quote_id: QuoteId) -> Quote:
    quote: Quote | None = unit.state(QUOTE, quote_id)
    if quote is None:
        raise QuoteNotFound("no such quote")
    return quote


def _done(unit: UnitOfWork, quote_id: QuoteId, command: order.QuoteCommand) -> QuoteAnswer:
    unit.execute(QUOTE, quote_id, command)
    return answers.of(unit, quote_id)
