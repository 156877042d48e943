"""A plan of the catalogue: published in versions that never change, and only with meters and policies that exist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID, uuid5

from services.billing.domain.plan import Charge, MinimumCommitment, PlanVersion
from services.billing.domain.plan_validation import validate_plan
from services.billing.domain.taxation.listed import check_listed
from shared.decider import Decider
from shared.errors import DomainError, NotFound

Priced = TypeVar("Priced", Charge, MinimumCommitment)


class PlanNotFound(NotFound):
    pass


class UnknownMeter(DomainError):
    """Usage has not told us of such a meter."""


class UnknownGroup(DomainError):
    """The meter does not tell its quantities apart by this."""


class UnknownRenewalPolicy(DomainError):
    """Renewals has not told us of such a policy."""


class UnknownProduct(DomainError):
    """The catalogue has no such product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """The version of `plan` is given by the decision. `meters` are those that are known, each with its groups, and
    `products` each with its tax category; `tax_categories` are those that some place lists."""

    plan_id: UUID
    plan: PlanVersion
    meters: dict[str, tuple[str, ...]]
    policies: tuple[str, ...]
    products: Mapping[str, str | None] = field(default_factory=dict)
    tax_categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPublished:
    plan_id: UUID
    plan: PlanVersion


def plan_id(tenant_id: UUID, code: str) -> UUID:
    """One plan for one code, so that putting it twice makes no second one."""
    return uuid5(tenant_id, f"plan:{code}")


def decide(current: PlanVersion | None, command: PublishPlan) -> list[PlanPublished]:
    wanted = _taxed_like(command.plan, command.products.get(command.plan.product or ""))
    if current is not None and current == replace(wanted, version=current.version):
        return []
    plan = replace(wanted, version=1 if current is None else current.version + 1)
    validate_plan(plan)
    for charge, at in _metered(plan):
        _check_meter(charge, command.meters, at)
    if plan.renewal_policy is not None and plan.renewal_policy not in command.policies:
        raise UnknownRenewalPolicy("name a policy that renewals has published", field="/renewal_policy")
    if plan.product is not None and plan.product not in command.products:
        raise UnknownProduct("put the product first", field="/product")
    for category, at in _tax_categories(plan):
        check_listed(category, command.tax_categories, f"{at}/tax_category")
    return [PlanPublished(plan_id=command.plan_id, plan=plan)]


def _taxed_like(plan: PlanVersion, category: str | None) -> PlanVersion:
    """What says nothing of tax is of the category of the product."""
    if category is None:
        return plan
    channels = {channel: _lists_of(prices, category) for channel, prices in plan.channel_prices.items()}
    minimums = {currency: _of(minimum, category) for currency, minimum in plan.minimums.items()}
    return replace(plan, prices=_lists_of(plan.prices, category), channel_prices=channels, minimums=minimums)


def _lists_of(prices: Mapping[str, tuple[Charge, ...]], category: str) -> dict[str, tuple[Charge, ...]]:
    return {currency: tuple(_of(charge, category) for charge in charges) for currency, charges in prices.items()}


def _of(priced: Priced, category: str) -> Priced:
    return replace(priced, tax_category=category) if not (priced.tax_category or priced.tax_rates) else priced


def _tax_categories(plan: PlanVersion) -> Iterator[tuple[str | None, str]]:
    for at, _, charges in plan.lists:
        yield from ((charge.tax_category, f"{at}/{index}") for index, charge in enumerate(charges))
    for currency, minimum in plan.minimums.items():
        yield minimum.tax_category, f"/minimums/{currency}"


def _metered(plan: PlanVersion) -> Iterator[tuple[Charge, str]]:
    for at, _, charges in plan.lists:
        for index, charge in enumerate(charges):
            if charge.kind == "metered" and charge.outcome is None:
                yield charge, f"{at}/{index}"


def _check_meter(charge: Charge, meters: dict[str, tuple[str, ...]], at: str) -> None:
    if charge.meter not in meters:
        raise UnknownMeter("name a meter that usage has defined", field=f"{at}/meter")
    for index, group in enumerate(charge.group_by):
        if group not in meters[charge.meter]:
            groups = ", ".join(meters[charge.meter]) or "no groups"
            raise UnknownGroup(f"the meter has {groups}", field=f"{at}/group_by/{index}")


def evolve(_: PlanVersion | None, event: PlanPublished) -> PlanVersion | None:
    return event.plan


PLAN: Decider[PlanVersion | None, PublishPlan, PlanPublished] = Decider(
    "plan", None, decide, evolve, {"plan_published": PlanPublished}
)
