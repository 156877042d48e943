"""From a term to its renewal: opened by the clock, quoted and accepted in billing, won here."""

from shared.contracts.renewals import RenewalOpportunityOpenedV1, RenewalPolicyPublishedV1, RenewalWonV1
from tests.integration.renewals.desk import Desk
from tests.support.billing_news import local
from tests.support.published import published


def test_the_clock_opens_an_opportunity_and_asks_for_a_quote(desk: Desk) -> None:
    desk.sold("F9")
    desk.move(local("2013-10-02", 23, 59))
    assert desk.opportunities() == []
    assert [each["customer"] for each in desk.opportunities(state="tracked")] == ["F9"]
    desk.move(local("2013-10-03"))
    opened = desk.opportunity("F9")
    assert (opened["state"], opened["base_minor"], opened["due_on"]) == ("open", 1_800_000, "2013-12-31")
    assert opened["opened_at"] == "2013-10-03T04:00:00Z"
    (told,) = published(desk.service, "renewals.opportunities", desk.tenant)
    asked = told.read(RenewalOpportunityOpenedV1)
    assert (asked.customer_key, asked.term_number, str(asked.uplift_percent)) == ("F9", 1, "4")
    assert told.time == local("2013-10-03")
    (policy,) = published(desk.service, "renewals.policies", desk.tenant)
    assert policy.read(RenewalPolicyPublishedV1).grace_days == 14


def test_an_accepted_quote_wins_on_time(desk: Desk) -> None:
    sold = desk.sold("AA")
    desk.move(local("2013-12-10", 12))
    quote_id = desk.drafted(sold, local("2013-10-03"))
    desk.arrive()
    assert desk.opportunity("AA")["quote_id"] == f"quo_{quote_id.hex}"
    desk.accepted(sold, local("2013-12-10", 12), "2013-12-10")
    desk.arrive()
    won = desk.opportunity("AA")
    assert (won["state"], won["on_time"], won["late_days"]) == ("won", True, 0)
    assert (won["decided_on"], won["booked_minor"], won["reason"]) == ("2013-12-10", 1_872_000, None)
    (_, told) = published(desk.service, "renewals.opportunities", desk.tenant)
    assert told.read(RenewalWonV1).quote_id == quote_id
