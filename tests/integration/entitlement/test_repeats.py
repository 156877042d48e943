"""Whatever comes twice, or from the beginning again, changes nothing."""

from services.entitlement.store import PROJECTIONS
from services.entitlement.tables import metadata
from tests.integration.entitlement.rights import Rights
from tests.support.billing_news import local
from tests.support.rebuilding import live_and_rebuilt, read_models

TABLES = ("accounts", "known_features", "entitlements", "holds")


def a_year(rights: Rights) -> None:
    """A plan, a debt that was paid, a migration, and an expiry that stands."""
    rights.news.plan(local("2012-12-02"), {"gates": None, "lounges": 3})
    vx, us, aa, oo = (rights.sold(key) for key in ("VX", "US", "AA", "OO"))
    rights.move(local("2013-12-15"))
    vx.dunned("suspended", local("2013-07-07"))
    vx.paid(local("2013-07-25", 12))
    us.not_renewing(local("2013-12-15"), aa.subscription_id)
    aa.renewed(local("2013-12-15"))
    vx.renewed(local("2013-12-15"))
    rights.move(local("2014-01-15"))
    us.ended(local("2014-01-01"))
    oo.ended(local("2014-01-01"))
    rights.arrive()


def test_every_message_told_again_changes_nothing(rights: Rights) -> None:
    a_year(rights)
    before = [rights.client.get(f"/v1/{what}").json() for what in ("entitlements", "holds")]
    rights.news.repeat_everything()
    rights.arrive()
    assert [rights.client.get(f"/v1/{what}").json() for what in ("entitlements", "holds")] == before
    assert rights.holds("OO") == [("expiry", "2014-01-15T05:00:00Z", None)]


def test_a_consumer_that_starts_from_offset_0_changes_nothing(rights: Rights) -> None:
    a_year(rights)
    engine = rights.service.background.relay.engine
    with engine.begin() as tx:
        before = read_models(tx, metadata, [*TABLES, "events"], rights.tenant)
        tx.exec_driver_sql("DELETE FROM consumer_offsets")
    rights.service.background.consumer.close()
    rights.arrive()
    with engine.begin() as tx:
        assert read_models(tx, metadata, [*TABLES, "events"], rights.tenant) == before


def test_read_models_built_again_equal_the_live_ones(rights: Rights) -> None:
    a_year(rights)
    live, rebuilt = live_and_rebuilt(rights.service, metadata, TABLES, PROJECTIONS, rights.tenant)
    assert rebuilt == live
    assert all(live.values())
