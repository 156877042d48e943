"""What goes on with a stocked tenant until every read model of the service has something to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.integration.billing.shop import CUSTOMER, FEE, PLAN, SHARE, Shop
from tests.integration.entitlement.rights import Rights, a_year
from tests.integration.renewals.desk import Desk
from tests.integration.stocked import STOCK
from tests.integration.usage.backfill_desk import Desk as BackfillDesk
from tests.integration.usage.meter_room import END, Room, trip
from tests.support.billing_news import local
from tests.support.house import Service
from tests.support.moving_clock import move_clock
from tests.support.waiting import eventually


def billing(service: Service, tenant: str) -> None:
    """The fee is paid in part and reminded of, January's usage is billed and then corrected in both directions, February's
    is waited for. The books of January are closed. A share of renewals is sold, and one is won. Another customer has one
    invoice for two contracts."""
    names = STOCK["billing"](service, tenant)
    shop = Shop(service, tenant)
    shared = PLAN | {"minimums": {}, "prices": {"USD": [SHARE]}}
    assert shop.rita.put("/v1/plans/share", json=shared).status_code == 200
    sold = shop.send(shop.draft(plan="share", starts_on="2031-02-01")["quote_id"])
    assert shop.accept(sold["acceptance_token"]).status_code == 201
    shop.hear_of_won_renewal()
    _two_contracts_on_one_invoice(shop)
    paid = {"invoice": names["invoice"], "amount_minor": 100, "currency": "USD"}
    assert shop.rita.post("/v1/payments", json=paid).status_code == 201
    move_clock(service, shop.rita, datetime(2031, 2, 2, tzinfo=UTC))
    periods = shop.rita.get(f"/v1/subscriptions/{names['subscription_id']}/usage-periods").json()["items"]
    [january] = [period for period in periods if period["starts_on"] == "2031-01-01"]
    shop.hear_of_usage(january["period_id"], names["subscription_id"], 400)
    eventually(lambda: service.step() >= 0 and len(shop.rita.get("/v1/invoices").json()["items"]) == 2)
    shop.hear_of_late_usage(january["period_id"], names["subscription_id"], 500)
    shop.hear_of_late_usage(january["period_id"], names["subscription_id"], 450, revision=2)
    shop.hear_of_late_usage(january["period_id"], names["subscription_id"], 350, revision=3)
    eventually(lambda: service.step() >= 0 and len(shop.rita.get("/v1/corrections").json()["items"]) == 3)
    assert shop.rita.post("/v1/accounting-periods/2031-01/close").status_code == 200
    move_clock(service, shop.rita, datetime(2031, 3, 2, tzinfo=UTC))


def _two_contracts_on_one_invoice(shop: Shop) -> None:
    flat = PLAN | {"minimums": {}, "prices": {"USD": [FEE]}}
    assert shop.rita.put("/v1/plans/flat", json=flat).status_code == 200
    facts = {"size_band": "micro", "industry": "air", "tier": "gold"}
    twin = CUSTOMER | facts | {"invoicing": {"mode": "consolidated", "effective_on": "2031-02-03"}}
    assert shop.rita.put("/v1/customers/twin", json=twin).status_code == 200
    line = {"plan": "flat", "starts_on": "2031-02-10"}
    drafted = shop.rita.post("/v1/quotes", json={"customer": "twin", "lines": [line, line]})
    assert drafted.status_code == 201, drafted.text
    sent = shop.send(drafted.json()["quote_id"])
    assert shop.accept(sent["acceptance_token"]).status_code == 201


def usage(service: Service, tenant: str) -> None:
    """A period is watched and closes, an event comes late, and more of them in a backfill; another one is discarded."""
    room = Room(service, tenant)
    room.opened("trips", "miles", "cars")
    watched = {"of": "4", "percents": ["50", "100"]}
    assert room.client.put(f"{room.path('miles')}/thresholds", json=watched).status_code == 200
    room.metered(trip("1", origin="EWR", miles=3, car="N1"))
    room.move(END)
    room.metered(trip("2", at=END - timedelta(hours=1), origin="EWR", miles=1, car="N2"))
    history, mistake = BackfillDesk(room), BackfillDesk(room, "mistake")
    history.loaded(trip("3", origin="EWR", miles=1, car="N3"))
    history.committed()
    assert mistake.post("discard", reason="the wrong year").status_code == 200


def entitlement(service: Service, tenant: str) -> None:
    a_year(Rights(service, tenant))


def renewals(service: Service, tenant: str) -> None:
    """Two opportunities: one is won, the other one lost."""
    desk = Desk(service, tenant)
    winner = desk.sold("F9")
    desk.sold("OO")
    desk.arrive()
    desk.move(local("2013-12-01"))
    desk.drafted(winner, local("2013-12-01"))
    desk.accepted(winner, local("2013-12-10"), "2013-12-10")
    desk.arrive()
    assert desk.close("OO", reason="budget_lost").status_code == 200


STORIES = {"billing": billing, "usage": usage, "entitlement": entitlement, "renewals": renewals}
