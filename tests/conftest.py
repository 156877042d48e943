"""Fixtures that every test may ask for."""

from __future__ import annotations

import signal
import warnings
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from tests.support.dealing import ByFileOrFolder, years_first

with warnings.catch_warnings():
    # kafka-python reads its schemas, when it is imported, by a call that Python 3.11 calls deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from tests.support.servers import Servers, SharedServers


# No test is timed: the machine may be busy.
settings.register_profile("untimed", settings(), deadline=None)
settings.load_profile("untimed")

ON_APACHE_KAFKA = Path(__file__).parent / "kafka"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker", choices=["local", "apache"], default="local", help="the broker from a wheel, or Apache Kafka (Java)"
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        # A run that is ended from outside ends like one with Ctrl-C: it takes its servers along.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        config.pluginmanager.register(SharedServers(config.getoption("broker")), "shared-servers")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is about Apache Kafka itself needs Java; the rest needs nothing but PyPI."""
    return True if collection_path == ON_APACHE_KAFKA and config.getoption("broker") == "local" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On Apache Kafka the order is that of the command line: there the years are at the end, when these are over."""
    if config.getoption("broker") == "local":
        years_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return ByFileOrFolder(config, log)


def pytest_report_header(config: pytest.Config) -> str:
    if config.getoption("broker") == "apache":
        return "broker: Apache Kafka"
    return "left out: the tests on Apache Kafka; `make test-kafka` runs them, it needs Java and Maven"


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """A PostgreSQL without fsync and a broker with our topics, shared by all tests of this process: make databases of
    your own."""
    if hasattr(pytestconfig, "workerinput"):
        return Servers(**pytestconfig.workerinput["servers"])
    shared = pytestconfig.pluginmanager.get_plugin("shared-servers")
    assert isinstance(shared, SharedServers)
    return shared.ready()
