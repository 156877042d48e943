"""An invoice collects lines while it is a draft and never changes once issued."""

from services.billing.domain.invoice.commands import InvoiceCommand
from services.billing.domain.invoice.decide import decide
from services.billing.domain.invoice.events import EVENT_TYPES, InvoiceEvent
from services.billing.domain.invoice.evolve import evolve
from services.billing.domain.invoice.state import Invoice
from shared.decider import Decider

INVOICE: Decider[Invoice | None, InvoiceCommand, InvoiceEvent] = Decider("invoice", None, decide, evolve, EVENT_TYPES)
