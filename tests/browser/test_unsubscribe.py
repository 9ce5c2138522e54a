"""The page behind a mail's unsubscribe link, as `selo serve` shows it: one button, in the member's language,
accessible.
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
from tests.browser.accessibility import findings_in_both_schemes
from tests.loud_runtime import LOUD, change_details
from tests.servers import quick_folder, serve_selo
from tests.small_runtime import join


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a thread of its own: Playwright occupies the event loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@asynccontextmanager
async def runtime_at(data_folder: Path) -> AsyncIterator[Runtime]:
    """The runtime of the running server."""
    running = find_running(data_folder)
    assert running is not None
    database = connect(running.uri, "selo")
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime = Runtime.for_store(store)
    await runtime.programmes.refresh()
    yield runtime
    await database.close()


async def grant_consent(data_folder: Path) -> None:
    async with runtime_at(data_folder) as runtime:
        await join(runtime, "ana", at=datetime.now(UTC).replace(microsecond=0))
        await change_details(runtime, locale="pt", news=True)


async def is_granted(data_folder: Path) -> bool:
    async with runtime_at(data_folder) as runtime:
        return "marketing" in (await load_member(runtime, "ana")).details.profile.consents


@pytest.fixture
def served() -> Iterator[tuple[str, Path]]:
    with quick_folder() as data_folder:
        (data_folder / "loud.yaml").write_text(LOUD)
        with serve_selo(data_folder, "--programme", str(data_folder / "loud.yaml")) as running:
            yield running.url, data_folder


def test_one_button_takes_the_consent_back(served: tuple[str, Path], page: Page) -> None:
    url, data_folder = served
    apart(grant_consent(data_folder))
    key = read_keys(Settings(data=data_folder), now=datetime.now(UTC)).derived("unsubscribe")
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(f"{url}/unsubscribe?t={sign_unsubscription(Unsubscription('ana', 'marketing'), key=key)}")
    expect(page.get_by_role("heading", name="Cancelar a subscrição")).to_be_visible()
    expect(page.get_by_text("Não quer receber mais mensagens de Loud sobre “News”?")).to_be_visible()
    assert findings_in_both_schemes(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("getComputedStyle(document.querySelector('button')).minHeight") == "48px"
    assert apart(is_granted(data_folder))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Feito: não receberá mais mensagens de Loud sobre “News”.")).to_be_visible()
    assert findings_in_both_schemes(page) == []
    assert not apart(is_granted(data_folder))
