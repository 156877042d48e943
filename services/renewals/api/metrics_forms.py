"""Metrics as they are shown: counts and minor amounts as integers, rates as text with four places, null where nothing
was due. By count and by value stand apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from services.renewals.domain.metrics import RenewalMetrics
from shared.money import Money

COUNT_RATES = (
    "resolution_rate",
    "close_rate",
    "renewal_rate",
    "on_time_rate",
    "late_rate",
    "logo_renewal_rate",
    "upsell_attach_rate",
    "cross_sell_attach_rate",
    "multi_year_rate",
)
VALUE_RATES = (
    "resolution_rate",
    "close_rate",
    "gross_conversion",
    "like_for_like_conversion",
    "net_conversion",
    "gross_renewal_rate_at_opportunity",
    "gross_renewal_rate_at_customer",
    "net_renewal_rate",
    "on_time_rate",
    "in_period_closed_rate",
    "list_uplift",
    "discount_rate",
    "realised_uplift",
    "uplift_consumed_by_discount",
    "upsell_rate",
    "cross_sell_rate",
    "multi_year_share",
    "cost_to_sell",
)


class Identity(BaseModel):
    """resolution x close x conversion = renewal rate, exact before rounding, and within one kind only.

    By count there is no conversion: the two factors alone give the rate."""

    resolution_rate: str | None
    close_rate: str | None
    gross_conversion: str | None = None
    net_conversion: str | None = None
    gross_renewal_rate: str | None = None
    net_renewal_rate: str | None = None
    renewal_rate: str | None = None


class MetricsOut(BaseModel):
    """`gross_renewal_rate` is capped by opportunity; what was superseded is in no other number than its own."""

    due_count: int
    due_base_minor: int
    resolved_count: int
    resolved_base_minor: int
    won_count: int
    won_base_minor: int
    on_time_count: int
    late_count: int
    lost_count: int
    lost_base_minor: int
    open_count: int
    open_base_minor: int
    superseded_count: int
    superseded_base_minor: int
    booked_minor: int
    gross_renewal_rate: str | None
    net_renewal_rate: str | None
    net_conversion: str | None
    by_count: dict[str, str | None]
    by_value: dict[str, str | None]
    identity_by_count: Identity
    identity_by_value: Identity
    amounts_minor: dict[str, int | None]
    bridge_minor: dict[str, int]


class RenewalMetricsOut(MetricsOut):
    as_of: datetime
    currency: str | None
    group_by: str | None
    groups: dict[str, MetricsOut]


_FATES = ("due", "resolved", "won", "lost", "open", "superseded")


def shown(metrics: RenewalMetrics) -> MetricsOut:
    counts, base = metrics.counts, metrics.values.base
    by_count, by_value = _rates(counts, COUNT_RATES), _rates(metrics.values, VALUE_RATES)
    return MetricsOut(
        **{f"{fate}_count": getattr(counts, fate) for fate in (*_FATES, "on_time", "late")},
        **{f"{fate}_base_minor": getattr(base, fate).minor for fate in _FATES},
        booked_minor=metrics.values.won.booked.minor,
        gross_renewal_rate=by_value["gross_renewal_rate_at_opportunity"],
        net_renewal_rate=by_value["net_renewal_rate"],
        net_conversion=by_value["net_conversion"],
        by_count=by_count,
        by_value=by_value,
        identity_by_count=_identity_by_count(by_count),
        identity_by_value=_identity_by_value(by_value),
        amounts_minor=_amounts(metrics),
        bridge_minor={name: amount.minor for name, amount in _moneys(metrics.bridge).items()},
    )


def _rates(source: Any, names: Sequence[str]) -> dict[str, str | None]:
    return {name: getattr(source, name).text for name in names}


def _identity_by_count(rates: dict[str, str | None]) -> Identity:
    return Identity(
        resolution_rate=rates["resolution_rate"], close_rate=rates["close_rate"], renewal_rate=rates["renewal_rate"]
    )


def _identity_by_value(rates: dict[str, str | None]) -> Identity:
    return Identity(
        resolution_rate=rates["resolution_rate"],
        close_rate=rates["close_rate"],
        gross_conversion=rates["gross_conversion"],
        net_conversion=rates["net_conversion"],
        gross_renewal_rate=rates["gross_renewal_rate_at_opportunity"],
        net_renewal_rate=rates["net_renewal_rate"],
    )


def _amounts(metrics: RenewalMetrics) -> dict[str, int | None]:
    values = metrics.values
    base = {f"{name}_base": amount.minor for name, amount in _moneys(values.base).items()}
    won = {name: amount.minor for name, amount in _moneys(values.won).items()}
    per_won = values.cost_per_won.minor if values.cost_per_won else None
    return {**base, **won, "cost": values.cost.minor, "cost_per_won": per_won}


def _moneys(source: Any) -> dict[str, Money]:
    return {each.name: getattr(source, each.name) for each in fields(source)}
