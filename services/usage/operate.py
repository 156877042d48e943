"""What operators of usage type: `python -m services.usage.operate verify|rebuild|books|republish|archive|restore`."""

import sys

from services.usage import retention
from services.usage.messaging.ingest_log import TOPIC
from services.usage.metering import books
from services.usage.settings import Settings
from services.usage.store import OUTBOX, READ_MODELS, create_store
from shared.operate import operate

if __name__ == "__main__":
    sys.exit(
        operate(
            Settings(),
            create_store(),
            OUTBOX,
            READ_MODELS,
            books.CHECKS,
            kept_topics=[TOPIC],
            more=retention.COMMANDS,
        )
    )
