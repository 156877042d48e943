"""What operators type: rebuild or verify the read models, count the books, or publish history again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from shared.books import Books, Check
from shared.database import engine_for
from shared.event_store import EventStore
from shared.event_types import UnknownEventType
from shared.outbox import Outbox
from shared.rebuild import Comparison, ReadModel, rebuild
from shared.republish import read_from_the_beginning, republish
from shared.settings import Settings

MOST_TENANTS_SHOWN = 20
CANNOT_TELL = 2
Run = Callable[[argparse.Namespace], int]


@dataclass(frozen=True, slots=True)
class Command:
    """One that a service has beside those that all have; `run` opens what it needs, and answers with the exit status."""

    name: str
    about: str
    options: Callable[[argparse.ArgumentParser], None]
    run: Run


def operate(
    settings: Settings,
    store: EventStore,
    outbox: Outbox,
    models: Sequence[ReadModel],
    checks: Mapping[str, Check] | None = None,
    kept_topics: Sequence[str] = (),
    more: Sequence[Command] = (),
) -> int:
    """Runs the command of the command line with the worker's role; the exit status says whether all is well.

    `kept_topics` hold what is in no event store, and are never emptied.
    0: it is; 1: something differs; 2: events of a later version are among them, or the command line was wrong.
    """
    asked = _parser(outbox.service, more).parse_args()
    for command in more:
        if command.name == asked.command:
            return command.run(asked)
    engine = engine_for(settings.database, pool_size=1)
    try:
        if asked.command == "books":
            return _count(Books(engine, outbox.service, checks or {}))
        if asked.command == "republish" and asked.topics_are_empty:
            read_from_the_beginning(engine, but=kept_topics)
        return _run(asked, engine, store, outbox, models)
    except UnknownEventType as error:
        _say(str(error))
        return CANNOT_TELL
    finally:
        engine.dispose()


def _run(
    asked: argparse.Namespace, engine: Engine, store: EventStore, outbox: Outbox, models: Sequence[ReadModel]
) -> int:
    match asked.command:
        case "republish":
            queued = republish(engine, store, outbox, since=asked.since)
            _say(f"{queued} messages are queued for the relay")
            return 0
        case command:
            compared = rebuild(engine, store, models, keep=command == "rebuild")
            for line in (line for comparison in compared for line in _lines(comparison)):
                _say(line)
            return 0 if command == "rebuild" or all(c.is_equal for c in compared) else 1


def _count(books: Books) -> int:
    counted = books.count()
    for name, disagreements in counted.items():
        _say(f"{name:30} {f'{disagreements} DISAGREE' if disagreements else 'agrees'}")
    return 1 if any(counted.values()) else 0


def _parser(service: str, more: Sequence[Command]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}.operate", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("verify", help="compare the read models with the events; status 1 where they differ")
    commands.add_parser("rebuild", help="build the read models again from the events, and keep that")
    commands.add_parser("books", help="count the figures that have to agree; status 1 where they do not")
    again = commands.add_parser("republish", help="publish the history again; consumers skip what they have")
    again.add_argument(
        "--since", type=_instant, help="only streams with an event recorded since this instant (ISO 8601)"
    )
    again.add_argument("--topics-are-empty", action="store_true", help="forget how far they were read, too")
    for command in more:
        command.options(commands.add_parser(command.name, help=command.about))
    return parser


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("give the offset as well, as in 2030-01-31T00:00:00Z")
    return instant


def _lines(comparison: Comparison) -> Iterator[str]:
    verdict = "equal" if comparison.is_equal else "DIFFERENT"
    yield f"{comparison.table:30} {comparison.live_rows:>9} live {comparison.rebuilt_rows:>9} rebuilt  {verdict}"
    tenants = comparison.different_tenants
    for tenant in tenants[:MOST_TENANTS_SHOWN]:
        live, rebuilt = (side[tenant].rows if tenant in side else 0 for side in (comparison.live, comparison.rebuilt))
        yield f"  tenant {tenant} {live:>9} live {rebuilt:>9} rebuilt"
    if (more := len(tenants) - MOST_TENANTS_SHOWN) > 0:
        yield f"  and {more} tenants more"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
