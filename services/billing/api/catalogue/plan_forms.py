"""Plans as they are sent and answered: prices in the documented form, amounts as decimal strings in major units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator

from services.billing.api.catalogue.progressive_forms import ProgressiveForm, progressive_form
from services.billing.domain.included_credit import IncludedCredit
from services.billing.domain.invoicing.tax import plain_rate
from services.billing.domain.late_usage import LateUsagePolicy
from services.billing.domain.outcome import OutcomeSource
from services.billing.domain.plan import Charge, ChargeKind, MinimumCommitment, PlanVersion, RevenueClass, TrueUp
from services.billing.domain.pricing.filtered import FilteredPrice
from services.billing.domain.pricing.limits import TooManyPlaces, non_negative
from services.billing.domain.pricing.price import Price
from services.billing.domain.proration import ProrationPolicy
from shared.errors import DomainError
from shared.ids import prefixed
from shared.money import Money
from shared.periods import Every

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:@-]{1,100}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Limit = Annotated[int, Field(strict=True, lt=10**15)]
# Of the end of a trial.
ReminderDays = Annotated[int, Field(strict=True, ge=3, le=21)]
# 0.190 is taken as 0.19: tax is summed by the text.
Rate = Annotated[str, AfterValidator(plain_rate)]
Rates = Annotated[tuple[Rate, ...], Field(max_length=20)]

SIXTY_DAYS_IN_SECONDS = 60 * 86_400
_BY_CURRENCY = ("prices", "channel_prices", "minimums", "progressive", "progressive_billing")


class FloatingAmount(DomainError):
    """A JSON number with a point may be rounded on its way to us; a string is not."""


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ExactForm(Form):
    """Without numbers that were rounded on their way."""

    @model_validator(mode="before")
    @classmethod
    def without_floats(cls, sent: Any) -> Any:
        refuse_floats(sent, "")
        return sent


class ChargeForm(Form):
    code: Code
    name: Name
    kind: ChargeKind
    price: Price
    every: Every | None = None
    in_advance: StrictBool = False
    meter: Code | None = None
    group_by: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    tax_rates: Rates = ()
    revenue_class: RevenueClass | None = None
    filtered_prices: Annotated[tuple[FilteredPrice, ...], Field(max_length=500)] = ()
    unit_cost: Decimal | None = None
    high_water: StrictBool = False
    tax_category: Code | None = None
    includes: IncludedCredit | None = None
    outcome: OutcomeSource | None = None

    def charge(self) -> Charge:
        return Charge(**{field.name: getattr(self, field.name) for field in fields(Charge)})


ChargeForms = Annotated[list[ChargeForm], Field(max_length=500)]


class MinimumForm(Form):
    """`amount` in major units of the currency it is listed under, for a full billing period, or for a full term, whatever its
    length, as `true_up` says."""

    code: Code
    name: Name
    amount: Decimal
    tax_rates: Rates = ()
    tax_category: Code | None = None
    true_up: TrueUp = "period"

    def minimum(self, currency: str) -> MinimumCommitment:
        field = f"/minimums/{currency}/amount"
        non_negative(self.amount, field)
        amount = Money.rounded(self.amount, currency)
        if amount.major != self.amount:
            raise TooManyPlaces(f"{currency} has fewer decimal places", field=field)
        said = {field.name: getattr(self, field.name) for field in fields(MinimumCommitment)}
        return MinimumCommitment(**said | {"amount": amount})


class PlanForm(ExactForm):
    name: Name
    prices: dict[str, ChargeForms]
    every: Every
    calendar: StrictBool = False
    term_months: StrictInt
    net_days: Annotated[int, Field(strict=True, le=3650)]
    collect_seconds: Annotated[int, Field(strict=True, le=SIXTY_DAYS_IN_SECONDS)] = 3600
    review_days: Annotated[int, Field(strict=True, le=365)] = 0
    renewal_policy: Code | None = None
    product: Code | None = None
    proration: ProrationPolicy = "days"
    late_usage: LateUsagePolicy = "correct"
    late_usage_days: Annotated[int, Field(strict=True, le=3650)] | None = None
    estimate_after_days: Annotated[int, Field(strict=True, le=365)] | None = None
    trial_days: Annotated[int, Field(strict=True, le=365)] = 0
    trial_converts: StrictBool = True
    trial_reminder_days: ReminderDays | None = None
    minimums: dict[str, MinimumForm] = Field(default_factory=dict)
    features: Annotated[dict[Code, Limit | None], Field(max_length=200)] = Field(default_factory=dict)
    channel_prices: Annotated[dict[Code, dict[str, ChargeForms]], Field(max_length=100)] = Field(default_factory=dict)
    tax_inclusive: StrictBool = False
    progressive_billing: Annotated[dict[str, ProgressiveForm], Field(max_length=100)] = Field(default_factory=dict)

    def plan(self, code: str) -> PlanVersion:
        """What the form says, as version 1; the catalogue numbers it."""
        plain = {name: getattr(self, name) for name in type(self).model_fields if name not in _BY_CURRENCY}
        return PlanVersion(
            code=code,
            version=1,
            prices=_charges(self.prices),
            channel_prices={channel: _charges(prices) for channel, prices in self.channel_prices.items()},
            minimums={currency: form.minimum(currency) for currency, form in self.minimums.items()},
            progressive={
                currency: form.progressive(currency, f"/progressive_billing/{currency}")
                for currency, form in self.progressive_billing.items()
            },
            **plain,
        )


class PlanAnswer(PlanForm):
    plan_id: Annotated[UUID, prefixed("pln")]
    code: str
    version: int


def refuse_floats(sent: Any, at: str) -> None:
    match sent:
        case float():
            raise FloatingAmount('give amounts as decimal strings, such as "0.0375"', field=at)
        case dict():
            for name, value in sent.items():
                refuse_floats(value, f"{at}/{name}")
        case list():
            for index, value in enumerate(sent):
                refuse_floats(value, f"{at}/{index}")


def answered(plan_id: UUID, plan: PlanVersion) -> PlanAnswer:
    minimums = {currency: minimum_form(minimum) for currency, minimum in plan.minimums.items()}
    plain = {field.name: getattr(plan, field.name) for field in fields(plan) if field.name not in _BY_CURRENCY}
    channels = {channel: _charge_forms(prices) for channel, prices in plan.channel_prices.items()}
    return PlanAnswer(
        plan_id=plan_id,
        prices=_charge_forms(plan.prices),
        channel_prices=channels,
        minimums=minimums,
        progressive_billing={currency: progressive_form(each) for currency, each in plan.progressive.items()},
        **plain,
    )


def _charges(prices: Mapping[str, Sequence[ChargeForm]]) -> dict[str, tuple[Charge, ...]]:
    return {currency: tuple(form.charge() for form in forms) for currency, forms in prices.items()}


def _charge_forms(prices: Mapping[str, Sequence[Charge]]) -> dict[str, list[ChargeForm]]:
    return {currency: [charge_form(charge) for charge in charges] for currency, charges in prices.items()}


def charge_form(charge: Charge) -> ChargeForm:
    return ChargeForm(**{field.name: getattr(charge, field.name) for field in fields(charge)})


def minimum_form(minimum: MinimumCommitment) -> MinimumForm:
    said = {field.name: getattr(minimum, field.name) for field in fields(minimum)}
    return MinimumForm(**said | {"amount": minimum.amount.major})
