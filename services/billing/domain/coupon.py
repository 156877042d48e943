"""A coupon of the catalogue: a percentage or an amount off the invoices of a subscription."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid5

from services.billing.domain.invoicing.discounts import Reduction, ReductionUnclear, validate_reduction
from services.billing.domain.plan import NoPriceInCurrency
from services.billing.domain.pricing.limits import NotPositive, TooManyPlaces, non_negative
from shared.decider import Decider
from shared.errors import DomainError, NotFound
from shared.money import Money, exponent

MAX_INVOICES = 1200


class CouponNotFound(NotFound):
    pass


class CouponExpired(DomainError):
    """Nobody can be given it any more; who has it keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreedCoupon:
    """A coupon as it was when a customer agreed to it: `percent`, or `amount` in major units of the customer's currency.

    It takes something off the invoices of the first `invoices` billing periods of the term, None for all of them and those of
    later terms; of the listed charges, or of all. An amount is for all invoices of a period together.
    """

    code: str
    name: str
    percent: Decimal | None = None
    amount: Decimal | None = None
    invoices: int | None = None
    charges: tuple[str, ...] = ()

    @property
    def reduction(self) -> Reduction:
        return Reduction(id=self.code, percent=self.percent, amount=self.amount)

    def takes_off(self, charge: str) -> bool:
        return not self.charges or charge in self.charges


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledCoupon:
    """What a coupon of a term takes off one bill: its percentage, or `amount` in major units, what earlier bills of the same
    billing period left of it."""

    term_number: int
    code: str
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CappedCoupon:
    """What a bill with usage may still take by a coupon of a term, `amount` in major units: the rest went to later bills of the
    same billing period, whatever late usage comes to."""

    bill_id: UUID
    term_number: int
    code: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredCharge:
    """What a line of usage came to, before coupons."""

    term_number: int
    charge: str
    amount: Money


# Of bills that were issued, by the id of the bill; what is not listed is not known yet.
Metered = Mapping[UUID, Sequence[MeteredCharge]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """`amounts` in major units, by currency. `redeem_until` is the first day on which nobody can be given it any more."""

    code: str
    name: str
    percent: Decimal | None = None
    amounts: dict[str, Decimal] = field(default_factory=dict)
    invoices: int | None = None
    charges: tuple[str, ...] = ()
    redeem_until: date | None = None

    def agreed(self, currency: str, on: date, at: str) -> AgreedCoupon:
        """What a customer gets of it. Raises CouponExpired and NoPriceInCurrency, naming `at`."""
        if self.redeem_until is not None and on >= self.redeem_until:
            raise CouponExpired("this coupon has expired: leave it out", field=at)
        if self.percent is None and currency not in self.amounts:
            listed = ", ".join(sorted(self.amounts))
            raise NoPriceInCurrency(f"{self.code} takes off {listed}, not {currency}", field=at)
        return AgreedCoupon(
            code=self.code,
            name=self.name,
            percent=self.percent,
            amount=self.amounts.get(currency),
            invoices=self.invoices,
            charges=self.charges,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PutCoupon:
    coupon_id: UUID
    coupon: Coupon


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponChanged:
    coupon_id: UUID
    coupon: Coupon


def coupon_id(tenant_id: UUID, code: str) -> UUID:
    return uuid5(tenant_id, f"coupon:{code}")


def decide(current: Coupon | None, command: PutCoupon) -> list[CouponChanged]:
    if current == command.coupon:
        return []
    validate_coupon(command.coupon)
    return [CouponChanged(coupon_id=command.coupon_id, coupon=command.coupon)]


def validate_coupon(coupon: Coupon) -> None:
    """Raise a DomainError with the JSON pointer of the wrong field."""
    if (coupon.percent is None) != bool(coupon.amounts):
        raise ReductionUnclear("give either percent or amounts", field="/percent")
    if coupon.percent is not None:
        validate_reduction(Reduction(percent=coupon.percent), "")
    for currency, each in coupon.amounts.items():
        exponent(currency)
        non_negative(each, f"/amounts/{currency}")
        if Money.rounded(each, currency).major != each:
            raise TooManyPlaces(f"{currency} has fewer decimal places", field=f"/amounts/{currency}")
    if not (coupon.percent or any(coupon.amounts.values())):
        raise NotPositive("give more than zero", field="/percent" if coupon.percent is not None else "/amounts")
    if coupon.invoices is not None and not 1 <= coupon.invoices <= MAX_INVOICES:
        raise NotPositive(f"give 1 to {MAX_INVOICES} invoices, or null for all", field="/invoices")


def evolve(_: Coupon | None, event: CouponChanged) -> Coupon | None:
    return event.coupon


COUPON: Decider[Coupon | None, PutCoupon, CouponChanged] = Decider(
    "coupon", None, decide, evolve, {"coupon_changed": CouponChanged}
)
