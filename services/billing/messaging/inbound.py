"""What billing listens to, and which process answers."""

from services.billing.messaging import from_billing, from_renewals, from_usage, reference
from shared.contracts import billing, renewals, usage
from shared.inbox import Handlers, Reads, passing_over

TOPICS = [
    "billing.quotes",
    "billing.invoices",
    "usage.meters",
    "usage.periods",
    "renewals.policies",
    "renewals.opportunities",
]

HANDLERS: Handlers = {
    billing.QuoteAcceptedV1.TYPE: Reads(from_billing.quote_accepted),
    billing.InvoiceIssuedV1.TYPE: Reads(from_billing.invoice_issued),
    billing.InvoicePaymentAllocatedV1.TYPE: from_billing.payment_allocated,
    billing.InvoiceReopenedV1.TYPE: from_billing.invoice_reopened,
    billing.InvoiceVoidedV1.TYPE: from_billing.invoice_voided,
    billing.InvoiceCreditedV1.TYPE: from_billing.invoice_credited,
    usage.MeterDefinedV1.TYPE: reference.meter_defined,
    usage.UsagePeriodClosedV1.TYPE: Reads(from_usage.period_closed),
    usage.UsagePeriodRevisedV1.TYPE: Reads(from_usage.period_revised),
    renewals.RenewalPolicyPublishedV1.TYPE: reference.policy_published,
    renewals.RenewalOpportunityOpenedV1.TYPE: Reads(from_renewals.opportunity_opened),
    renewals.RenewalWonV1.TYPE: Reads(from_renewals.renewal_won),
    renewals.RenewalLostV1.TYPE: Reads(from_renewals.renewal_lost),
    renewals.RenewalSupersededV1.TYPE: Reads(from_renewals.renewal_superseded),
    **passing_over(
        billing.QuoteDraftedV1,
        billing.QuoteSentV1,
        billing.QuoteClosedV1,
        billing.InvoicePaidV1,
        billing.InvoiceOverdueV1,
        usage.UsagePeriodAdvancedV1,
        usage.UsageThresholdCrossedV1,
    ),
}
