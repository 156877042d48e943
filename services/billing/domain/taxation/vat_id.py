"""Numbers of those who are registered for value added tax: whether they are formed as their country forms them."""

from __future__ import annotations

from stdnum import get_cc_module
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.util import clean

from services.billing.domain.tax_status import TaxStatus
from shared.errors import DomainError

_SEPARATORS = " -./,:"


class MalformedVatId(DomainError):
    """A number begins with the country and has the digits, and the check digits, of that country."""


def plain_vat_id(text: str) -> str:
    """Without what only makes it readable."""
    plain: str = clean(text, _SEPARATORS).strip().upper()
    return plain


def validate_vat_id(number: str, field: str) -> None:
    """Of its form alone: whether it was given to anybody only the tax office knows. None at all is fine."""
    if number and not is_vat_id(number):
        raise MalformedVatId("give the number with its country in front, such as DE136695976", field=field)


def is_vat_id(number: str) -> bool:
    try:
        return _is_well_formed(number)
    except ValidationError:
        return False


def validate_tax_status(status: TaxStatus, field: str) -> None:
    """The number of who owes the tax by reverse charge is checked where it begins like one of the European Union."""
    if status.treatment == "reverse_charge" and is_of_the_union(plain_vat_id(status.reference)):
        validate_vat_id(plain_vat_id(status.reference), f"{field}/reference")


def is_of_the_union(number: str) -> bool:
    return number[:2].lower() in {*vat.MEMBER_STATES, "el"}


def _is_well_formed(number: str) -> bool:
    if is_of_the_union(number):
        return bool(vat.is_valid(number))
    module = get_cc_module(number[:2], "vat") if number[:2].isalpha() and number.isascii() else None
    return module is not None and any(module.is_valid(each) for each in (number, number[2:]))
