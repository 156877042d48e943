"""Tenants with something of everything, and the names under which a request finds it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from fastapi.testclient import TestClient

from infra.local.tokens import tenant_id
from services.billing.domain.autopay import AUTOPAY, Owed, RequestAttempt, ScheduleAutopay
from services.billing.domain.payment_profile import PaymentMethod
from services.billing.messaging.asking import unit_of
from services.billing.store import create_store
from shared.clock import real_now
from shared.ids import shown
from shared.messages import Message
from shared.money import Money
from shared.parked import park
from tests.integration.billing.shop import Shop
from tests.integration.entitlement.rights import Rights
from tests.integration.renewals.desk import Desk
from tests.integration.usage.backfill_desk import Desk as BackfillDesk
from tests.integration.usage.meter_room import METERS, START, Room, trip
from tests.support.house import Service, settle
from tests.support.moving_clock import move_clock

Names = dict[str, Any]
Stock = Callable[[Service, str], Names]


def billing(service: Service, tenant: str) -> Names:
    """A draft, and a sold subscription with its first invoice."""
    clerk = service.client(tenant)
    clerk.put("/v1/test-clock", json={"now": "2030-12-15T05:00:00Z"})
    sold = _sold(service, tenant, clerk)
    move_clock(service, clerk, datetime(2031, 1, 3, tzinfo=UTC))
    [invoice] = clerk.get("/v1/invoices").json()["items"]
    [period, *_] = clerk.get(f"/v1/subscriptions/{invoice['subscription_id']}/usage-periods").json()["items"]
    return {
        **_paid(clerk, invoice),
        **_owed_by_plan(clerk, invoice),
        "attempt_id": attempted(service, tenant, invoice),
        "refund_id": refund_of(clerk),
        "period_id": period["period_id"],
        **PUT,
        **sold,
        "subscription_id": invoice["subscription_id"],
        "invoice_id": invoice["invoice_id"],
        "invoice": invoice["number"],
    }


PUT = {
    "external_id": "F9",
    "place": "US-NY",
    "customer": "F9",
    "zone": "America/New_York",
    "currency": "USD",
    "plan": "gate-use",
    "code": "gate-use",
    "number": 1,
}


def _sold(service: Service, tenant: str, clerk: TestClient) -> Names:
    """A draft that stays one, a quote that is accepted, and a budget."""
    shop = Shop(service, tenant).open()
    assert clerk.put("/v1/products/gate-use", json={"name": "Gate use"}).status_code == 200
    assert clerk.put("/v1/coupons/gate-use", json={"name": "Welcome", "percent": "10"}).status_code == 200
    rates = {"rates": [{"code": "state", "rate": "0.08875", "from_on": "2030-01-01"}]}
    assert clerk.put("/v1/tax-rates/US-NY", json=rates).status_code == 200
    budget = {"amount_minor": 500_000, "reason": "agreed"}
    assert clerk.put("/v1/customers/F9/budgets/rd/2031", json=budget).status_code == 200
    draft = shop.draft()["quote_id"]
    token = shop.send(shop.draft()["quote_id"])["acceptance_token"]
    assert shop.accept(token).status_code == 201
    settle([service])
    return {"quote_id": draft, "token": token}


def _paid(clerk: TestClient, invoice: Names) -> Names:
    """In part, and ahead: by hand, from a wallet that tops itself up, and by a statement that names nothing."""
    ahead = {"customer": "F9", "amount_minor": 300, "currency": "USD"}
    ahead["allocations"] = [{"invoice": invoice["number"], "amount_minor": 100}]
    payment = clerk.post("/v1/payments", json=ahead).json()
    gift = {"customer": "F9", "name": "Welcome", "amount_minor": 100, "currency": "USD", "promotional": True}
    wallet = clerk.post("/v1/wallets", json=gift | {"reason": "welcome"}).json()
    rule = {"threshold_minor": 10, "amount_minor": 10, "most_in_month": 1, "limit_minor": 10, "reason": "asked"}
    assert clerk.put(f"/v1/wallets/{wallet['wallet_id']}/top-up", json=rule).status_code == 200
    statement = "statement,account,reference,booked_on,amount,currency\n2031-1,DE89,1,2031-01-02,5.00,USD\n"
    taken = clerk.post("/v1/bank-statements", content=statement, headers={"Content-Type": "text/csv"})
    assert taken.json()["unmatched"] == 1, taken.text
    [entry] = clerk.get("/v1/bank-statement-entries").json()["items"]
    return {"payment_id": payment["payment_id"], "wallet_id": wallet["wallet_id"], "entry_id": entry["entry_id"]}


def _owed_by_plan(clerk: TestClient, invoice: Names) -> Names:
    profile = {"method": {"provider": "test", "token": "tok_declined"}, "autopay": True}
    assert clerk.put("/v1/customers/F9/payment-profile", json=profile).status_code == 200
    owed = clerk.get(f"/v1/invoices/{invoice['invoice_id']}").json()["open_minor"]
    agreed = {"invoices": [invoice["number"]], "instalments": [{"due_on": "2031-02-01", "amount_minor": owed}]}
    agreement = clerk.post("/v1/payment-plans", json=agreed)
    assert agreement.status_code == 201, agreement.text
    return {"plan_id": agreement.json()["plan_id"], "open_minor": owed}


def refund_of(clerk: TestClient) -> str:
    """Of a payment that came by a provider, which is asked for it."""
    said = {"customer": "F9", "amount_minor": 50, "currency": "USD", "allocations": []}
    came = clerk.post("/v1/payments", json=said | {"provider": "test", "provider_reference": "ch_pending"}).json()
    back = clerk.post(f"/v1/payments/{came['payment_id']}/refunds", json={"amount_minor": 10, "reason": "asked"})
    assert back.status_code == 201, back.text
    [refund] = clerk.get("/v1/refunds").json()["items"]
    return str(refund["refund_id"])


def attempted(service: Service, tenant: str, invoice: dict[str, Any]) -> str:
    """An attempt to charge for the invoice, which is not due for weeks."""
    id_, at = UUID(invoice["invoice_id"].removeprefix("inv_")), datetime(2031, 1, 3, tzinfo=UTC)
    owed = Owed(
        invoice_id=id_,
        invoice=invoice["number"],
        subscription_id=UUID(invoice["subscription_id"].removeprefix("sub_")),
        customer_id=UUID(invoice["customer_id"].removeprefix("cus_")),
        customer_key="F9",
    )
    charge = RequestAttempt(
        amount=Money(invoice["open_minor"], "USD"), method=PaymentMethod(provider="test", token="tok_pending"), at=at
    )
    engine, store = service.background.relay.engine, create_store()
    with unit_of(engine, store, real_now, tenant_id(tenant), principal="test", key=id_) as unit:
        unit.execute(AUTOPAY, id_, ScheduleAutopay(owed=owed, attempts_at=(at,)))
        [requested] = unit.execute(AUTOPAY, id_, charge)
    return shown("apt", requested.attempt.key)


def usage(service: Service, tenant: str) -> Names:
    """Meters, one of them of levels, a period that counts events, and a backfill that would move it."""
    room = Room(service, tenant)
    of_levels = METERS["miles"] | {"aggregation": "latest"}
    assert room.client.put("/v1/meters/odometer", json=of_levels).status_code == 200
    room.opened("trips", "miles")
    room.move(START)
    room.metered(trip("1", origin="EWR", miles=3), trip("2", origin="JFK", miles="4.5"))
    period = room.period("trips")
    backfill = BackfillDesk(room)
    backfill.loaded(trip("3", origin="EWR"), trip("", origin="EWR"))
    backfill.previewed()
    names = {
        "backfill_id": backfill.state()["backfill_id"],
        "slug": "trips",
        "of_levels": "odometer",
        "meter": "trips",
        "event_type": "trip.ended",
        "source": "/cars",
        "id": "1",
    }
    return names | {"period_id": period["period_id"], "subscription_id": period["subscription_id"], "subject": "acme"}


def entitlement(service: Service, tenant: str) -> Names:
    """A right in its window, blocked by debts, and one that was never sold."""
    rights = Rights(service, tenant)
    sold = rights.sold("F9")
    sold.dunned("restrict", datetime(2013, 1, 3, tzinfo=UTC))
    rights.arrive()
    rights.move(datetime(2013, 1, 4, tzinfo=UTC))
    right = rights.entitlement("F9")
    return {
        "external_id": "F9",
        "place": "US-NY",
        "account": "F9",
        "features": ["gates", "lounges"],
        "entitlement_id": right["entitlement_id"],
        "subscription_id": right["subscription_id"],
    }


def renewals(service: Service, tenant: str) -> Names:
    """An opportunity that is open, and the policy that opened it."""
    desk = Desk(service, tenant)
    desk.sold("F9")
    desk.arrive()
    desk.move(datetime(2013, 11, 1, tzinfo=UTC))
    chance = desk.opportunity("F9")
    return {
        "code": "standard",
        "customer": "F9",
        "opportunity_id": chance["opportunity_id"],
        "subscription_id": chance["subscription_id"],
        "reason": "budget_lost",
    }


def with_parked_message(stock: Stock) -> Stock:
    """One that nobody could apply, for an operator to decide about."""

    def stocked(service: Service, tenant: str) -> Names:
        names, id_ = stock(service, tenant), uuid4()
        message = Message(
            id=id_,
            source="/billing/quote",
            type="billing.unheard_of.v1",
            subject=uuid4(),
            time=START,
            tenantid=tenant_id(tenant),
            sequence=1,
            correlationid="test",
        )
        with service.background.relay.engine.begin() as tx:
            park(tx, message, "nobody knows it", START)
        return names | {"parked": str(id_)}

    return stocked


STOCK = {stock.__name__: with_parked_message(stock) for stock in (billing, usage, entitlement, renewals)}
