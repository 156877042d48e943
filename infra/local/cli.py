"""The command `quittance`: the whole product on this machine, and what an operator of it needs."""

from __future__ import annotations

import json
import logging
import os
import shlex
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.doctor.examination import examine
from infra.doctor.findings import document, is_healthy, table
from infra.doctor.installation import found
from infra.local import access, clock, demo, runner
from infra.local.processes import ROOT
from infra.local.scopes import every_scope
from infra.local.services import BrokerKind
from infra.local.tokens import DevelopmentIssuer

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
clock_app = typer.Typer(help="The clock of a tenant in test mode.", no_args_is_help=True)
demo_app = typer.Typer(help="Worked examples, from the first quote to the last invoice.", no_args_is_help=True)
app.add_typer(clock_app, name="clock")
app.add_typer(demo_app, name="demo")

terminal = Console(highlight=False)
OnBroker = Annotated[
    BrokerKind,
    typer.Option("--broker", envvar="QUITTANCE_BROKER", help="The broker from a wheel, or Apache Kafka (Java, Maven)."),
]
Tenant = Annotated[str, typer.Option(help="The tenant's name; its id is derived from it.")]


def main() -> None:
    """Runs a command; what went wrong is one line for people and a status that is not zero."""
    try:
        app()
    except Exception as error:
        if "QUITTANCE_DEBUG" in os.environ:
            raise
        Console(stderr=True, highlight=False).print(f"quittance: {error}", markup=False, soft_wrap=True)
        raise SystemExit(1) from None


@app.command()
def up(
    *,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when everything is ready, and leave it running.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Do not show the logs of the processes.")] = False,
    broker: OnBroker = "local",
) -> None:
    """Start PostgreSQL, the broker and the four services; Ctrl-C ends all of it."""
    if detach:
        runner.run_in_background(home(), say, (*runner.UP, "--broker", broker))
        status()
    elif not runner.run(home(), say, shows_logs=not quiet, broker=broker):
        raise typer.Exit(130)


@app.command()
def down() -> None:
    """End everything; the data stay."""
    say("stopped" if runner.stop(home()) else "nothing is running")


@app.command()
def reset() -> None:
    """End everything and remove its data, keys and logs."""
    runner.reset(home())
    say("removed")


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="For programs, with a token.")] = False) -> None:
    """Show what runs and where; fails when it does not run."""
    running = access.running(home())
    if as_json:
        typer.echo(json.dumps(access.description(home()), indent=2))
        return
    shown = Table("what", "where")
    for name, url in running.services.items():
        shown.add_row(name, url)
    shown.add_row("kafka", running.kafka)
    shown.add_row("postgres", running.postgres.rpartition("@")[2])
    shown.add_row("logs", str(home() / "logs"))
    terminal.print(shown)


@app.command()
def environment() -> None:
    """Print what the commands of the runbook need, for `eval "$(quittance environment)"`. It holds secrets."""
    for name, value in access.environment(home()).items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command()
def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Examine what runs here, or what the environment names, and say what to do; fails when something is wrong."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a finding says it in one line
    findings = list(examine(found(os.environ, home())))
    if as_json:
        typer.echo(json.dumps(document(findings), indent=2))
    else:
        terminal.print(table(findings))
    if not is_healthy(findings):
        raise typer.Exit(1)


@app.command()
def token(
    *,
    tenant: Tenant = "demo",
    scopes: Annotated[str, typer.Option(help="Separated by blanks; all that there are, if left out.")] = "",
    subject: Annotated[str, typer.Option(help="Who it is for.")] = "developer",
    hours: Annotated[float, typer.Option(help="How long it is good for.")] = 12,
) -> None:
    """Print a token of the development issuer."""
    issuer = DevelopmentIssuer(home())
    issuer.prepare()
    typer.echo(issuer.token(tenant=tenant, scopes=scopes.split() or every_scope(), subject=subject, hours=hours))


@clock_app.command("set")
def clock_set(
    *,
    instant: Annotated[str, typer.Argument(help="RFC 3339, for example 2013-01-01T05:00:00Z.")],
    tenant: Tenant = "demo",
) -> None:
    """Move the clock in all services, and wait until all has been done that falls due."""
    with access.clients(home(), tenant) as clients:
        clock.move(clients, datetime.fromisoformat(instant))
    say(f"{tenant}: it is {instant}, and everything is settled")


@clock_app.command("get")
def clock_get(*, tenant: Tenant = "demo") -> None:
    """Show what time it is for a tenant in each service."""
    with access.clients(home(), tenant) as clients:
        for service, answer in clock.read(clients).items():
            say(f"{service}: {answer['now']} {'settled' if answer['settled'] else 'busy'}")


@demo_app.command("gate-use-2013")
def gate_use(
    *,
    out: Annotated[Path, typer.Option(help="Where the results are written.")] = Path("out"),
    keep: Annotated[bool, typer.Option("--keep", help="Leave it running afterwards.")] = False,
    daily: Annotated[
        bool, typer.Option("--daily", help="Move the clock day by day instead of month by month.")
    ] = False,
    broker: OnBroker = "local",
) -> None:
    """Bill 16 airlines for a year of gate use, through the public APIs of services started for it."""
    options = ("--out", str(out.absolute()), *(("--daily",) if daily else ()))
    demo.run_example("gate-use-2013", home() / "demo", options, say, keeps=keep, broker=broker)
    say(f"the results are in {out}")


def home() -> Path:
    """Where data, keys and logs are: `.local` in the checkout, unless QUITTANCE_HOME says otherwise."""
    return Path(os.environ.get("QUITTANCE_HOME", ROOT / ".local")).absolute()


def say(line: str) -> None:
    terminal.print(line, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
