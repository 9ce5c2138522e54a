"""The page behind a mail's unsubscribe link, as `selo serve` shows it: one button, in the member's language,
usable by everybody.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from api.embedded import find_running
from api.keys import read_keys
from api.settings import Settings
from domain.model.messages.unsubscribe import Unsubscription, sign_unsubscription
from domain.services.decisions import load_member
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from tests.browser.axe import findings
from tests.houses import join
from tests.servers import quick_folder, serving
from tests.services.post import LOUD, say


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run this in a thread of its own: Playwright has the loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@asynccontextmanager
async def house_at(data: Path) -> AsyncIterator[Runtime]:
    """The house of the running server."""
    running = find_running(data)
    assert running is not None
    database = connect(running.uri, "selo")
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    house = Runtime.for_store(store)
    await house.programmes.refresh()
    yield house
    await database.close()


async def agreed(data: Path) -> None:
    async with house_at(data) as house:
        await join(house, "ana", at=datetime.now(UTC).replace(microsecond=0))
        await say(house, locale="pt", news=True)


async def granted(data: Path) -> bool:
    async with house_at(data) as house:
        return "marketing" in (await load_member(house, "ana")).details.profile.consents


@pytest.fixture
def served() -> Iterator[tuple[str, Path]]:
    with quick_folder() as data:
        (data / "loud.yaml").write_text(LOUD)
        with serving(data, "--programme", str(data / "loud.yaml")) as running:
            yield running.url, data


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_one_button_takes_the_consent_back(served: tuple[str, Path], page: Page, scheme: Any) -> None:
    url, data = served
    apart(agreed(data))
    key = read_keys(Settings(data=data), now=datetime.now(UTC)).derived("unsubscribe")
    page.set_viewport_size({"width": 360, "height": 640})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{url}/unsubscribe?t={sign_unsubscription(Unsubscription('ana', 'marketing'), key=key)}")
    expect(page.get_by_role("heading", name="Cancelar a subscrição")).to_be_visible()
    expect(page.get_by_text("Não quer receber mais mensagens de Loud sobre “News”?")).to_be_visible()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("getComputedStyle(document.querySelector('button')).minHeight") == "48px"
    assert apart(granted(data))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Feito: não receberá mais mensagens de Loud sobre “News”.")).to_be_visible()
    assert findings(page) == []
    assert not apart(granted(data))
