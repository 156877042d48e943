"""What is sold, apart from how: plans of one product share its code."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid5

from shared.decider import Decider
from shared.errors import NotFound


class ProductNotFound(NotFound):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Prices that say nothing of tax, in plans that are published from then on, are of its `tax_category`."""

    code: str
    name: str
    description: str = ""
    tax_category: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutProduct:
    product_id: UUID
    product: Product


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductChanged:
    product_id: UUID
    product: Product


def product_id(tenant_id: UUID, code: str) -> UUID:
    return uuid5(tenant_id, f"product:{code}")


def decide(current: Product | None, command: PutProduct) -> list[ProductChanged]:
    if current == command.product:
        return []
    return [ProductChanged(product_id=command.product_id, product=command.product)]


def evolve(_: Product | None, event: ProductChanged) -> Product | None:
    return event.product


PRODUCT: Decider[Product | None, PutProduct, ProductChanged] = Decider(
    "product", None, decide, evolve, {"product_changed": ProductChanged}
)
