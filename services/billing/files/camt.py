"""CAMT.053, the bank statement of ISO 20022, in any of its versions. No entity is ever expanded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.billing.domain.bank_entry import BankEntry
from services.billing.files.statement import (
    MOST_ENTRIES,
    MalformedStatement,
    Statement,
    Wrong,
    WrongField,
    account,
    day,
    money,
    words,
)
from shared.money import Money

_NAMESPACE = "{urn:iso:std:iso:20022:tech:xsd:camt.053.001."


class _Booked(NamedTuple):
    """One transaction of a booked entry; an entry with several of them is a batch."""

    statement: Element
    entry: Element
    details: Element | None
    number: int
    of: int


def read(content: bytes) -> Statement:
    """Raises MalformedStatement with every entry that is wrong."""
    statements = list(_all(_root(content), "BkToCstmrStmt/Stmt"))
    entries, places, wrong, names, pending, place = [], [], [], Counter[str](), 0, 0
    for statement in statements:
        for entry in _all(statement, "Ntry"):
            place += 1
            if _text(entry, "Sts/Cd", "Sts") not in ("BOOK", ""):
                pending += 1
                continue
            try:
                found = [_entry(booked) for booked in _transactions(statement, entry)]
            except WrongField as error:
                wrong.append(Wrong(place, error.name, str(error)))
                continue
            entries += [_told_apart(one, names) for one in found]
            places += [place] * len(found)
    if not statements:
        wrong.append(Wrong(0, "Stmt", "there is no statement in it"))
    if len(entries) > MOST_ENTRIES:
        wrong.append(Wrong(0, "Ntry", f"at most {MOST_ENTRIES} entries a file"))
    if wrong:
        raise MalformedStatement(wrong)
    return Statement(entries=entries, places=places, pending=pending)


def _told_apart(entry: BankEntry, names: Counter[str]) -> BankEntry:
    """Some banks give one reference to several entries of a statement: these are counted through."""
    names[entry.name] += 1
    if (number := names[entry.name]) == 1:
        return entry
    bank_reference = f"{entry.bank_reference}~{number}" if entry.bank_reference else None
    return replace(entry, reference=f"{entry.reference}~{number}", bank_reference=bank_reference)


def _root(content: bytes) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise MalformedStatement([Wrong(0, "", f"not well-formed XML without DTD: {type(error).__name__}")]) from None
    if not root.tag.startswith(_NAMESPACE) or not root.tag.endswith("}Document"):
        raise MalformedStatement([Wrong(0, "Document", "not a camt.053 document of ISO 20022")])
    return root


def _transactions(statement: Element, entry: Element) -> Iterator[_Booked]:
    """A batch whose parts do not say what they come to is one entry, and a person has to look at it."""
    details = list(_all(entry, "NtryDtls/TxDtls"))
    if len(details) > 1 and not _adds_up(entry, details):
        details = []
    for number, one in enumerate(details or [None], start=1):
        yield _Booked(statement, entry, one, number, len(details))


def _adds_up(entry: Element, details: list[Element]) -> bool:
    try:
        whole = _amount(entry)
        parts = [_amount(one) for one in details]
    except WrongField:
        return False
    return {part.currency for part in parts} == {whole.currency} and sum(part.minor for part in parts) == whole.minor


def _entry(booked: _Booked) -> BankEntry:
    statement, entry, details = booked.statement, booked.entry, booked.details
    of_batch = details is not None and booked.of > 1
    source = details if details is not None else entry
    amount = _amount(details if of_batch and details is not None else entry)
    suffix = f"#{booked.number}" if of_batch else ""
    reference = _text(entry, "NtryRef") or _position(statement, entry)
    bank_reference = _text(entry, "AcctSvcrRef")
    booked_on = day("BookgDt", _text(entry, "BookgDt/Dt", "BookgDt/DtTm"))
    valued = _text(entry, "ValDt/Dt", "ValDt/DtTm")
    return BankEntry(
        statement=words("Stmt/Id", _text(statement, "Id"), longest=100, needed=True),
        account=account("Acct/Id", _text(statement, "Acct/Id/IBAN", "Acct/Id/Othr/Id")) or _no_account(),
        reference=words("NtryRef", reference, longest=100, needed=True) + suffix,
        bank_reference=words("AcctSvcrRef", bank_reference, longest=100) + suffix if bank_reference else None,
        amount=amount,
        is_incoming=_is_credit(source, entry) and amount.minor > 0,
        is_reversal=_text(entry, "RvslInd") in ("true", "1"),
        booked_on=booked_on,
        valued_on=day("ValDt", valued) if valued else booked_on,
        payer=words("Dbtr/Nm", _text(source, "RltdPties/Dbtr/Nm", "RltdPties/Dbtr/Pty/Nm")),
        payer_account=account("DbtrAcct", _text(source, "RltdPties/DbtrAcct/Id/IBAN", "RltdPties/DbtrAcct/Id/Othr/Id")),
        text=words("RmtInf", _remittance(source, entry)),
        end_to_end=words("EndToEndId", _text(source, "Refs/EndToEndId").removeprefix("NOTPROVIDED"), longest=100),
    )


def _is_credit(source: Element, entry: Element) -> bool:
    direction = _text(source, "CdtDbtInd") or _text(entry, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise WrongField("CdtDbtInd", "CRDT or DBIT is needed")
    return direction == "CRDT"


def _amount(place: Element) -> Money:
    found = next(_all(place, "Amt"), None)
    if found is None:
        found = next(_all(place, "AmtDtls/TxAmt/Amt"), None)
    if found is None:
        raise WrongField("Amt", "is missing")
    amount = money("Amt", (found.text or "").strip(), found.get("Ccy", ""))
    if amount.minor < 0:
        raise WrongField("Amt", "is positive: CdtDbtInd tells the direction")
    return amount


def _position(statement: Element, entry: Element) -> str:
    return str(list(_all(statement, "Ntry")).index(entry) + 1)


def _no_account() -> str:
    raise WrongField("Acct/Id", "is missing")


def _remittance(source: Element, entry: Element) -> str:
    """What the payer wrote, in free words and as structured references; else what the bank says of it."""
    free = [one.text or "" for one in _all(source, "RmtInf/Ustrd")]
    structured = [one.text or "" for one in _all(source, "RmtInf/Strd/CdtrRefInf/Ref")]
    documents = [one.text or "" for one in _all(source, "RmtInf/Strd/RfrdDocInf/Nb")]
    return " ".join([*free, *structured, *documents]) or _text(entry, "AddtlNtryInf")


def _text(element: Element, *paths: str) -> str:
    """Of the first path that leads to something."""
    return next(
        (one.text.strip() for path in paths for one in _all(element, path) if one.text and one.text.strip()), ""
    )


def _all(element: Element, path: str) -> Iterator[Element]:
    """By local names: each version of the format has a namespace of its own."""
    name, _, rest = path.partition("/")
    for child in element:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name:
            yield from _all(child, rest) if rest else (child,)
