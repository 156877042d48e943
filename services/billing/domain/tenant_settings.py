"""Who bills: the tenant's legal entity, its defaults, and the series its invoices are numbered in."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.billing.domain.invoicing.tax import TaxPolicy
from services.billing.domain.late_fee import NO_LATE_FEE, LateFeePolicy
from services.billing.domain.payment_profile import UnappliedCash
from services.billing.domain.quote.approval import DEFAULT_APPROVAL, ApprovalMatrix, validate_matrix
from services.billing.domain.taxation.tax_place import validate_place
from shared.decider import Decider
from shared.errors import DomainError
from shared.money import exponent
from shared.periods import zone


class MalformedSeries(DomainError):
    """A series is 1 to 20 capital letters, digits or hyphens."""


class MalformedSchedule(DomainError):
    """Days after the due day are counted upwards."""


class MalformedBound(DomainError):
    """No total is below a bound of less than nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSettings:
    """`unapplied_cash` is held until somebody says what it pays, or applied to each invoice when it is issued; a customer's
    payment profile may say otherwise. `autopay_retry_days` are counted from the due day. No quote is submitted without the
    `required_clauses`. `invoice_bounds` are the highest totals, by currency in minor units, that are issued without a
    person; where there is none, all are. Customers whose place is not known are taxed as in `tax_place`; tax is rounded once
    per rate, or on each line."""

    legal_entity: str = "default"
    currency: str = "EUR"
    zone: str = "UTC"
    invoice_series: str = "INV"
    unapplied_cash: UnappliedCash = "hold"
    autopay_retry_days: tuple[int, ...] = (3, 5, 7)
    late_fee: LateFeePolicy = NO_LATE_FEE
    approval: ApprovalMatrix = DEFAULT_APPROVAL
    required_clauses: tuple[str, ...] = ()
    invoice_bounds: dict[str, int] = field(default_factory=dict)
    tax_place: str = ""
    tax_rounding: TaxPolicy = "tax_per_rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSettings:
    settings: TenantSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged:
    settings: TenantSettings


def decide(current: TenantSettings, command: ChangeSettings) -> list[SettingsChanged]:
    wanted = command.settings
    exponent(wanted.currency)
    zone(wanted.zone)
    series = wanted.invoice_series
    if not (
        0 < len(series) <= 20 and series.isascii() and series.replace("-", "").isalnum() and series == series.upper()
    ):
        raise MalformedSeries("1 to 20 capital letters, digits or hyphens", field="/invoice_series")
    days = wanted.autopay_retry_days
    if list(days) != sorted(set(days)) or any(not 0 < day <= 60 for day in days) or len(days) > 10:
        raise MalformedSchedule("at most 10 days from 1 to 60, in order", field="/autopay_retry_days")
    validate_place(wanted.tax_place, "/tax_place")
    validate_matrix(wanted.approval, "/approval")
    for currency, bound in wanted.invoice_bounds.items():
        exponent(currency)
        if bound < 0:
            raise MalformedBound("a bound is not below zero", field="/invoice_bounds")
    return [] if wanted == current else [SettingsChanged(settings=wanted)]


def evolve(_: TenantSettings, event: SettingsChanged) -> TenantSettings:
    return event.settings


TENANT_SETTINGS: Decider[TenantSettings, ChangeSettings, SettingsChanged] = Decider(
    "tenant_settings", TenantSettings(), decide, evolve, {"settings_changed": SettingsChanged}
)
