"""What every format of a bank statement comes to: entries, or the places where it is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from services.billing.domain.bank_entry import BankEntry
from shared.errors import DomainError
from shared.money import Money, exponent

MOST_ENTRIES = 2_000
MOST_ERRORS = 100
LONGEST_TEXT = 2_000
_AMOUNT = re.compile(r"^-?[0-9]{1,13}(\.[0-9]{1,5})?$")
_DAY = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"^[A-Z]{3}$")


@dataclass(frozen=True, slots=True)
class Wrong:
    """`place` is the line of a CSV file, or the number of the entry in a CAMT file, from 1; 0 is the whole file."""

    place: int
    field: str
    detail: str


class MalformedStatement(Exception):
    """Nothing of the file is taken."""

    def __init__(self, wrong: list[Wrong]):
        super().__init__(f"{len(wrong)} places are wrong")
        self.wrong = wrong[:MOST_ERRORS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """`places` are where the entries stand in the file; `pending` were told but are not booked, and are not taken."""

    entries: list[BankEntry] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    pending: int = 0


class WrongField(Exception):
    def __init__(self, name: str, detail: str):
        super().__init__(detail)
        self.name = name


def money(name: str, text: str, currency: str) -> Money:
    """Signed. No digit is rounded away."""
    if not _CURRENCY.fullmatch(currency):
        raise WrongField("currency", "not a currency of ISO 4217, such as EUR")
    try:
        places = exponent(currency)
    except DomainError as error:
        raise WrongField("currency", str(error)) from None
    if not _AMOUNT.fullmatch(text):
        raise WrongField(name, 'give an amount such as "1250.00"')
    minor = Decimal(text).scaleb(places)
    if minor != minor.to_integral_value():
        raise WrongField(name, f"{currency} has {places} decimal places")
    return Money(int(minor), currency)


def day(name: str, text: str) -> date:
    """Of a day or of an instant, as the bank writes it."""
    try:
        found = date.fromisoformat(_DAY.match(text)[0])  # type: ignore[index]
    except (TypeError, ValueError):
        raise WrongField(name, 'give a day, such as "2031-01-01"') from None
    if not date(1900, 1, 1) <= found < date(2200, 1, 1):
        raise WrongField(name, "a day from 1900 to 2199 is needed")
    return found


def words(name: str, text: str, *, longest: int = LONGEST_TEXT, needed: bool = False) -> str:
    text = " ".join(text.split())
    if needed and not text:
        raise WrongField(name, "is missing")
    if len(text) > longest or not text.isprintable():
        raise WrongField(name, f"at most {longest} printable characters")
    return text


def account(name: str, text: str) -> str:
    return re.sub(r"\s", "", words(name, text, longest=50)).upper()
