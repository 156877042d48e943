"""What billing listens to, and which process answers."""

from services.billing.messaging import from_billing, from_renewals, from_usage, reference
from shared.contracts import billing, billing_invoices, renewals, usage
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
    billing_invoices.InvoiceIssuedV1.TYPE: Reads(from_billing.invoice_issued),
    billing_invoices.InvoicePaymentAllocatedV1.TYPE: from_billing.payment_allocated,
    billing_invoices.InvoicePaidV1.TYPE: Reads(from_billing.invoice_paid),
    billing_invoices.InvoiceReopenedV1.TYPE: Reads(from_billing.invoice_reopened),
    billing_invoices.InvoiceVoidedV1.TYPE: Reads(from_billing.invoice_voided),
    billing_invoices.InvoiceCreditedV1.TYPE: Reads(from_billing.invoice_credited),
    billing_invoices.InvoiceWrittenOffV1.TYPE: Reads(from_billing.invoice_written_off),
    billing_invoices.InvoiceRecoveredV1.TYPE: from_billing.invoice_recovered,
    usage.MeterDefinedV1.TYPE: reference.meter_defined,
    usage.UsagePeriodAdvancedV1.TYPE: Reads(from_usage.period_advanced),
    usage.UsagePeriodPartV1.TYPE: Reads(from_usage.period_part),
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
        billing_invoices.InvoiceOverdueV1,
        usage.UsageThresholdCrossedV1,
    ),
}
