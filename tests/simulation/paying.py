"""What people do about invoices: the same amounts as in the calm world, however many invoices a day's charges came in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.simulation.acts import Act, amend
from tests.simulation.world import World


def pay(name: str, customer: str, percent: int = 100) -> Act:
    """What was asked for by this day in the calm world is paid here, too, as soon as it is asked for."""

    def act(world: World) -> Iterator[bool]:
        expected = world.book.setdefault(name, _shares(_issued(world, customer), "open_minor", percent))
        yield True
        while any(expected.values()):
            due = [i for i in _issued(world, customer) if i["open_minor"] and expected.get(i["issued_on"])]
            for invoice in due:
                amount = min(invoice["open_minor"], expected[invoice["issued_on"]])
                if amount:
                    payment = {"invoice": invoice["number"], "amount_minor": amount, "currency": "EUR"}
                    world.call("billing", "POST", "/v1/payments", payment)
                    expected = expected | {invoice["issued_on"]: expected[invoice["issued_on"]] - amount}
                    yield True
            if not due:
                yield False

    return act


def pay_and_amend(name: str, customer: str, **change: Any) -> Act:
    """Who owes for long is refused; when dunning hears of what, is not the same in every order."""

    def act(world: World) -> Iterator[bool]:
        yield from pay(name, customer)(world)
        yield from amend(customer, **change)(world)

    return act


def charge_back(customer: str) -> Act:
    """The bank takes back whatever the customer had paid."""

    def act(world: World) -> Iterator[bool]:
        for payment in world.items("billing", "/v1/payments", customer=customer):
            path = f"/v1/payments/{payment['payment_id']}/chargebacks"
            world.call("billing", "POST", path, {"reference": payment["payment_id"], "reason": "disputed"})
            yield True

    return act


def credit(name: str, customer: str) -> Act:
    """The first invoices are taken back, once they are what they are in the calm world."""

    def act(world: World) -> Iterator[bool]:
        first = dict(sorted(_shares(_issued(world, customer), "total_minor").items())[:1])
        expected = world.book.setdefault(name, first)
        yield True
        while any(
            _shares(_issued(world, customer), "total_minor").get(day) != total for day, total in expected.items()
        ):
            yield False
        for invoice in [i for i in _issued(world, customer) if i["issued_on"] in expected]:
            path = f"/v1/invoices/{invoice['invoice_id']}/credit-notes"
            world.call("billing", "POST", path, {"reason": "goodwill"})
            yield True

    return act


def _issued(world: World, customer: str) -> list[dict[str, Any]]:
    return world.items("billing", "/v1/invoices", customer=customer, status="issued")


def _shares(invoices: list[dict[str, Any]], amount: str, percent: int = 100) -> dict[str, int]:
    totals: dict[str, int] = {}
    for invoice in invoices:
        totals[invoice["issued_on"]] = totals.get(invoice["issued_on"], 0) + invoice[amount]
    return {day: total * percent // 100 for day, total in totals.items()}
