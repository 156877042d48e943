"""JSON logs, one object a line, with the correlation id from the request to the last consumer."""

import logging
import sys

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor

_least = logging.NOTSET


def configure(level: str, service: str, process: str) -> None:
    """Libraries speak through `logging`: what they say becomes a line of the same form, tracebacks included."""
    global _least
    _least = logging.getLevelNamesMapping()[level.upper()]
    known: list[Processor] = [
        _named(service, process),
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    written: list[Processor] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*known, *written],
        wrapper_class=structlog.make_filtering_bound_logger(_least),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    of_libraries = logging.StreamHandler(sys.stdout)
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*known, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *written],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[of_libraries], force=True)


def _named(service: str, process: str) -> Processor:
    """In every thread; a context variable would be known in the one that sets it."""

    def name(_logger: object, _method: str, event: EventDict) -> EventDict:
        return {**event, "service": service, "process": process}

    return name


def is_written(level: int) -> bool:
    """For those who have a line for every request: even to be told that nobody reads it takes time."""
    return level >= _least


def logger() -> FilteringBoundLogger:
    log: FilteringBoundLogger = structlog.get_logger()
    return log
