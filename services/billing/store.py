"""The event store of billing: every aggregate, and everybody who is told in the same transaction."""

from services.billing.domain.accounting_period import ACCOUNTING_PERIODS
from services.billing.domain.autopay import AUTOPAY
from services.billing.domain.bank_entry import BANK_ENTRY
from services.billing.domain.budget import BUDGET
from services.billing.domain.catalogue import PLAN
from services.billing.domain.coupon import COUPON
from services.billing.domain.customer import CUSTOMER
from services.billing.domain.dunning import DUNNING
from services.billing.domain.invoice import INVOICE
from services.billing.domain.late_fee import LATE_FEE
from services.billing.domain.outcome import WON_RENEWAL
from services.billing.domain.payment import PAYMENT
from services.billing.domain.payment_plan import PAYMENT_PLAN
from services.billing.domain.payment_profile import PAYMENT_PROFILE
from services.billing.domain.product import PRODUCT
from services.billing.domain.provider_charge import PROVIDER_CHARGE
from services.billing.domain.quote import QUOTE
from services.billing.domain.reference import KNOWN_METER, KNOWN_POLICY
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.taxation.tax_place import TAX_PLACE
from services.billing.domain.tenant_settings import TENANT_SETTINGS
from services.billing.domain.top_up import TOP_UP
from services.billing.domain.usage_period import USAGE_PERIOD
from services.billing.domain.wallet import WALLET
from services.billing.messaging import outbound
from services.billing.processes.schedule import timers_of
from services.billing.projections import customers
from services.billing.projections.books import ledger
from services.billing.projections.budgets import budgets
from services.billing.projections.catalogue import coupons, known_meters, plans, products, tax_places
from services.billing.projections.invoices import (
    corrections,
    dunning,
    invoice_numbers,
    invoice_parts,
    invoices,
    waiting_bills,
)
from services.billing.projections.payments import (
    autopay_attempts,
    bank_entries,
    credit_purchases,
    payment_plans,
    payment_profiles,
    payments,
    refunds,
    top_ups,
    wallets,
)
from services.billing.projections.quotes import quotes
from services.billing.projections.subscriptions import (
    contracts,
    renewal_policies,
    subscriptions,
    usage_periods,
    won_renewals,
)
from shared import clock, parked
from shared.clock import TEST_CLOCK
from shared.event_store import EventStore
from shared.outbox import Outbox
from shared.parked import PARKED_MESSAGE
from shared.rebuild import ReadModel
from shared.timers import Schedule

OUTBOX = Outbox("billing", outbound.TOPICS, outbound.to_contract)


# What can be built again from the events. The ledger is first: it takes its turn before anything is written.
READ_MODELS = (
    ReadModel(ledger.project, ("ledger_postings", "taxed_amounts", "recognitions", "accounting_periods")),
    ReadModel(tax_places.project, ("tax_places",)),
    ReadModel(customers.project, ("customers",)),
    ReadModel(known_meters.project, ("known_meters",)),
    ReadModel(renewal_policies.project, ("renewal_policies",)),
    ReadModel(products.project, ("products",)),
    ReadModel(coupons.project, ("coupons",)),
    ReadModel(plans.project, ("plans",)),
    ReadModel(quotes.project, ("quotes",)),
    ReadModel(subscriptions.project, ("subscriptions",)),
    ReadModel(contracts.project, ("contracts", "contract_bills")),
    ReadModel(usage_periods.project, ("usage_periods",)),
    ReadModel(won_renewals.project, ("won_renewals", "outcome_periods")),
    ReadModel(waiting_bills.project, ("waiting_bills",)),
    ReadModel(invoice_numbers.project, ("number_counters",)),
    ReadModel(invoices.project, ("invoices",)),
    ReadModel(invoice_parts.project, ("invoice_parts",)),
    ReadModel(autopay_attempts.project, ("autopay_attempts",)),
    ReadModel(bank_entries.project, ("bank_entries",)),
    ReadModel(payment_plans.project, ("payment_plans",)),
    ReadModel(payment_profiles.project, ("payment_profiles",)),
    ReadModel(payments.project, ("payments", "payment_allocations")),
    ReadModel(wallets.project, ("wallets", "wallet_movements")),
    ReadModel(top_ups.project, ("top_ups",)),
    ReadModel(credit_purchases.project, ("credit_purchases",)),
    ReadModel(budgets.project, ("budgets",)),
    ReadModel(refunds.project, ("refunds",)),
    ReadModel(dunning.project, ("dunning",)),
    ReadModel(corrections.project, ("open_corrections",)),
    ReadModel(clock.project, ("test_clocks",)),
)


AGGREGATES = (
    CUSTOMER,
    TENANT_SETTINGS,
    KNOWN_METER,
    KNOWN_POLICY,
    TAX_PLACE,
    PRODUCT,
    COUPON,
    PLAN,
    QUOTE,
    SUBSCRIPTION,
    USAGE_PERIOD,
    WON_RENEWAL,
    INVOICE,
    PAYMENT,
    BANK_ENTRY,
    PROVIDER_CHARGE,
    AUTOPAY,
    LATE_FEE,
    PAYMENT_PLAN,
    PAYMENT_PROFILE,
    WALLET,
    TOP_UP,
    BUDGET,
    DUNNING,
    ACCOUNTING_PERIODS,
    TEST_CLOCK,
    PARKED_MESSAGE,
)


def create_store() -> EventStore:
    return EventStore(
        AGGREGATES,
        subscribers=[*(model.project for model in READ_MODELS), parked.project, Schedule(timers_of), OUTBOX],
        is_published=OUTBOX.is_published,
    )
