"""Every table of the billing database, for the code and for Alembic alike."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from services.billing import budget_tables as of_budgets
from services.billing import contract_tables as of_contracts
from services.billing import outcome_tables as of_outcomes
from services.billing import payment_tables as of_payments
from services.billing import wallet_tables as of_wallets
from services.billing.ledger_tables import ledger_tables
from shared.tables import NAMING, kernel_tables

metadata = MetaData(naming_convention=NAMING)
kernel_tables(metadata)

customers = Table(
    "customers",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("customer", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "customer_id"),
    UniqueConstraint("tenant_id", "key"),
)

known_meters = Table(
    "known_meters",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("slug", Text, nullable=False),
    Column("meter", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "slug"),
)

renewal_policies = Table(
    "renewal_policies",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("terms", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "code"),
)

coupons = Table(
    "coupons",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("coupon_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("coupon", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "code"),
)

products = Table(
    "products",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("product_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tax_category", Text),
    PrimaryKeyConstraint("tenant_id", "code"),
)

tax_places = Table(
    "tax_places",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("place", Text, nullable=False),
    Column("rates", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "place"),
)

plans = Table(
    "plans",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("plan_id", Uuid, nullable=False),
    Column("code", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("plan", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "plan_id", "version"),
    UniqueConstraint("tenant_id", "code", "version"),
)

payments = of_payments.payments(metadata)
payment_allocations = of_payments.payment_allocations(metadata)
payment_profiles = of_payments.payment_profiles(metadata)
bank_entries = of_payments.bank_entries(metadata)
autopay_attempts = of_payments.autopay_attempts(metadata)
refunds = of_payments.refunds(metadata)
payment_plans = of_payments.payment_plans(metadata)
dunning = of_payments.dunning(metadata)

wallets = of_wallets.wallets(metadata)
wallet_movements = of_wallets.wallet_movements(metadata)
top_ups = of_wallets.top_ups(metadata)
credit_purchases = of_wallets.credit_purchases(metadata)

budgets = of_budgets.budgets(metadata)

won_renewals = of_outcomes.won_renewals(metadata)
outcome_periods = of_outcomes.outcome_periods(metadata)

quotes = Table(
    "quotes",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("quote_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("subscription_id", Uuid),
    Column("opportunity_id", Uuid),
    Column("external_id", Text),
    Column("purpose", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("quote", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "quote_id"),
    Index(None, "tenant_id", "customer_id"),
    Index(None, "tenant_id", "external_id"),
    Index(None, "tenant_id", "subscription_id"),
)

quote_tokens = Table(
    "quote_tokens",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("quote_id", Uuid, nullable=False),
    Column("quote_version", Integer, nullable=False),
    PrimaryKeyConstraint("tenant_id", "token_hash"),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("customer_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("subscription", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "subscription_id"),
    Index(None, "tenant_id", "customer_id"),
)

contracts = of_contracts.contracts(metadata)
contract_bills = of_contracts.contract_bills(metadata)
running_usage = of_contracts.running_usage(metadata)

usage_periods = Table(
    "usage_periods",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("period_id", Uuid, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("charge", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("invoice_id", Uuid),
    Column("term_number", Integer),
    Column("amendment", Integer),
    Column("totals", JSONB),
    Column("billed_on", Date),
    Column("is_progressive", Boolean),
    PrimaryKeyConstraint("tenant_id", "period_id"),
    Index(None, "tenant_id", "subscription_id", "ends_on"),
)

waiting_bills = Table(
    "waiting_bills",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    Column("billing_on", Date, nullable=False),
    Column("bill", JSONB, nullable=False),
    Column("customer_id", Uuid),
    Column("currency", Text),
    Column("invoice_at", DateTime(timezone=True)),
    PrimaryKeyConstraint("tenant_id", "invoice_id"),
    Index(None, "tenant_id", "subscription_id"),
    Index(None, "tenant_id", "customer_id"),
)

number_counters = Table(
    "number_counters",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("legal_entity", Text, nullable=False),
    Column("series", Text, nullable=False),
    Column("last_number", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant_id", "legal_entity", "series"),
)

invoices = Table(
    "invoices",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("customer_id", Uuid, nullable=False),
    Column("customer_key", Text, nullable=False),
    Column("subscription_id", Uuid),
    Column("number", Text),
    Column("status", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("issued_on", Date),
    Column("due_on", Date),
    Column("subtotal_minor", BigInteger, nullable=False),
    Column("tax_minor", BigInteger, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("open_minor", BigInteger, nullable=False),
    Column("written_off_minor", BigInteger, nullable=False, server_default="0"),
    Column("payment_plan_id", Uuid),
    Column("version", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "invoice_id"),
    UniqueConstraint("tenant_id", "number"),
    Index(None, "tenant_id", "customer_id", "issued_on"),
    Index("ix_invoices_billing_on", "tenant_id", text("(document ->> 'billing_on')")),
    Index(None, "tenant_id", "subscription_id"),
    Index("ix_invoices_edited", "tenant_id", "subscription_id", postgresql_where=text("document -> 'edits' <> '[]'")),
    Index(
        "ix_invoices_given_up",
        "tenant_id",
        "invoice_id",
        postgresql_where=text("status IN ('discarded', 'voided')"),
    ),
)

invoice_parts = Table(
    "invoice_parts",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("bill_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("subscription_id", Uuid, nullable=False),
    PrimaryKeyConstraint("tenant_id", "bill_id"),
    Index(None, "tenant_id", "invoice_id"),
    Index(None, "tenant_id", "subscription_id"),
)

# Under the name that it was first made with: the release before writes to it while it is upgraded.
corrections = Table(
    "open_corrections",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("correction_id", Uuid, nullable=False),
    Column("invoice_id", Uuid, nullable=False),
    Column("period_id", Uuid, nullable=False),
    Column("charge", Text, nullable=False),
    Column("delta_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="open"),
    Column("correction", JSONB, nullable=False),
    PrimaryKeyConstraint("tenant_id", "correction_id"),
    Index(None, "tenant_id", "invoice_id"),
)

ledger_tables(metadata)
ledger_postings, taxed_amounts, accounting_periods = (
    metadata.tables[name] for name in ("ledger_postings", "taxed_amounts", "accounting_periods")
)
