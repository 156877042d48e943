"""How a customer pays: what is done with money that pays nothing yet, from which accounts it comes, and by what it is
charged. A payment method is the provider's token for it, never a number of a card."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from shared.decider import Decider
from shared.errors import DomainError

UnappliedCash = Literal["hold", "apply"]
_IBAN = re.compile(r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")


class MalformedIban(DomainError):
    """The check digits of an IBAN are those of its other characters (ISO 13616)."""


class CardNumberRefused(DomainError):
    """Numbers of cards stay with the provider."""


class MethodMissing(DomainError):
    """What is to be charged is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMethod:
    """`token` is what the provider calls it."""

    provider: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentProfile:
    """`unapplied_cash` None is as the tenant's settings say. With `autopay` invoices are charged on their due day."""

    unapplied_cash: UnappliedCash | None = None
    ibans: tuple[str, ...] = ()
    method: PaymentMethod | None = None
    autopay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProfile:
    customer_id: UUID
    customer_key: str
    profile: PaymentProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentProfileChanged:
    customer_id: UUID
    customer_key: str
    profile: PaymentProfile


def decide(current: PaymentProfile, command: ChangeProfile) -> list[PaymentProfileChanged]:
    wanted = command.profile
    for number, iban in enumerate(wanted.ibans):
        if not is_iban(iban):
            raise MalformedIban("not an IBAN: look at its check digits", field=f"/ibans/{number}")
    if wanted.method is not None and looks_like_a_card(wanted.method.token):
        raise CardNumberRefused("this could be the number of a card: send the provider's token", field="/method/token")
    if wanted.autopay and wanted.method is None:
        raise MethodMissing("nothing can be charged without a method", field="/method")
    if wanted == current:
        return []
    return [PaymentProfileChanged(customer_id=command.customer_id, customer_key=command.customer_key, profile=wanted)]


def is_iban(text: str) -> bool:
    """ISO 13616: the country and the check digits moved to the end, letters as 10 to 35, leave 1 when divided by 97."""
    if not _IBAN.fullmatch(text):
        return False
    return int("".join(str(int(character, 36)) for character in text[4:] + text[:4])) % 97 == 1


def looks_like_a_card(text: str) -> bool:
    """12 to 19 digits, whatever is written between them, whose last one checks the others (ISO/IEC 7812-1)."""
    written = re.sub(r"[\s.\-_/]", "", text)
    if not re.fullmatch(r"[0-9]{12,19}", written):
        return False
    doubled = (int(d) if place % 2 == 0 else sum(divmod(2 * int(d), 10)) for place, d in enumerate(reversed(written)))
    return sum(doubled) % 10 == 0


def evolve(_: PaymentProfile, event: PaymentProfileChanged) -> PaymentProfile:
    return event.profile


PAYMENT_PROFILE: Decider[PaymentProfile, ChangeProfile, PaymentProfileChanged] = Decider(
    "payment_profile", PaymentProfile(), decide, evolve, {"payment_profile_changed": PaymentProfileChanged}
)
