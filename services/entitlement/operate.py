"""What operators of entitlement type: `python -m services.entitlement.operate verify|rebuild|republish [--since INSTANT]`."""

import sys

from services.entitlement.settings import Settings
from services.entitlement.store import OUTBOX, READ_MODELS, create_store
from shared.operate import operate

if __name__ == "__main__":
    sys.exit(operate(Settings(), create_store(), OUTBOX, READ_MODELS))
