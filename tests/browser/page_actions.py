"""What people do on the pages: a cashier signs in and types, a member signs in and taps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.club_server import ClubServer
from tests.browser.demo_server import DemoServer, MemberSignIn, StaffSignIn


@contextmanager
def narrow_context(
    browser: Browser, *, locale: str = "pt-PT", scheme: Literal["light", "dark"] = "light"
) -> Iterator[BrowserContext]:
    """Open a phone or till as narrow as the pages are made for, its motion stilled."""
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale=locale, reduced_motion="reduce", color_scheme=scheme
    )
    yield context
    context.close()


def runs_over(page: Page) -> bool:
    """Say whether anything stands over the side of the page, its screen or a sheet."""
    over: bool = page.evaluate(
        "[document.documentElement, document.getElementById('screen'), ...document.querySelectorAll('dialog')]"
        ".some((each) => each.scrollWidth > Math.min(innerWidth, each.clientWidth))"
    )
    return over


def sign_in_at_till(page: Page, shop: DemoServer | ClubServer, who: StaffSignIn) -> None:
    """Open the till page and sign in; the scan screen stands afterwards."""
    page.goto(f"{shop.url}/till/")
    fill_sign_in(page, who)
    page.click("form .primary")
    page.wait_for_selector("#code")


def fill_sign_in(page: Page, who: StaffSignIn) -> None:
    page.fill("[name=username]", who["username"])
    page.fill("[name=password]", who["password"])
    page.select_option("[name=store]", who["store"])


def look_up(page: Page, text: str) -> None:
    """Type a code, number or contact as a USB scanner does: fast, then Enter."""
    page.fill("#code", text)
    page.press("#code", "Enter")


def enter_purchase(page: Page, *, total: str, receipt: str) -> None:
    page.wait_for_selector("[name=total]")
    page.fill("[name=total]", total)
    page.fill("[name=receipt]", receipt)
    page.wait_for_selector("form.card .primary:not([disabled])")


def confirm_purchase(page: Page) -> None:
    page.click("form.card .primary")
    page.wait_for_selector(".done")


def sign_in_on_phone(page: Page, shop: DemoServer, who: MemberSignIn) -> None:
    """Open the phone page and sign in with the code that the demo prints; the balance stands afterwards."""
    page.goto(f"{shop.url}/phone/")
    page.fill("[name=contact]", who["email"])
    page.click("form .primary")
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", shop.code_for(who["email"]))
    page.click("form .primary")
    page.wait_for_selector(".purse")


def redeem_voucher(page: Page, context: BrowserContext, shop: DemoServer, member: MemberSignIn) -> str:
    """Let a manager give a member points at the till and the member redeem a voucher; return its code."""
    sign_in_at_till(page, shop, shop.of_role("manager"))
    look_up(page, member["number"])
    page.locator(".managing .button").first.click()
    page.fill("dialog [name=amount]", "+600")
    page.fill("dialog [name=reason]", "para esta prova")
    page.click("dialog .primary")
    page.wait_for_selector(".done")
    phone = context.new_page()
    sign_in_on_phone(phone, shop, member)
    phone.click("#tabs button >> nth=1")
    phone.click(".tile:not(.locked) >> nth=0")
    phone.click("dialog .primary")
    phone.click("dialog .primary")
    phone.wait_for_selector(".held .qr")
    return (phone.text_content(".held .spell") or "").replace(" ", "")


def close_moments(page: Page) -> None:
    """Close each moment that stands in the way of what is done next, whenever it comes."""
    page.add_locator_handler(
        page.locator("dialog.moment"), lambda: page.keyboard.press("Escape"), no_wait_after=True
    )


def see_moments(page: Page, *, within_ms: int = 20_000) -> list[str]:
    """Wait for a moment and close it, and those that follow; return what each said."""
    titles: list[str] = []
    page.wait_for_selector("dialog.moment h2", timeout=within_ms)
    while page.locator("dialog.moment").count():
        titles.append(page.inner_text("dialog.moment h2"))
        shown = page.query_selector("dialog.moment")
        page.keyboard.press("Escape")
        if shown is not None:
            shown.wait_for_element_state("hidden")
        page.wait_for_timeout(600)
    return titles
