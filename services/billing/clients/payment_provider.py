"""The port to payment providers: what billing asks of one, and what it hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

from services.billing.domain.provider_charge import ProviderNews
from shared.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """`key` is the same when the request is repeated: the provider charges once for it."""

    key: UUID
    token: str
    amount: Money
    customer: str
    invoice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeAnswer:
    """`reference` is the provider's name for the charge; of a pending one a webhook tells the rest."""

    status: Literal["succeeded", "failed", "pending"]
    reference: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """`key` guards as that of a charge does, and comes back with what a webhook tells; `charge` is the provider's name for
    what is given back."""

    key: UUID
    charge: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAnswer:
    """`reference` is the provider's name for the refund; of a pending one a webhook tells the rest."""

    status: Literal["succeeded", "failed", "pending"]
    reference: str
    reason: str = ""


class ProviderAway(Exception):
    """What became of the request is not known: repeat it with the same key."""


class MalformedNews(Exception):
    """Not of the provider's documented form. `errors` name the fields."""

    def __init__(self, errors: list[Any]):
        super().__init__(f"{len(errors)} fields are wrong")
        self.errors = errors


class Charger(Protocol):
    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Raises ProviderAway."""

    def charge_status(self, request: ChargeRequest, reference: str) -> ChargeAnswer:
        """What has become by now of a charge that was pending. Raises ProviderAway."""


class Refunder(Protocol):
    def refund(self, request: RefundRequest) -> RefundAnswer:
        """Raises ProviderAway."""

    def refund_status(self, request: RefundRequest, reference: str) -> RefundAnswer:
        """What has become by now of a refund that was pending. Raises ProviderAway."""


class PaymentProvider(Charger, Refunder, Protocol):
    def read(self, told: Mapping[str, Any]) -> ProviderNews | None:
        """What a webhook says, in our words; None for what is of no interest. Raises MalformedNews."""
