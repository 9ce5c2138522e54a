"""Whole stories over real HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.store.connect import Database
from tests.doors import Doors, opened
from tests.wire import Wire


@pytest.fixture
async def doors(database: Database, wire: Wire, tmp_path: Path) -> AsyncIterator[Doors]:
    async with opened(database, wire, tmp_path) as running:
        yield running
