"""Rates over a cohort by due day, as they are and as they were known, and the same when everything comes twice."""

from datetime import datetime

from services.renewals.store import PROJECTIONS
from services.renewals.tables import metadata
from tests.integration.renewals.desk import YEAR_2013, Desk
from tests.support.billing_news import local
from tests.support.rebuilding import live_and_rebuilt, read_models

TABLES = ("customers", "policy_versions", "subscriptions", "opportunities")
ON_TIME, LATE = local("2013-12-10", 12), local("2014-01-20", 12)


def gate_use(desk: Desk) -> None:
    """Sixteen due: twelve renew on time, one late, one is lost, two move to others."""
    keys = ("9E", "AA", "AS", "B6", "DL", "EV", "HA", "MQ", "UA", "VX", "WN", "YV", "F9", "OO", "US", "FL")
    sold = {key: desk.sold(key, segment="SMB" if key in ("F9", "OO") else "ENT") for key in keys}
    desk.move(ON_TIME)
    for key in keys[:12]:
        desk.accepted(sold[key], ON_TIME, "2013-12-10")
    desk.move(local("2013-12-15"))
    desk.close("US", reason="migrated_to_successor", successor_customer="AA")
    desk.close("FL", reason="migrated_to_successor", successor_customer="WN")
    desk.move(local("2014-01-15"))
    desk.close("OO", reason="budget_lost")
    desk.move(LATE)
    desk.accepted(sold["F9"], LATE, "2014-01-20")
    desk.arrive()


def test_the_renewals_of_a_year_are_counted_by_due_day(desk: Desk) -> None:
    gate_use(desk)
    desk.move(local("2014-01-21"))
    metrics = desk.metrics()
    counts = ("due", "resolved", "won", "on_time", "late", "lost", "open", "superseded")
    assert [metrics[f"{name}_count"] for name in counts] == [14, 14, 13, 12, 1, 1, 0, 2]
    assert (metrics["due_base_minor"], metrics["lost_base_minor"]) == (25_200_000, 1_800_000)
    assert (metrics["gross_renewal_rate"], metrics["net_conversion"]) == ("0.9286", "1.0400")
    assert metrics["identity_by_value"] == {
        "resolution_rate": "1.0000",
        "close_rate": "0.9286",
        "gross_conversion": "1.0000",
        "net_conversion": "1.0400",
        "gross_renewal_rate": "0.9286",
        "net_renewal_rate": "0.9657",
        "renewal_rate": None,
    }
    assert metrics["identity_by_count"]["renewal_rate"] == "0.9286"
    assert metrics["bridge_minor"]["booked"] == metrics["booked_minor"] == 13 * 1_872_000
    assert desk.metrics(due_from="2014-01-01", due_to="2015-01-01")["due_count"] == 0


def test_metrics_may_be_asked_as_of_an_earlier_instant(desk: Desk) -> None:
    gate_use(desk)
    desk.move(local("2014-01-21"))
    before = desk.metrics(as_of=local("2013-12-31", 12).isoformat())
    counts = ("due", "resolved", "won", "lost", "open", "superseded")
    assert [before[f"{name}_count"] for name in counts] == [14, 12, 12, 0, 2, 2]
    assert desk.metrics(as_of=local("2013-10-02").isoformat())["due_count"] == 0
    now = datetime.fromisoformat(desk.metrics()["as_of"])
    today = desk.metrics(as_of=now.isoformat())
    assert {**today, "as_of": None} == {**desk.metrics(), "as_of": None}
    future = desk.client.get("/v1/metrics/renewals?due_from=2013-01-01&due_to=2014-01-01&as_of=2030-01-01T00:00:00Z")
    assert (future.status_code, future.json()["title"]) == (422, "future_instant")


def test_a_good_total_is_cut_to_show_its_bad_parts(desk: Desk) -> None:
    gate_use(desk)
    groups = desk.metrics(group_by="segment")["groups"]
    assert [(name, part["won_count"], part["lost_count"]) for name, part in groups.items()] == [
        ("ENT", 12, 0),
        ("SMB", 1, 1),
    ]
    assert groups["SMB"]["gross_renewal_rate"] == "0.5000"


def test_first_renewals_are_told_from_later_ones(desk: Desk) -> None:
    desk.sold("AA").renewed(local("2013-12-10"))
    desk.new("BB").created(local("2013-12-20"), starts_on="2014-01-01", ends_on="2015-01-01")
    desk.move(local("2014-11-01"))
    groups = desk.metrics(group_by="term", due_from="2014-01-01", due_to="2015-01-01")["groups"]
    assert {name: part["due_count"] for name, part in groups.items()} == {"1": 1, "2": 1}


def test_losses_are_told_by_reason_the_costliest_first(desk: Desk) -> None:
    for key, segment, base in (
        ("F9", "SMB", 300_000),
        ("OO", "SMB", 500_000),
        ("US", "ENT", 100_000),
        ("AA", "ENT", 1),
    ):
        desk.sold(key, segment=segment, base_minor=base)
    desk.move(local("2013-12-15"))
    for key, reason in (("F9", "budget_lost"), ("OO", "competitor_chosen"), ("US", "budget_lost")):
        assert desk.close(key, reason=reason).status_code == 200
    desk.move(local("2013-12-16"))
    assert desk.close("AA", reason="migrated_to_successor", successor_customer="F9").status_code == 200
    asked = YEAR_2013 | {"group_by": "segment"}
    told = desk.client.get("/v1/metrics/cancellation-reasons", params=asked).json()
    assert (told["lost_count"], told["lost_base_minor"], told["currency"]) == (3, 900_000, "USD")
    names = ("reason", "reason_class", "count", "base_minor", "share_by_count", "share_by_value", "share_so_far")
    assert [tuple(each[name] for name in names) for each in told["reasons"]] == [
        ("competitor_chosen", "churn", 1, 500_000, "0.3333", "0.5556", "0.5556"),
        ("budget_lost", "churn", 2, 400_000, "0.6667", "0.4444", "1.0000"),
    ]
    parts = {name: [each["reason"] for each in part["reasons"]] for name, part in told["groups"].items()}
    assert parts == {"ENT": ["budget_lost"], "SMB": ["competitor_chosen", "budget_lost"]}
    before = desk.client.get("/v1/metrics/cancellation-reasons", params=asked | {"as_of": "2013-12-01T00:00:00Z"})
    assert (before.json()["lost_count"], before.json()["reasons"], before.json()["groups"]) == (0, [], {})


def test_a_customer_who_grows_leaves_what_was_due_in_the_segment_of_its_opening(desk: Desk) -> None:
    for key in ("F9", "OO"):
        desk.sold(key, segment="SMB")
    early = desk.sold("US", segment="SMB")
    desk.arrive()
    opened = desk.client.post("/v1/opportunities", json={"subscription_id": f"sub_{early.subscription_id.hex}"})
    assert opened.status_code == 201
    desk.move(local("2013-10-04"))
    before = desk.metrics(group_by="segment")
    for key in ("F9", "US"):
        desk.news.customer(key, local("2013-10-05"), segment="ENT")
    desk.move(local("2013-10-06"))
    for more in ({}, {"as_of": before["as_of"]}):
        after = desk.metrics(group_by="segment", **more)
        assert after["groups"] == before["groups"]
        assert after["groups"].keys() == {"SMB"}
    today = desk.metrics(group_by="current_segment")["groups"]
    assert {name: part["due_count"] for name, part in today.items()} == {"ENT": 2, "SMB": 1}


def test_every_message_told_again_changes_nothing_and_read_models_can_be_built_again(desk: Desk) -> None:
    gate_use(desk)
    engine = desk.service.background.relay.engine
    with engine.begin() as tx:
        before = read_models(tx, metadata, [*TABLES, "events"], desk.tenant)
    desk.news.repeat_everything()
    desk.arrive()
    with engine.begin() as tx:
        assert read_models(tx, metadata, [*TABLES, "events"], desk.tenant) == before
    live, rebuilt = live_and_rebuilt(desk.service, metadata, TABLES, PROJECTIONS, desk.tenant)
    assert rebuilt == live
    assert all(live.values())


def test_a_period_that_ends_before_it_begins_is_refused(desk: Desk) -> None:
    refused = desk.client.get("/v1/metrics/renewals?due_from=2014-01-01&due_to=2013-01-01")
    assert (refused.status_code, refused.json()["title"]) == (422, "empty_period")
    listed = desk.client.get("/v1/opportunities?due_from=2014-01-01&due_to=2014-01-01")
    assert (listed.status_code, listed.json()["errors"][0]["pointer"]) == (422, "/due_to")


def test_a_currency_that_there_is_not_is_refused(desk: Desk) -> None:
    refused = desk.client.get("/v1/metrics/renewals", params={**YEAR_2013, "currency": "ZZZ"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/currency")
    assert desk.metrics(currency="EUR")["due_count"] == 0
