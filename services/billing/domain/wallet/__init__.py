"""Credit of a customer that pays invoices when they are issued: bought ahead, or given away."""

from services.billing.domain.wallet.commands import WalletCommand
from services.billing.domain.wallet.decide import decide
from services.billing.domain.wallet.events import EVENT_TYPES, WalletEvent
from services.billing.domain.wallet.evolve import evolve
from services.billing.domain.wallet.state import Wallet
from shared.decider import Decider

WALLET: Decider[Wallet | None, WalletCommand, WalletEvent] = Decider("wallet", None, decide, evolve, EVENT_TYPES)
