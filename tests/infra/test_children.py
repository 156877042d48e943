"""Ports: what is given to one program is not given to the next, nor taken by a connection that goes out."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.local.children import NoFreePort, free_port, write_secret

RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def test_no_port_is_given_twice() -> None:
    ports = [free_port() for _ in range(100)]

    assert len(set(ports)) == 100


@pytest.mark.skipif(not RANGE.is_file(), reason="Linux alone tells its range there")
def test_no_connection_that_goes_out_takes_it_before_its_program_listens() -> None:
    first = int(RANGE.read_text().split()[0])

    assert free_port() < first


def test_what_somebody_listens_on_is_not_given() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(NoFreePort, match=str(port)):
            free_port(range(port, port + 1))


def test_threads_that_write_the_same_file_leave_what_one_of_them_wrote(tmp_path: Path) -> None:
    file, texts = tmp_path / "state.json", [str(number) * 10_000 for number in range(8)]

    with ThreadPoolExecutor(len(texts)) as threads:
        list(threads.map(lambda text: write_secret(file, text), texts * 50))

    assert file.read_text() in texts and [*tmp_path.iterdir()] == [file]
