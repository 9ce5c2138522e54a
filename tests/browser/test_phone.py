"""The phone page on the real API: every screen in light and dark, for axe and on a narrow phone; the member's
changes are kept.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import prove_contact
from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import runs_over, sign_in_on_phone

# Scheme, language, width and height in pixels, size of the letters.
LOOKS = [
    ("light", "pt-PT", 360, 740, "100%"),
    ("dark", "pl-PL", 390, 844, "100%"),
    ("light", "pt-PT", 360, 740, "200%"),
    ("dark", "en-GB", 1280, 800, "200%"),
]
CUT_OFF = """() => [...(document.querySelector("dialog[open]") ?? document)
    .querySelectorAll("h1, h2, h3, p, label, input, button, strong, small, span, a")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.closest(".unseen, .close"))
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1
    || (each.matches("button, .chip") && each.scrollWidth > each.clientWidth + 1))
  .map((each) => `cut off: ${each.outerHTML.slice(0, 120)}`)"""


@pytest.mark.parametrize(("light", "locale", "width", "height", "size"), LOOKS)
def test_every_screen_is_one_that_everybody_can_use(
    browser: Browser, shop: DemoServer, light: str, locale: str, width: int, height: int, size: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=locale,
        reduced_motion="reduce",
        color_scheme=light,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        f" document.documentElement.style.fontSize = '{size}'; }})"
    )
    violations: dict[str, list[str]] = {}

    def judge(screen: str) -> None:
        expect(page.locator(".skeleton")).to_have_count(0)
        violations[screen] = findings(page) + page.evaluate(CUT_OFF)
        if runs_over(page):
            violations[screen].append("runs over the edge")

    page.goto(f"{shop.url}/phone/")
    page.wait_for_selector("form")
    judge("welcome")
    prove_contact(page, f"{secrets.token_hex(5)}@example.com", shop.code_for)
    judge("join")
    sign_in_on_phone(page, shop, shop.members[9])
    judge("home")
    look_into_each_screen(page, judge)
    context.close()
    assert violations == {screen: [] for screen in violations}
    assert len(violations) == 13


def look_into_each_screen(page: Page, judge: Callable[[str], None]) -> None:
    """Go from one screen of a signed-in phone to the next, and open one thing in each."""
    page.click(".tier")
    page.wait_for_selector("dialog.sheet")
    judge("levels")
    page.keyboard.press("Escape")
    for place, name in ((1, "rewards"), (3, "badges"), (4, "history")):
        page.click(f"#tabs button >> nth={place}")
        page.wait_for_selector("h1")
        judge(name)
    page.click(".entry >> nth=0")
    page.wait_for_selector("dialog .lines")
    judge("entry")
    page.keyboard.press("Escape")
    page.click("#tabs button >> nth=1")
    page.click(".tile >> nth=0")
    page.wait_for_selector("dialog.sheet .reward")
    judge("reward")
    page.keyboard.press("Escape")
    page.click("#tabs button >> nth=3")
    page.click(".badges .opener >> nth=0")
    page.wait_for_selector("dialog.sheet")
    judge("badge")
    page.keyboard.press("Escape")
    page.click("#bar .button:nth-last-child(2)")
    page.wait_for_selector(".message")
    judge("inbox")
    page.click("#bar .button:last-child")
    page.wait_for_selector("[name=birthday]")
    judge("me")
    page.click("#tabs button >> nth=2")
    page.wait_for_selector("dialog.held")
    judge("card")


def test_the_page_speaks_the_members_language_so_that_no_screen_mixes_two(
    browser: Browser, shop: DemoServer
) -> None:
    words = {"en": "Rewards", "pt": "Prémios", "pl": "Nagrody"}
    for tag in ("en-GB", "pl-PL"):
        context = browser.new_context(locale=tag, reduced_motion="reduce")
        page = context.new_page()
        sign_in_on_phone(page, shop, next(each for each in shop.members[10:] if each["email"]))
        own = page.evaluate("import('/phone/phone.js').then(({ phone }) => phone.me.locale)")
        assert page.get_attribute("html", "lang") == own
        expect(page.locator("#tabs button >> nth=1")).to_have_text(words[own])
        page.reload()
        page.wait_for_selector(".purse")
        assert page.get_attribute("html", "lang") == own
        context.close()


def test_each_amount_of_the_history_opens_its_reasons(page: Page, shop: DemoServer) -> None:
    sign_in_on_phone(page, shop, shop.members[10])
    page.click("#tabs button >> nth=4")
    page.click(".entry:has(.figure.plus) >> nth=0")
    expect(page.locator("dialog .reasons li").first).to_be_visible()


@pytest.mark.usefixtures("vouchers")
def test_the_card_renews_itself_and_works_without_a_network(
    context: BrowserContext, page: Page, shop: DemoServer
) -> None:
    sign_in_on_phone(page, shop, shop.members[11])
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.evaluate(
        "async () => { const { prepareCard } = await import('/phone/card.js'); await prepareCard(); }"
    )
    page.clock.install()
    page.click("#tabs .central")
    page.wait_for_selector(".held .qr")
    first = page.get_attribute(".held .lightcard", "data-code")
    context.set_offline(True)
    page.clock.fast_forward(31_000)
    expect(page.locator(".held .lightcard")).not_to_have_attribute("data-code", first or "")
    second = page.get_attribute(".held .lightcard", "data-code")
    assert (first or "")[:11] == (second or "")[:11]
    assert len(second or "") == 23


SHOWN = "[...document.images].filter((each) => each.src.includes('/media/') && each.naturalWidth > 0).length"
KEPT = "caches.open('selo-pictures-1').then(async (cache) => (await cache.keys()).length)"
# How many pictures are shown, once each of them is kept.
SHOWN_AND_KEPT = """(async () => {
  const kept = (await (await caches.open("selo-pictures-1")).keys()).map(({ url }) => url);
  const shown = [...document.images].filter((each) => each.src.includes("/media/") && each.naturalWidth > 0);
  return shown.every(({ src }) => kept.includes(src)) ? shown.length : 0;
})()"""
POLLS = 400


def wait_for_count(page: Page, expression: str, is_right: Callable[[int], bool]) -> int:
    """Ask the page until its answer is right: its policy keeps it from asking itself."""
    for _ in range(POLLS):
        count: int = page.evaluate(expression)
        if is_right(count):
            return count
        page.wait_for_timeout(50)
    raise AssertionError(f"{expression} is {count}")


def test_pictures_that_were_seen_stay_without_a_network_up_to_a_bound(
    page: Page, context: BrowserContext, shop: DemoServer
) -> None:
    sign_in_on_phone(page, shop, shop.members[12])
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{shop.url}/phone/rewards")
    seen = wait_for_count(page, SHOWN_AND_KEPT, lambda count: count > 1)
    context.set_offline(True)
    page.reload()
    wait_for_count(page, SHOWN, lambda count: count >= seen)
    context.set_offline(False)
    more = "Promise.all(Array.from({ length: 90 }, (_, n) => fetch(`/media/discount-5.svg?n=${n}`)))"
    page.evaluate(f"{more}.then(() => null)")
    wait_for_count(page, KEPT, lambda count: count == 80)


@pytest.mark.usefixtures("vouchers")
def test_a_voucher_can_be_given_back_for_its_points(page: Page, shop: DemoServer) -> None:
    page.set_default_timeout(10_000)
    # Whoever of the demo can afford something: the first with an unlocked reward.
    for member in shop.members[12:24]:
        page.goto(f"{shop.url}/phone/")
        page.evaluate("localStorage.clear()")
        sign_in_on_phone(page, shop, member)
        before = page.text_content(".sum")
        page.click("#tabs button >> nth=1")
        tile = page.locator(".tile:not(.locked):has-text('NumisPontos')").first
        if tile.count():
            break
    else:
        pytest.fail("nobody in the demo can afford a reward")
    tile.click()
    page.click("dialog .primary")
    page.click("dialog .primary")
    page.wait_for_selector(".held .qr")
    page.click(".giveback summary")
    page.click(".giveback .button")
    page.wait_for_selector(".held[data-state=CANCELLED]")
    page.click(".held .close")
    page.click("#tabs button >> nth=0")
    expect(page.locator(".sum")).to_have_text(before or "")


def test_what_is_read_afresh_takes_neither_the_focus_nor_what_was_opened(
    page: Page, shop: DemoServer
) -> None:
    sign_in_on_phone(page, shop, shop.members[78])
    page.click("#tabs button >> nth=1")
    page.wait_for_load_state("networkidle")
    again = "import('/phone/phone.js').then(({ readHome }) => readHome())"
    held = "document.activeElement.textContent"
    tile = page.locator(".tile").first
    tile.focus()
    named = page.evaluate(held)
    page.evaluate(again)
    assert page.evaluate(held) == named
    # Also where it was read anew beneath an open sheet.
    page.keyboard.press("Enter")
    expect(page.locator("dialog.sheet")).to_be_visible()
    page.evaluate(again)
    page.keyboard.press("Escape")
    expect(page.locator("dialog.sheet")).to_have_count(0)
    assert page.evaluate(held) == named
    page.click("details summary")
    page.evaluate(again)
    expect(page.locator("details .strip")).to_be_visible()


def test_a_name_and_a_consent_stay_changed(page: Page, shop: DemoServer) -> None:
    sign_in_on_phone(page, shop, shop.members[25])
    page.click("#bar .button:last-child")
    page.wait_for_selector("[name=birthday]")
    name = f"Zé {secrets.token_hex(3)}"
    page.fill("[name=name]", name)
    page.click("form .button")
    expect(page.locator(".toast")).to_be_visible()
    granted = page.is_checked("[name=profiling]")
    page.click("[name=profiling]")
    expect(page.locator(".toast")).to_have_count(2)
    page.reload()
    page.wait_for_selector(".purse")
    page.click("#bar .button:last-child")
    page.wait_for_selector("[name=birthday]")
    assert page.input_value("[name=name]") == name
    assert page.is_checked("[name=profiling]") is not granted


def test_signing_out_forgets_the_member_on_this_device(page: Page, shop: DemoServer) -> None:
    sign_in_on_phone(page, shop, shop.members[26])
    page.click("#bar .button:last-child")
    page.get_by_role("button", name=re.compile("^(Sair|Sign out|Wyloguj się)$")).click()
    page.wait_for_selector("[name=contact]")
    left = page.evaluate("""async () => {
          const { database } = await import("/phone/phone.js");
          return [localStorage.getItem("selo-phone"), (await (await database).all("facts")).length];
        }""")
    assert left == [None, 0]
