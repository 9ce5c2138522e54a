"""What shops post while a server that has just started still reads its sources."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from domain.model.intake.sources import Source, load_sources
from domain.services.intake import registry
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.intake import source_files
from domain.store.intake.source_files import StoredSources
from tests.command_log import CommandLog
from tests.http.intake.shop_story import ShopStory, open_story
from tests.http.intake.test_shops import shop_order


@pytest.fixture
async def story(database: Database, command_log: CommandLog, tmp_path: Path) -> AsyncIterator[ShopStory]:
    async with open_story(database, command_log, tmp_path) as opened:
        yield opened


async def test_no_source_is_unknown_while_the_first_delivery_has_them_read(
    story: ShopStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_read, may_go_on, looks = threading.Event(), threading.Event(), list[StoredSources | None]()
    find = source_files.find_newest

    def load_slowly(text: str, files: Mapping[str, str]) -> tuple[Source, ...]:
        is_read.set()
        assert may_go_on.wait(30)
        return load_sources(text, files)

    async def look(store: DocumentStore, *, after: int = 0) -> StoredSources | None:
        looks.append(await find(store, after=after))
        return looks[-1]

    monkeypatch.setattr(registry, "load_sources", load_slowly)
    monkeypatch.setattr(source_files, "find_newest", look)
    posts = [asyncio.create_task(story.post(shop_order(1)))]
    assert await asyncio.to_thread(is_read.wait, 30)
    posts.append(asyncio.create_task(story.post(shop_order(2))))
    while len(looks) < 2:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0)
    may_go_on.set()
    assert [answer.status_code for answer in await asyncio.gather(*posts)] == [200, 200]
