"""A payment is money that came in: it pays invoices, waits unapplied, is given back, or is taken back by the bank."""

from services.billing.domain.payment.commands import PaymentCommand
from services.billing.domain.payment.decide import decide
from services.billing.domain.payment.events import EVENT_TYPES, PaymentEvent
from services.billing.domain.payment.evolve import evolve
from services.billing.domain.payment.state import Payment
from shared.decider import Decider

PAYMENT: Decider[Payment | None, PaymentCommand, PaymentEvent] = Decider("payment", None, decide, evolve, EVENT_TYPES)
