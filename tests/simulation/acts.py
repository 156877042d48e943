"""What people do, each as the calls they make one after the other, with a pause wherever something may come between.

An act yields True after each call, and False where it has to wait for what the services do among themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from tests.simulation.world import World

Act = Callable[[World], Iterator[bool]]

METER = {
    "event_type": "api.call",
    "aggregation": "sum",
    "value": "$.calls",
    "group_by": {"region": "$.region"},
    "unit": "call",
}


def set_up(settings: dict[str, Any], policy: dict[str, Any], plan: dict[str, Any]) -> Act:
    def act(world: World) -> Iterator[bool]:
        world.call("billing", "PUT", "/v1/settings", settings)
        yield True
        world.call("renewals", "PUT", "/v1/policies/standard", policy)
        yield True
        world.call("usage", "PUT", "/v1/meters/calls", METER)
        yield True
        while not _knows_what_plans_name(world):
            yield False
        world.call("billing", "PUT", "/v1/plans/team", plan)

    return act


def _knows_what_plans_name(world: World) -> bool:
    """The API tells by a refusal only; the tables tell it without one."""
    billing = world.rooms["billing"]
    return bool(billing.rows("SELECT 1 FROM known_meters") and billing.rows("SELECT 1 FROM renewal_policies"))


def publish(plan: dict[str, Any]) -> Act:
    def act(world: World) -> Iterator[bool]:
        yield True
        world.call("billing", "PUT", "/v1/plans/team", plan)

    return act


def join(customer: str, zone: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        world.call("billing", "PUT", f"/v1/customers/{customer}", {"name": customer, "zone": zone, "currency": "EUR"})
        yield True

    return act


def buy(customer: str, starts_on: str, term_months: int, **more: Any) -> Act:
    def act(world: World) -> Iterator[bool]:
        line = {"plan": "team", "starts_on": starts_on, "term_months": term_months} | more
        quote = world.call("billing", "POST", "/v1/quotes", {"customer": customer, "lines": [line]})
        yield True
        yield from _accept(world, quote["quote_id"])

    return act


def charge_once(customer: str, amount: str, review_days: int) -> Act:
    """For something that no subscription has; a line of the draft is adjusted where there is a draft."""

    def act(world: World) -> Iterator[bool]:
        price = {"model": "per_unit", "unit_amount": amount}
        line = {"description": "Installation", "quantity": "2", "price": price, "tax_rates": ["0.19"]}
        asked = {"customer": customer, "lines": [line], "net_days": 5, "review_days": review_days, "reason": "ordered"}
        invoice = world.call("billing", "POST", "/v1/invoices", asked)
        yield True
        if review_days:
            path = f"/v1/invoices/{invoice['invoice_id']}/lines/1/adjust"
            world.call("billing", "POST", path, {"by_minor": -100, "reason": "goodwill"})

    return act


def renew(customer: str) -> Act:
    """Billing has drafted the quote, once it has heard that the opportunity is open."""

    def act(world: World) -> Iterator[bool]:
        wanted = {"customer": customer, "purpose": "renewal", "status": "draft"}
        while not (drafts := world.items("billing", "/v1/quotes", **wanted)):
            yield False
        yield True
        yield from _accept(world, drafts[0]["quote_id"])

    return act


def _accept(world: World, quote_id: str) -> Iterator[bool]:
    world.call("billing", "POST", f"/v1/quotes/{quote_id}/submit")
    yield True
    token = None
    while token is None:  # it is told once: who missed it sends again
        token = world.call("billing", "POST", f"/v1/quotes/{quote_id}/send")["acceptance_token"]
        yield True
    world.call("billing", "POST", "/v1/quote-acceptances", {"token": token, "name": "Ann Buyer"})


def lose(customer: str, reason: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        while not (found := world.items("renewals", "/v1/opportunities", customer=customer, state="open")):
            yield False
        yield True
        path = f"/v1/opportunities/{found[0]['opportunity_id']}/close-lost"
        world.call("renewals", "POST", path, {"reason": reason})

    return act


def migrate(customer: str, successor: str) -> Act:
    """The renewals service must have heard of the successor, too."""

    def act(world: World) -> Iterator[bool]:
        while not (found := world.items("renewals", "/v1/opportunities", customer=customer, state="open")):
            yield False
        yield True
        while not _undecided(world, successor):
            yield False
        path = f"/v1/opportunities/{found[0]['opportunity_id']}/close-lost"
        why = {"reason": "migrated_to_successor", "successor_customer": successor}
        world.call("renewals", "POST", path, why)

    return act


def open_early(customer: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        while not (found := _undecided(world, customer)):
            yield False
        yield True
        world.call("renewals", "POST", "/v1/opportunities", {"subscription_id": found[0]["subscription_id"]})

    return act


def _undecided(world: World, customer: str) -> list[dict[str, Any]]:
    states = ("tracked", "open")
    return [o for s in states for o in world.items("renewals", "/v1/opportunities", customer=customer, state=s)]


def stop_renewing(customer: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        subscription = yield from _subscription(world, customer)
        path = f"/v1/subscriptions/{subscription}/non-renewal"
        world.call("billing", "POST", path, {"reason": "budget_lost"})

    return act


def stay_after_all(customer: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        subscription = yield from _subscription(world, customer)
        world.call("billing", "POST", f"/v1/subscriptions/{subscription}/non-renewal/withdraw")

    return act


def amend(customer: str, **change: Any) -> Act:
    def act(world: World) -> Iterator[bool]:
        subscription = yield from _subscription(world, customer)
        world.call("billing", "POST", f"/v1/subscriptions/{subscription}/amendments", change)

    return act


def cancel(customer: str, **how: Any) -> Act:
    def act(world: World) -> Iterator[bool]:
        subscription = yield from _subscription(world, customer)
        why = {"reason": "budget_lost"} | how
        world.call("billing", "POST", f"/v1/subscriptions/{subscription}/cancellation", why)

    return act


def _subscription(world: World, customer: str) -> Any:
    while not (found := world.items("billing", "/v1/subscriptions", customer=customer)):
        yield False
    yield True
    return found[0]["subscription_id"]


def use(customer: str, events: list[dict[str, Any]]) -> Act:
    def act(world: World) -> Iterator[bool]:
        world.call("usage", "POST", "/v1/events", events)
        yield True

    return act


def use_at_the_end(customer: str, events: list[dict[str, Any]]) -> Act:
    """Who has cancelled uses nothing more before usage has heard of it: else the invoice is right only after a correction,
    which is another way to the same sum."""

    def act(world: World) -> Iterator[bool]:
        while not _usage_knows_the_end(world, customer):
            yield False
        world.call("usage", "POST", "/v1/events", events)
        yield True

    return act


def _usage_knows_the_end(world: World, customer: str) -> bool:
    ended = world.rooms["billing"].rows(_CANCELLED, customer=customer)
    periods = world.rooms["usage"].rows("SELECT subscription_id, ends_at FROM usage_periods")
    ends = {period.subscription_id: period.ends_at for period in sorted(periods, key=lambda each: each.ends_at)}
    day = timedelta(days=1)
    return all(each.subscription_id in ends and ends[each.subscription_id] <= each.at + day for each in ended)


_CANCELLED = """
SELECT s.subscription_id, e.occurred_at AS at FROM subscriptions s
JOIN events e ON e.tenant_id = s.tenant_id AND e.stream_id = s.subscription_id AND e.type = 'subscription_cancelled'
WHERE s.customer_key = %(customer)s"""


def use_late(customer: str, events: list[dict[str, Any]], until: date) -> Act:
    """The customer sees an invoice, and then reports what is missing on it: billing may not even know of the
    subscription yet."""

    def act(world: World) -> Iterator[bool]:
        query = "SELECT p.invoice_id FROM usage_periods p JOIN subscriptions s USING (tenant_id, subscription_id) "
        query += "WHERE s.customer_key = %(customer)s AND p.ends_on <= %(until)s"
        while not _all_billed(world.rooms["billing"].rows(query, customer=customer, until=until)):
            yield False
        world.call("usage", "POST", "/v1/events", events)
        yield True

    return act


def _all_billed(periods: Sequence[Any]) -> bool:
    return bool(periods) and all(period.invoice_id for period in periods)


def block(customer: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        right = yield from _right(world, customer)
        world.call("entitlement", "POST", f"/v1/entitlements/{right}/holds", {"hold": "fraud", "reason": "asked"})

    return act


def unblock(customer: str) -> Act:
    def act(world: World) -> Iterator[bool]:
        right = yield from _right(world, customer)
        world.call("entitlement", "POST", f"/v1/entitlements/{right}/holds/fraud/remove", {"reason": "answered"})

    return act


def _right(world: World, customer: str) -> Iterator[bool]:
    while not (found := world.items("entitlement", "/v1/entitlements", account=customer)):
        yield False
    yield True
    return found[0]["entitlement_id"]
