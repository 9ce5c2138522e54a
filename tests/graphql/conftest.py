"""The whole application, for the tests of its GraphQL API."""

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.command_log import CommandLog
from tests.graphql.both_ways import Ways, compare_both_ways
from tests.running_app import RunningApp, open_running_app


@pytest.fixture
async def app(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with open_running_app(database, command_log, tmp_path) as running:
        yield running


@pytest.fixture(autouse=True)
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ways:
    """Compare every answer of the suite with the library's, but where a test counts or times what it does, or
    compares both ways by itself.
    """
    text = inspect.getsource(request.function)
    if any(word in text for word in ("counting()", "_is_bounded(", "drawn", "ask_generated(")):
        return Ways()
    return compare_both_ways(monkeypatch)
