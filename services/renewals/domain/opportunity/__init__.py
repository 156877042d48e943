"""The chance to renew one term of one subscription, from the day the term is known to the decision."""

from __future__ import annotations

from services.renewals.domain.opportunity import events
from services.renewals.domain.opportunity.commands import OpportunityCommand
from services.renewals.domain.opportunity.decide import decide
from services.renewals.domain.opportunity.evolve import evolve
from services.renewals.domain.opportunity.state import Opportunity, opportunity_id
from shared.decider import Decider

__all__ = ["OPPORTUNITY", "opportunity_id"]

OPPORTUNITY: Decider[Opportunity | None, OpportunityCommand, events.OpportunityEvent] = Decider(
    "renewal_opportunity",
    initial=None,
    decide=decide,
    evolve=evolve,
    event_types={
        "term_tracked": events.TermTracked,
        "renewal_opportunity_opened": events.RenewalOpportunityOpened,
        "renewal_base_adjusted": events.RenewalBaseAdjusted,
        "renewal_postponed": events.RenewalPostponed,
        "renewal_quote_stale": events.RenewalQuoteStale,
        "renewal_contacted": events.RenewalContacted,
        "renewal_quote_prepared": events.RenewalQuotePrepared,
        "renewal_won": events.RenewalWon,
        "renewal_lost": events.RenewalLost,
        "renewal_superseded": events.RenewalSuperseded,
    },
)
