"""Short ways to write prices and charges in tests."""

from __future__ import annotations

from typing import Any

import msgspec

from services.billing.domain.plan import Charge
from services.billing.domain.pricing.price import Price


def price(model: str, **parts: Any) -> Price:
    """A price from the form that it is stored and sent in."""
    return msgspec.convert({"model": model, **parts}, Price)


def per_unit(amount: str, **parts: Any) -> Price:
    return price("per_unit", unit_amount=amount, **parts)


def tiers(*steps: tuple[str | None, str] | tuple[str | None, str, str]) -> list[dict[str, str | None]]:
    """(up_to, unit amount, flat amount) each."""
    return [dict(zip(("up_to", "unit_amount", "flat_amount"), step, strict=False)) for step in steps]


def flat(code: str, amount: str, **parts: Any) -> Charge:
    return Charge(code=code, name=code, kind="flat", price=per_unit(amount), **parts)


def metered(code: str, of: Price, **parts: Any) -> Charge:
    return Charge(code=code, name=code, kind="metered", price=of, meter=code, **parts)
