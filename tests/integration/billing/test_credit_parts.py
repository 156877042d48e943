"""Credit notes over parts of lines, through the API: what is open, refundable, dunned, explained, verified and in the books."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from shared.ids import shown
from tests.integration.billing.room import Room
from tests.integration.billing.test_late_usage import LATE, assert_sound, original
from tests.integration.billing.till import OWED, Till
from tests.support.house import Service, settle


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    room = Room(billing, tenant)
    room.live_until("2031-02-01")
    return room


def credit(room: Room | Till, invoice: dict[str, Any], parts: dict[int, int], **headers: str) -> Any:
    lines = [{"line": line, "amount_minor": minor} for line, minor in parts.items()]
    path = f"/v1/invoices/{invoice['invoice_id']}/credit-notes"
    return room.client.post(path, json={"reason": "an outage", "lines": lines}, headers=headers)


def assert_closed(room: Room) -> None:
    """What was issued is sound, and the months close."""
    assert_sound(room)
    for month in ("2031-01", "2031-02", "2031-03"):
        told = room.client.get("/v1/reconciliation", params={"period": month}).json()
        assert (told["closes"], told["off"]) == (True, [])
        assert [each["difference"] for each in told["usage"] if float(each["difference"])] == []


def test_a_part_is_taken_back_with_its_tax_explained_and_verified(room: Room) -> None:
    before = original(room)
    lines = {line["charge"]: line["number"] for line in before["lines"]}
    [flat] = [line["number"] for line in before["lines"] if line["kind"] == "flat"]
    answer = credit(room, before, {lines["departures"]: 7_500, flat: 1}, **{"If-Match": f'"{before["version"]}"'})
    assert answer.status_code == 201, answer.text
    [note] = answer.json()["credit_notes"]
    left = before["subtotal_minor"] - 7_501
    tax = before["tax_minor"] - (left * 8_875 + 50_000) // 100_000
    assert (note["number"], note["amount_minor"], note["tax_minor"]) == ("INV-CN-000001", 7_501 + tax, tax)
    assert answer.json()["open_minor"] == before["total_minor"] - 7_501 - tax
    assert [(line["quantity"], line["corrects"]["line"]) for line in note["lines"]] == [
        ("0", lines["departures"]),
        ("0", flat),
    ]
    path = f"/v1/invoices/{before['invoice_id']}/lines/1/explain"
    told = room.client.get(path, params={"credit_note": note["number"]}).json()["reading"]
    assert told[0] == f"gives back 7500 of line {lines['departures']} of {before['number']}, as a person asked for"
    assert "it carried 1057500 minor units of USD and carries 1050000" in told[1]
    subscription = shown("sub", room.subscription_id)
    assert room.client.get(f"/v1/subscriptions/{subscription}/conformance").json()["conforms"]
    assert_closed(room)


def test_what_cannot_be_credited_is_refused_with_the_part(room: Room) -> None:
    invoice = original(room)
    carried = invoice["lines"][0]["amount_minor"]
    refusals: list[tuple[dict[int, int], int, str]] = [
        ({1: carried + 1}, 422, "/lines/0/amount_minor"),
        ({1: 1, 9: 1}, 422, "/lines/1/line"),
        ({1: 0}, 422, "/lines/0/amount_minor"),
    ]
    for parts, status, pointer in refusals:
        refused = credit(room, invoice, parts)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (status, pointer)
    assert f"at most {carried}" in credit(room, invoice, {1: carried + 1}).text
    assert credit(room, invoice, {1: 1}, **{"If-Match": '"1"'}).status_code == 412
    assert original(room)["credit_notes"] == []
    assert credit(room, invoice, {1: 1}).json()["credit_note"]["number"] == "INV-CN-000001"


def test_parts_asked_for_at_the_same_time_are_no_more_than_the_line(room: Room) -> None:
    invoice = original(room)
    carried = invoice["lines"][0]["amount_minor"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: credit(room, invoice, {1: carried // 2}), range(4)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[:2] == [201, 201] and set(statuses[2:]) <= {409, 422}
    assert sum(line["amount_minor"] for n in original(room)["credit_notes"] for line in n["lines"]) == carried // 2 * 2
    assert_closed(room)


def test_all_in_parts_and_a_full_credit_after_a_part_leave_nothing(room: Room) -> None:
    first, second = room.one(issued_on="2031-01-01"), original(room)
    for line in second["lines"]:
        for minor in (line["amount_minor"] // 3, line["amount_minor"] - line["amount_minor"] // 3):
            answer = credit(room, second, {line["number"]: minor})
            assert answer.status_code == 201, answer.text
    credit(room, first, {1: 101})
    rest = room.client.post(f"/v1/invoices/{first['invoice_id']}/credit-notes", json={"reason": "gone"})
    assert rest.status_code == 201, rest.text
    for invoice in (room.one(issued_on="2031-01-01"), original(room)):
        assert (invoice["status"], invoice["open_minor"]) == ("credited", 0)
        assert invoice["credited_minor"] == invoice["total_minor"]
        assert sum(note["tax_minor"] for note in invoice["credit_notes"]) == invoice["tax_minor"]
    assert_closed(room)
    mapping = room.client.get("/v1/revenue/mapping", params={"period": "2031-12"}).json()
    assert {row["deferred_minor"] for row in mapping["classes"]} <= {0}


def test_late_usage_neither_bills_nor_gives_back_again_what_was_given_back(room: Room) -> None:
    invoice = original(room)
    departures = next(line for line in invoice["lines"] if line["charge"] == "departures")
    credit(room, invoice, {departures["number"]: 15_750})  # ten departures
    room.revise_usage(LATE, JFK=390)
    assert [c["status"] for c in room.corrections()] == ["unchanged"]
    room.revise_usage(LATE, revision=2, JFK=380)
    given_back = [note["amount_minor"] - note["tax_minor"] for note in original(room)["credit_notes"]]
    assert given_back == [15_750, 15_750]
    room.revise_usage(LATE, revision=3, JFK=400)
    assert room.one(kind="correction")["subtotal_minor"] == 15_750
    assert_closed(room)


def test_what_was_paid_is_refundable(room: Room) -> None:
    room.pay(original(room))
    note = credit(room, original(room), {1: 10_000}).json()["credit_note"]
    invoice = original(room)
    assert (invoice["status"], invoice["open_minor"], invoice["refundable_minor"]) == ("paid", 0, note["amount_minor"])
    [payment] = room.client.get("/v1/payments").json()["items"]
    refund = {"amount_minor": note["amount_minor"], "invoice": invoice["number"], "reason": "an outage"}
    path = f"/v1/payments/{payment['payment_id']}/refunds"
    assert room.client.post(path, json=refund).json()["refunded_minor"] == note["amount_minor"]
    assert original(room)["refundable_minor"] == 0
    assert_closed(room)


def test_dunning_ends_where_a_part_leaves_nothing_open(billing: Service, tenant: str) -> None:
    till = Till(billing, tenant)
    till.until("2013-01-02T06:00:00+00:00")
    till.pay(OWED - 100, invoice="INV-000001")
    till.until("2013-02-16T06:00:00+00:00")
    settle([billing])
    assert till.step() != "clear"
    invoice = till.invoice()
    assert credit(till, invoice, {1: 100_000}).status_code == 201
    settle([billing])
    assert (till.invoice()["status"], till.step()) == ("paid", "clear")
    till.check_books()
