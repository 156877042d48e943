"""Writing a quote and writing it anew: every version is whole, and the ones before stay readable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.billing.domain.agreed_one_off import OneOffs, charged
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.quote.alternatives import (
    MAX_ALTERNATIVES,
    Alternative,
    AlternativeRepeated,
    AlternativeTerms,
    TooManyAlternatives,
    alternative,
)
from services.billing.domain.quote.commands import DraftQuote, ReviseQuote
from services.billing.domain.quote.deal import Deal
from services.billing.domain.quote.events import QuoteDrafted, QuoteEvent, QuoteRevised
from services.billing.domain.quote.lines import annual_flat
from services.billing.domain.quote.papers import validate_papers
from services.billing.domain.quote.state import (
    NothingQuoted,
    OneTermRenewed,
    Quote,
    QuoteTooLarge,
    RenewedWithOneOffs,
    TooManyLines,
)
from services.billing.domain.quote_validation import validate_line, validate_one_offs, validate_terms

MAX_LINES = 100
MAX_ANNUAL_MINOR = 10**15


def deal_of(command: DraftQuote) -> Deal:
    return Deal(
        quote_id=command.quote_id,
        purpose=command.purpose,
        party=command.party,
        requested_by=command.requested_by,
        prior_annual=command.prior_annual,
        subscription_id=command.subscription_id,
        opportunity_id=command.opportunity_id,
        external_id=command.external_id,
        channel=command.channel,
    )


def drafted(command: DraftQuote) -> QuoteDrafted:
    _check_offer(command.lines, command.one_offs, command.party.currency)
    if command.purpose == "renewal":
        _check_continued(command.one_offs)
    validate_papers(command.papers)
    return QuoteDrafted(
        deal=deal_of(command),
        version=1,
        lines=command.lines,
        valid_until=command.valid_until,
        alternatives=_alternatives(command.lines, command.alternatives, command.party.currency),
        uplift_percent=command.uplift_percent,
        papers=command.papers,
        one_offs=command.one_offs,
    )


def revised(quote: Quote, command: ReviseQuote) -> list[QuoteEvent]:
    """A new version; the same content again changes nothing, unless it was written to replace a stale one."""
    once = _once(quote, command)
    _check_revision(quote, command.lines, once)
    valid_until = command.valid_until or quote.valid_until
    terms = tuple(each.terms for each in quote.alternatives) if command.alternatives is None else command.alternatives
    alternatives = _alternatives(command.lines, terms, quote.party.currency)
    papers = quote.papers if command.papers is None else command.papers
    validate_papers(papers)
    offered = (command.lines, valid_until, alternatives, papers, once)
    before = (quote.lines, quote.valid_until, quote.alternatives, quote.papers, quote.one_offs)
    if offered == before and not quote.is_stale:
        return []
    return [
        QuoteRevised(
            version=quote.version + 1,
            lines=command.lines,
            valid_until=valid_until,
            by=command.by,
            alternatives=alternatives,
            papers=papers,
            one_offs=once,
        )
    ]


def _check_revision(quote: Quote, lines: Sequence[AgreedLine], once: OneOffs) -> None:
    _check_offer(lines, once, quote.party.currency)
    if quote.purpose == "renewal":
        _check_renewal(quote, lines)
        _check_continued(once)


def _once(quote: Quote, command: ReviseQuote) -> OneOffs:
    """Those that it has are due by the terms of a line as soon as there is one."""
    if command.one_offs is not None:
        return command.one_offs
    return replace(quote.one_offs, net_days=None) if command.lines else quote.one_offs


def _alternatives(
    lines: Sequence[AgreedLine], wanted: Sequence[AlternativeTerms], currency: str
) -> tuple[Alternative, ...]:
    if len(wanted) > MAX_ALTERNATIVES:
        raise TooManyAlternatives(f"offer at most {MAX_ALTERNATIVES}", field="/alternatives")
    if wanted and len(lines) * (1 + len(wanted)) > MAX_LINES:
        raise TooManyLines(f"offer at most {MAX_LINES} lines, those of alternatives included", field="/alternatives")
    if wanted and not lines:
        raise NothingQuoted("list the lines that stay longer", field="/lines")
    taken = {max((line.term_months for line in lines), default=0)}
    made = []
    for index, terms in enumerate(wanted):
        at = f"/alternatives/{index}"
        if terms.term_months in taken:
            raise AlternativeRepeated("give a term that is not offered already", field=f"{at}/term_months")
        taken.add(terms.term_months)
        validate_terms(terms, at)
        made.append(alternative(lines, terms, currency))
        for line in made[-1].lines:
            validate_line(line, at)
        _check_worth(made[-1].lines, currency, at)
    return tuple(made)


def _check_offer(lines: Sequence[AgreedLine], once: OneOffs, currency: str) -> None:
    if not lines and not once.items:
        raise NothingQuoted("list at least one line, or what is charged once", field="/lines")
    if len(lines) > MAX_LINES:
        raise TooManyLines(f"list at most {MAX_LINES} lines", field="/lines")
    for index, line in enumerate(lines):
        validate_line(line, f"/lines/{index}")
    _check_worth(lines, currency, "/lines")
    validate_one_offs(once, has_lines=bool(lines))
    if sum(charged(item, currency).list_amount.minor for item in once.items) >= MAX_ANNUAL_MINOR:
        raise QuoteTooLarge("make more than one quote of it", field="/one_offs")


def _check_worth(lines: Sequence[AgreedLine], currency: str, at: str) -> None:
    if annual_flat(lines, currency).minor >= MAX_ANNUAL_MINOR:
        raise QuoteTooLarge("make more than one quote of it", field=at)


def _check_continued(once: OneOffs) -> None:
    if once.items:
        raise RenewedWithOneOffs("leave them out, and make a quote of their own", field="/one_offs")


def _check_renewal(quote: Quote, lines: Sequence[AgreedLine]) -> None:
    if len(lines) != 1:
        raise OneTermRenewed("list the one line that is renewed", field="/lines")
    if lines[0].starts_on != quote.lines[0].starts_on:
        raise OneTermRenewed(f"the new term starts on {quote.lines[0].starts_on}", field="/lines/0/starts_on")
