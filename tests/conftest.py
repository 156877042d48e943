"""Fixtures that every test may ask for."""

from __future__ import annotations

import signal
import warnings

import pytest

with warnings.catch_warnings():
    # kafka-python reads its schemas, when it is imported, by a call that Python 3.11 calls deprecated.
    warnings.simplefilter("ignore", DeprecationWarning)
    from tests.support.servers import Servers, SharedServers


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        # A run that is ended from outside ends like one with Ctrl-C: it takes its servers along.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        config.pluginmanager.register(SharedServers(), "shared-servers")


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """A PostgreSQL without fsync and a broker with our topics, shared by all tests: make databases of your own."""
    if hasattr(pytestconfig, "workerinput"):
        return Servers(**pytestconfig.workerinput["servers"])
    shared = pytestconfig.pluginmanager.get_plugin("shared-servers")
    assert isinstance(shared, SharedServers)
    return shared.ready()
