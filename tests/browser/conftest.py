"""Real Chromium on the pages as they are served: from the page routes alone, or from the whole demo server."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)
from playwright.sync_api import Error as PlaywrightError
from starlette.applications import Starlette

from api.http.headers import OuterMiddleware
from api.http.pages import page_routes
from tests.browser import demo_server as shops
from tests.browser.club_server import ClubServer, serve_club
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import narrow_context

CHROMIUM = (
    shutil.which("chromium")
    or shutil.which("chromium-browser")
    or shutil.which("google-chrome")
    or "/usr/bin/chromium"
)
# The same engine without a browser's own windows and settings, which cost the processor as much as the pages.
HEADLESS = shutil.which("chromium-headless-shell") or CHROMIUM
CAMERA = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PHONE: ViewportSize = {"width": 390, "height": 844}
Launch = Callable[..., Browser]

# Two cores may be busy with other tests; what is waited for is told apart by what it is, not by how soon it
# comes.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def pages_url() -> Iterator[str]:
    """The pages and what they share, without an API behind them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        # Whoever comes before the server runs waits in line.
        listener.listen()
        server = uvicorn.Server(
            uvicorn.Config(
                OuterMiddleware(Starlette(routes=page_routes())), log_level="warning", lifespan="off"
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="pages")
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def shop(demo_seed: Path) -> Iterator[DemoServer]:
    """The demo shop, one a test process."""
    # The same few people of it look up more members in the minutes of these tests than anybody does in theirs.
    with shops.serve_demo(demo_seed, {"SELO_LOOK_UPS_PER_MINUTE": "1000"}) as opened:
        yield opened


@pytest.fixture(scope="module")
def club(request: pytest.FixtureRequest) -> Iterator[ClubServer]:
    """`selo serve` with the PROGRAMME of the test's module."""
    with serve_club(request.module.PROGRAMME) as opened:
        yield opened


@pytest.fixture(scope="session")
def vouchers() -> None:
    """For tests that need the second part of the contract: cards, vouchers and scans."""
    if not shops.offers("scan"):
        pytest.skip("the schema has no scan yet")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Iterator[Launch]:
    """Start Chromium, with a film before its camera where one is given; all are closed at the end."""
    open_ones: list[Browser] = []

    def start(film: Path | None = None) -> Browser:
        flags = [
            *CAMERA,
            *([f"--use-file-for-fake-video-capture={film}"] if film else []),
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]
        open_ones.append(playwright.chromium.launch(executable_path=HEADLESS, args=flags))
        return open_ones[-1]

    yield start
    for browser in open_ones:
        browser.close()


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the text of the pages when a test failed: it says more than the missing selector."""
    report = yield
    if report.when == "call" and report.failed and isinstance(item, pytest.Function):
        for name, value in item.funcargs.items():
            if isinstance(value, BrowserContext):
                report.sections += [(f"{name}: {page.url}", _shown(page)) for page in value.pages]
    return report


def _shown(page: Page) -> str:
    """Return the text of a page; why there is none where it was closed or hangs: the test's own fault is told."""
    try:
        return page.inner_text("body", timeout=2000)
    except PlaywrightError as fault:
        return f"(no text: {fault.message})"


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A fresh phone: Portuguese, its motion stilled so that pictures and checks see the end of it. Playwright
    misses requests of a page that has a service worker, so where a test `intercepts` them there is none.
    """
    intercepts = request.node.get_closest_marker("intercepts") is not None
    fresh = browser.new_context(
        service_workers="block" if intercepts else "allow",
        viewport=PHONE,
        locale="pt-PT",
        reduced_motion="reduce",
        permissions=["camera"],
    )
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page of that phone; whatever it throws or its policy blocks fails the test."""
    faults: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on(
        "console",
        lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None,
    )
    yield opened
    assert faults == []


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page on a narrow phone; `findings_in_both_schemes` judges it in light and in dark."""
    with narrow_context(browser) as context:
        yield context.new_page()


@pytest.fixture(scope="module")
def notifying(playwright: Playwright) -> Iterator[Browser]:
    """A whole Chromium: the headless shell of the other tests knows no notifications."""
    flags = ["--headless=new", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()
