"""The first tables"""

from services.billing.migrations.first_tables import catalogue, customers, invoices, payments, quotes, subscriptions
from shared.revisions import first_tables as kernel

revision = "0001"
down_revision = None


def upgrade() -> None:
    kernel.create("billing")
    customers.create()
    catalogue.create()
    quotes.create()
    subscriptions.create()
    invoices.create()
    payments.create()
