"""Usage that is told after its invoice was issued is answered with documents, through the API and the topics."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.projections.books.books import CHECKS
from services.billing.store import READ_MODELS, create_store
from shared.contracts.billing_invoices import InvoiceCreditedV1, InvoiceIssuedV1
from shared.rebuild import rebuild
from tests.integration.billing.room import Room
from tests.support.house import Service, settle
from tests.support.published import published

LATE = datetime(2031, 2, 12, 5, tzinfo=UTC)


@pytest.fixture
def room(billing: Service, tenant: str) -> Room:
    room = Room(billing, tenant)
    room.live_until("2031-02-01")
    return room


def original(room: Room) -> dict[str, Any]:
    return room.one(issued_on="2031-02-01", kind="regular")


def explained(room: Room, invoice: dict[str, Any], **query: str) -> list[str]:
    path = f"/v1/invoices/{invoice['invoice_id']}/lines/1/explain"
    reading: list[str] = room.client.get(path, params=query).json()["reading"]
    return reading


def assert_sound(room: Room) -> None:
    assert room.verified()
    assert room.billing.background.books.count() == dict.fromkeys(CHECKS, 0)
    compared = rebuild(room.engine, create_store(), READ_MODELS, keep=False)
    assert [c.table for c in compared if room.tenant_id in c.different_tenants] == []


def test_more_is_an_invoice_that_names_the_original_and_explains_itself(room: Room) -> None:
    room.revise_usage(LATE, JFK=410)
    before, invoice = original(room), room.one(kind="correction")
    assert (invoice["issued_on"], invoice["due_on"], invoice["status"]) == ("2031-02-12", "2031-02-27", "issued")
    # 8.875 % of 12,232.50 less that of 12,075.00, each rounded; of 157.50 it would be a cent more.
    assert (invoice["subtotal_minor"], invoice["tax_minor"]) == (15_750, 1_397)
    assert invoice["corrects"]["invoice"] == before["number"] and invoice["corrects"]["revision"] == 1
    (line,) = invoice["lines"]
    assert (line["starts_on"], line["ends_on"], line["quantity"]) == ("2031-01-01", "2031-02-01", "10")
    assert line["corrects"]["line"] == next(i["number"] for i in before["lines"] if i["charge"] == "departures")
    told = explained(room, invoice)
    assert told[0] == f"corrects line {line['corrects']['line']} of {before['number']}, rated again at revision 1"
    assert told[1] == "410 metered for departures JFK, 400 before"
    (correction,) = room.corrections(invoice_id=before["invoice_id"])
    assert (correction["status"], correction["policy"], correction["event_ids"]) == ("billed", "correct", ["/gates#x"])
    assert correction["documents"] == [
        {"kind": "invoice", "invoice_id": invoice["invoice_id"], "number": invoice["number"], "total_minor": 17_147}
    ]
    assert_sound(room)


def test_less_is_a_credit_note_and_what_was_paid_is_refundable(room: Room) -> None:
    room.pay(original(room))
    room.revise_usage(LATE, JFK=390)
    room.revise_usage(LATE, revision=2, JFK=380)
    invoice = original(room)
    assert [note["number"] for note in invoice["credit_notes"]] == ["INV-CN-000001", "INV-CN-000002"]
    assert invoice["credit_note"] == invoice["credit_notes"][-1]
    assert (invoice["status"], invoice["open_minor"]) == ("paid", 0)
    assert (
        invoice["refundable_minor"]
        == invoice["credited_minor"]
        == sum(note["amount_minor"] for note in invoice["credit_notes"])
    )
    assert explained(room, invoice, credit_note="INV-CN-000002")[1] == "380 metered for departures JFK, 390 before"
    assert [c["status"] for c in room.corrections()] == ["credited", "credited"]
    assert room.corrections(status="billed") == []
    assert_sound(room)


def test_what_comes_and_goes_again_leaves_what_the_latest_usage_is_worth(room: Room) -> None:
    for revision, departures in enumerate((450, 200, 700, 0, 100), start=1):
        room.revise_usage(LATE, revision, **({"JFK": departures} if departures else {}))
    carried = [i["subtotal_minor"] for i in room.invoices() if i["issued_on"] >= "2031-02-01"]
    credited = [n["amount_minor"] - n["tax_minor"] for i in room.invoices() for n in i["credit_notes"]]
    assert sum(carried) - sum(credited) == 150_000 + 500_000  # the fee, and the minimum above 3,000.00
    assert_sound(room)


def test_a_revision_that_is_told_again_changes_nothing(room: Room) -> None:
    room.revise_usage(LATE, JFK=410)
    before = room.invoices()
    room.revise_usage(LATE, JFK=410)
    room.revise_usage(LATE, 1, JFK=999)  # as another message would tell it
    assert room.invoices() == before and len(room.corrections()) == 1


def test_a_correction_that_nobody_pays_leads_to_dunning_and_what_is_credited_leads_out_of_it(room: Room) -> None:
    room.revise_usage(LATE, JFK=410)
    for invoice in room.invoices():
        if invoice["kind"] == "regular":
            room.pay(invoice)
    room.live_until("2031-02-28")
    correction = room.one(kind="correction")
    [dunning] = room.client.get("/v1/dunning").json()["items"]
    assert (dunning["step"], dunning["history"][-1]["invoices"][0]["number"]) == ("reminded", correction["number"])
    room.revise_usage(datetime(2031, 2, 28, 6, tzinfo=UTC), revision=2, JFK=400)
    settle([room.billing])
    [dunning] = room.client.get("/v1/dunning").json()["items"]
    assert (dunning["step"], room.one(kind="correction")["status"]) == ("clear", "credited")
    told = published(room.billing, "billing.invoices", room.tenant)
    issued = [m.read(InvoiceIssuedV1) for m in told if m.type == InvoiceIssuedV1.TYPE]
    [message] = [m for m in issued if m.kind == "correction"]
    assert message.corrects_invoice_id == room.uuid(original(room)["invoice_id"])
    [credited] = [m.read(InvoiceCreditedV1) for m in told if m.type == InvoiceCreditedV1.TYPE]
    assert (credited.open_minor, credited.refundable_minor) == (0, 0)
    assert_sound(room)


def test_a_part_that_is_credited_leaves_the_rest_to_be_dunned(room: Room) -> None:
    room.pay(room.one(issued_on="2031-01-01"))
    room.revise_usage(LATE, JFK=390)
    room.live_until("2031-02-28")
    [dunning] = room.client.get("/v1/dunning", params={"step": "warned"}).json()["items"]
    assert original(room)["open_minor"] in {debt["open_minor"] for debt in dunning["history"][-1]["invoices"]}


def test_the_next_invoice_takes_it_where_the_plan_says_so(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, late_usage="next_invoice")
    room.live_until("2031-02-01")
    room.revise_usage(LATE, JFK=410)
    assert [c["status"] for c in room.corrections()] == ["deferred"]
    room.live_until("2031-03-01")
    march = room.one(issued_on="2031-03-01")
    [line] = [line for line in march["lines"] if line["corrects"]]
    assert (line["amount_minor"], line["starts_on"]) == (15_750, "2031-01-01")
    [correction] = room.corrections()
    assert (correction["status"], correction["documents"][0]["number"]) == ("billed", march["number"])
    assert_sound(room)


def test_a_draft_of_the_next_invoice_answers_when_it_is_issued(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, late_usage="next_invoice", review_days=5)
    room.live_until("2031-02-06")
    room.revise_usage(LATE, JFK=410)
    room.live_until("2031-03-01")
    draft = room.one(status="draft")
    assert [c["status"] for c in room.corrections()] == ["deferred"]
    issued = room.client.post(
        f"/v1/invoices/{draft['invoice_id']}/issue", headers={"If-Match": f'"{draft["version"]}"'}
    )
    assert issued.status_code == 200, issued.text
    assert [c["documents"][0]["number"] for c in room.corrections()] == [issued.json()["number"]]
    assert_sound(room)


@pytest.mark.parametrize(("later", "answer"), [(410, "billed"), (390, "credited")])
def test_a_draft_that_is_discarded_leaves_no_correction_behind(
    billing: Service, tenant: str, later: int, answer: str
) -> None:
    room = Room(billing, tenant, late_usage="next_invoice", review_days=5)
    room.live_until("2031-02-06")
    room.revise_usage(LATE, JFK=later)
    room.live_until("2031-03-01")
    draft = room.one(status="draft")
    discarded = room.client.post(
        f"/v1/invoices/{draft['invoice_id']}/discard",
        json={"reason": "a gift"},
        headers={"If-Match": f'"{draft["version"]}"'},
    )
    assert (discarded.status_code, discarded.json()["status"]) == (200, "discarded"), discarded.text
    [correction] = room.corrections()
    assert (correction["status"], len(correction["documents"])) == (answer, 1)
    assert_sound(room)


def test_it_is_listed_as_ignored_after_the_days_that_were_agreed(billing: Service, tenant: str) -> None:
    room = Room(billing, tenant, late_usage="ignore_after", late_usage_days=10)
    room.live_until("2031-02-01")
    room.revise_usage(LATE, JFK=410)
    [correction] = room.corrections(status="ignored")
    assert (correction["delta_minor"], correction["policy"]) == (15_750, "ignore_after 10 days")
    assert correction["documents"] == [] and [i for i in room.invoices() if i["kind"] == "correction"] == []
    assert_sound(room)


@pytest.mark.parametrize(
    "terms",
    [{"late_usage": "ignore_after"}, {"late_usage_days": 3}, {"late_usage": "ignore_after", "late_usage_days": -1}],
)
def test_days_belong_to_the_policy_that_counts_them(room: Room, terms: dict[str, Any]) -> None:
    plan = room.client.get("/v1/plans/gate-use").json()
    form = {name: value for name, value in plan.items() if name not in ("plan_id", "code", "version")}
    refused = room.client.put("/v1/plans/gate-use", json=form | terms)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/late_usage_days")
