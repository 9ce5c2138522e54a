"""Fixtures for every test: a database of its own on a server of this run, with a log of its commands; and the rules
of the test suite.

With MONGODB_URI set, the suite runs against that server instead of an embedded one.
"""

import gc
import ipaddress
import os
import secrets
import socket
from collections.abc import AsyncIterator, Generator, Iterator
from functools import lru_cache
from pathlib import Path

import pymongo
import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from domain.store import ttl
from domain.store.connect import Database, connect
from domain.store.document_store import DocumentStore
from domain.store.ledger import programmes
from domain.store.prepare import prepare
from tests.command_log import CommandLog
from tests.emptied_database import emptied
from tests.servers import embedded_in_thread, forking_commands, quick_folder, seed_demo

FIFTY_YEARS = 50 * 365 * 24 * 3600
DROP_SECONDS = 120
# Files whose tests share what takes seconds to make: a server, a type check or the syntax trees of all code.
BROWSER_TESTS = "tests/browser/"
MIGRATION_TESTS = "tests/store/migrations/"
SERVED_BY_FILE = (
    BROWSER_TESTS,
    "tests/commands/test_backup.py",
    "tests/journeys/test_demo_clock.py",
    "tests/journeys/test_readme.py",
    "tests/model/programme/test_acted_on.py",
    "tests/test_house.py",
)


@pytest.fixture(scope="session")
def database_uri() -> Iterator[str]:
    """One server for each test process, with its files in memory."""
    if configured_uri := os.environ.get("MONGODB_URI"):
        yield configured_uri
        return
    with quick_folder() as folder, embedded_in_thread(folder) as uri:
        yield uri


@pytest.fixture(scope="session", autouse=True)
def commands_forked() -> Iterator[None]:
    """Fork the commands that tests start: most of what they cost is their imports."""
    with forking_commands():
        yield


@pytest.fixture(scope="session", autouse=True)
def programmes_read_once() -> Iterator[None]:
    """Read each programme's text once a test process: most tests publish the same one, and reading it thrice takes
    0.15 s. What is read is frozen.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in ("load", "load_published", "content_hash"):
            patch.setattr(programmes, name, lru_cache(maxsize=32)(getattr(programmes, name)))
        yield


@pytest.fixture(scope="session")
def demo_seed(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder as the first start of the demo leaves it, made once a run and to be copied."""
    folder = tmp_path_factory.getbasetemp()
    return seed_demo(folder if worker_id == "master" else folder.parent)


@pytest.fixture
def command_log() -> CommandLog:
    return CommandLog()


@pytest.fixture(scope="session")
def spare_databases() -> list[str]:
    """The names of this process's databases that are prepared, empty and of no test just now."""
    return []


@pytest.fixture
async def unheard(database_uri: str) -> AsyncIterator[Database]:
    """A database without a command log: the demo empties whole collections, as no request does."""
    fresh = connect(database_uri, f"test-{secrets.token_hex(8)}", timeout_seconds=30)
    try:
        yield fresh
    finally:
        await fresh.client.drop_database(fresh.mongo.name)
        await fresh.close()


@pytest.fixture
async def database(
    database_uri: str,
    command_log: CommandLog,
    monkeypatch: pytest.MonkeyPatch,
    spare_databases: list[str],
    request: pytest.FixtureRequest,
) -> AsyncIterator[Database]:
    """An empty database with all collections and indexes; not even those for a test marked `unprepared`. At the
    end, every command that the test sent must have had a shape that scales.

    The database removes lapsed rows by the real clock, tests decide by their own: what has lapsed by the one may
    be needed by the other, so rows are kept for fifty years: some tests live in the year 2000.
    """
    monkeypatch.setattr(ttl, "LINGER_SECONDS", FIFTY_YEARS)
    is_prepared = request.node.get_closest_marker("unprepared") is None
    is_spare = is_prepared and bool(spare_databases)
    name = spare_databases.pop() if is_spare else f"test-{secrets.token_hex(8)}"
    fresh = connect(database_uri, name, timeout_seconds=30, listeners=[command_log])
    try:
        if is_prepared and not is_spare:
            await prepare(DocumentStore.of(fresh, embedded=True))
            command_log.commands.clear()
        yield fresh
        faults = await command_log.faults(fresh)
        assert not faults, "\n".join(["commands that do not scale:", *faults])
    finally:
        try:
            with pymongo.timeout(DROP_SECONDS):  # the embedded server takes 0.1 ms of CPU a row
                if is_prepared and await emptied(fresh, command_log):
                    spare_databases.append(name)
                else:
                    await fresh.client.drop_database(name)
        finally:
            await fresh.close()


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that connects to anything but this machine."""
    really = socket.socket.connect

    def connect_near(self: socket.socket, address: tuple[str, int] | str) -> None:
        if isinstance(address, tuple) and not _is_near(address[0]):
            raise AssertionError(f"a test wanted to connect to {address[0]}")
        really(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_near)


def _is_near(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def pytest_collection_finish() -> None:
    """Leave the modules and the tests out of every later collection of garbage: there are a million objects of them."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the folder of browser tests last: Playwright keeps an event loop running, and no other can run beside it.
    Give migrations an empty database.
    """
    items.sort(key=lambda test: test.nodeid.startswith(BROWSER_TESTS))
    for item in items:
        if item.nodeid.startswith(MIGRATION_TESTS):
            item.add_marker(pytest.mark.unprepared)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failure, since it showed nothing."""
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


class ByServer(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each test to a free worker, but the tests of a file that shares a server to one, so that it starts once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = nodeid.partition("::")[0]
        return file if file.startswith(SERVED_BY_FILE) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByServer:
    """Hand out the tests. (xdist's own groups are marks in the node id, which pytest 9.2 no longer takes.)"""
    return ByServer(config, log)
