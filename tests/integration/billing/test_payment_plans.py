"""Payment plans through the API: instalments, what they hold up, and what happens when one is missed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def till(billing: Service, tenant: str) -> Till:
    return Till(billing, tenant)


def instalments(*parts: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"due_on": f"2013-{day}", "amount_minor": minor} for day, minor in parts]


THIRDS = instalments(("01-25", 50_000), ("02-25", 50_000), ("03-25", 50_000))


def agreed(till: Till, **said: Any) -> dict[str, Any]:
    return till.post("/v1/payment-plans", **({"invoices": ["INV-000001"], "instalments": THIRDS} | said))


def plan(till: Till) -> dict[str, Any]:
    [found] = till.client.get("/v1/payment-plans").json()["items"]
    return dict(found)


def left(told: dict[str, Any]) -> list[int]:
    return [each["open_minor"] for each in told["instalments"]]


def test_a_missed_instalment_breaks_the_plan_and_dunning_goes_on_where_it_stopped(till: Till) -> None:
    till.until("2013-01-18T17:00:00+00:00")
    assert till.step() == "reminded"
    made = agreed(till)
    assert (made["status"], made["open_minor"], left(made)) == ("standing", OWED, [50_000] * 3)
    assert till.invoice()["payment_plan_id"] == made["plan_id"]
    till.pay(50_000)
    till.until("2013-02-10T17:00:00+00:00")
    paid = till.pay(OWED + 20_000)  # February's invoice is due before February's instalment
    assert [(a["invoice"], a["amount_minor"]) for a in paid["allocations"]] == [
        ("INV-000001", 20_000),
        ("INV-000002", OWED),
    ]
    assert left(plan(till)) == [0, 30_000, 50_000]
    till.until("2013-02-28T17:00:00+00:00")
    assert (plan(till)["status"], till.step()) == ("standing", "reminded")
    till.until("2013-03-01T17:00:00+00:00")
    over = plan(till)
    assert (over["status"], over["ending"]["missing_minor"], over["ending"]["ended_on"]) == (
        "broken",
        30_000,
        "2013-03-01",
    )
    assert till.invoice()["payment_plan_id"] is None
    till.until("2013-03-05T17:00:00+00:00")
    assert till.step() == "reminded"
    till.until("2013-03-06T17:00:00+00:00")  # 7 days after the due day, and the 42 that the plan stood
    assert till.step() == "warned"
    till.check_books()


def test_who_pays_early_has_kept_the_plan_and_two_payments_at_once_are_both_counted(till: Till) -> None:
    till.until("2013-01-18T17:00:00+00:00")
    agreed(till, restores_service=True)
    assert till.step() == "clear"
    with ThreadPoolExecutor(2) as threads:
        said = {"customer": "vx", "currency": "USD", "amount_minor": 50_000}
        answers = list(threads.map(lambda _: till.client.post("/v1/payments", json=said), range(2)))
    taken = sum(answer.status_code == 201 for answer in answers)
    assert {answer.status_code for answer in answers} <= {201, 409} and taken
    assert left(plan(till)) == [0] * taken + [50_000] * (3 - taken)
    till.pay(50_000 * (3 - taken))
    settle([till.billing])
    over = plan(till)
    assert (over["status"], left(over), over["ending"]["ended_on"]) == ("kept", [0, 0, 0], "2013-01-18")
    assert (till.invoice()["status"], till.invoice()["payment_plan_id"], till.step()) == ("paid", None, "clear")
    till.check_books()


def test_what_is_credited_takes_the_plan_down_and_what_is_void_ends_it(till: Till) -> None:
    till.until("2013-02-10T17:00:00+00:00")
    both = instalments(("02-25", 100_000), ("03-25", 200_000))
    made = agreed(till, invoices=["INV-000002", "INV-000001"], instalments=both)
    assert [each["number"] for each in made["invoices"]] == ["INV-000001", "INV-000002"]
    till.post(f"/v1/invoices/{till.invoice(1)['invoice_id']}/credit-notes", reason="goodwill")
    settle([till.billing])
    standing = plan(till)
    assert (standing["status"], [each["due_minor"] for each in standing["instalments"]]) == (
        "standing",
        [100_000, 50_000],
    )
    till.post(f"/v1/invoices/{till.invoice(2)['invoice_id']}/void", reason="wrong")
    settle([till.billing])
    assert (plan(till)["status"], left(plan(till))) == ("kept", [0, 0])
    till.check_books()


def test_what_is_paid_by_a_plan_is_not_charged_at_once_and_has_no_late_fee(till: Till) -> None:
    assert till.client.put("/v1/settings", json={"late_fee": {"percent": "1.5", "days": 7}}).status_code == 200
    profile = {"method": {"provider": "test", "token": "tok_visa"}, "autopay": True}
    assert till.client.put("/v1/customers/vx/payment-profile", json=profile).status_code == 200
    till.until("2013-01-10T17:00:00+00:00")
    agreed(till)
    till.until("2013-01-20T17:00:00+00:00")
    assert till.client.get("/v1/autopay-attempts").json()["items"] == []
    till.pay(50_000)
    till.until("2013-02-02T17:00:00+00:00")
    assert [line["revenue_class"] for line in till.invoice(2)["lines"]] == ["new"]


def test_a_plan_is_refused_withdrawn_and_made_again(till: Till) -> None:
    till.until("2013-01-10T17:00:00+00:00")
    made = agreed(till)
    path, body = "/v1/payment-plans", {"invoices": ["INV-000001"], "instalments": THIRDS}
    assert till.refused(path, **body) == (409, "under_another_plan", "/invoices")
    wrong = body | {"instalments": THIRDS[:2]}
    assert till.refused(path, **wrong) == (422, "plan_refused", "/instalments")
    assert till.refused(path, **body | {"invoices": ["INV-000001"] * 2}) == (422, "plan_refused", "/invoices/1")
    assert till.refused(path, **body | {"invoices": ["INV-9"]}) == (404, "invoice_not_found", "/invoices/0")
    withdrawn = till.post(f"{path}/{made['plan_id']}/withdraw", reason="they pay at once")
    assert (withdrawn["status"], withdrawn["ending"]["reason"]) == ("withdrawn", "they pay at once")
    assert agreed(till)["status"] == "standing"
    listed = till.client.get(path, params={"invoice_id": till.invoice()["invoice_id"]}).json()["items"]
    assert sorted(each["status"] for each in listed) == ["standing", "withdrawn"]
    till.check_books()


def charged_by(till: Till, token: str) -> None:
    profile = {"method": {"provider": "test", "token": token}, "autopay": True}
    assert till.client.put("/v1/customers/vx/payment-profile", json=profile).status_code == 200


def test_instalments_are_charged_on_their_days_and_one_that_fails_breaks_the_plan(till: Till) -> None:
    till.until("2013-01-18T17:00:00+00:00")
    asked = {"invoices": ["INV-000001"], "instalments": THIRDS, "autopay": True}
    assert till.refused("/v1/payment-plans", **asked) == (422, "method_missing", "/autopay")
    charged_by(till, "tok_visa")
    assert agreed(till, autopay=True)["autopay"]
    till.until("2013-01-25T05:00:01+00:00")
    assert left(plan(till)) == [0, 50_000, 50_000]
    [paid] = till.payments(invoice_id=till.invoice()["invoice_id"])
    assert (paid["amount_minor"], paid["unapplied_minor"]) == (50_000, 0)

    till.until("2013-02-20T17:00:00+00:00")
    assert (till.invoice(2)["status"], till.invoice()["open_minor"]) == ("paid", 100_000)
    charged_by(till, "tok_declined")
    for day in (25, 28):
        till.until(f"2013-02-{day}T17:00:00+00:00")
    listed = till.client.get("/v1/autopay-attempts").json()["items"]
    of_plan = [a for a in listed if a["payment_plan_id"] == plan(till)["plan_id"]]
    tried = sorted((a["number"], a["status"], a["amount_minor"]) for a in of_plan)
    assert tried == [(1, "succeeded", 50_000), (2, "failed", 50_000), (3, "failed", 50_000)]
    assert plan(till)["status"] == "standing"
    till.until("2013-04-10T17:00:00+00:00")
    over = plan(till)
    assert (over["status"], over["ending"]["ended_on"], over["ending"]["missing_minor"]) == (
        "broken",
        "2013-03-01",
        50_000,
    )
    attempts = till.client.get("/v1/autopay-attempts").json()["items"]
    assert len([a for a in attempts if a["invoice"] == "INV-000001"]) == 3
    till.check_books()
