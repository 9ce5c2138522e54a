"""What a member sees of what they earned, under a brand of the programme's own: the figure with its date, moments that
wait until they are seen, purchases in the history, the card that turns to a voucher, and an address for each.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, expect

from tests.browser.accessibility import findings_in_both_schemes
from tests.browser.club_server import ClubServer, join
from tests.browser.page_actions import close_moments, runs_over, see_moments
from tests.browser.test_stamp_cards import buy_lattes

CAFE = Path(__file__).parents[2] / "scripts" / "demo" / "programmes" / "cafe.yaml"
# As the café, where what was earned can be spent two weeks later, and where no hour of the day gives double beans.
PROGRAMME = (
    CAFE.read_text(encoding="utf-8")
    .replace(
        "    expiry: {after: {months: 6}, round: month}\n",
        "    pending: {days: 14}\n    expiry: {after: {months: 6}, round: month}\n",
        1,
    )
    .replace(
        'during: {weekdays: [mon, tue, wed, thu, fri], hours: "15:00-17:00"}', 'when: "purchase.total < 0"', 1
    )
)
assert "hours:" not in PROGRAMME.replace("quiet_hours:", "")
DAY = r"\d{1,2} de \w+ de \d{4}"


def shoot(page: Page, name: str) -> None:
    """Take pictures, where somebody wants to look at them."""
    if folder := os.environ.get("SELO_SHOTS"):
        schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(300)
            page.screenshot(path=f"{folder}/{name}-{scheme}.png")


def number_of(club: ClubServer, token: str) -> str:
    number: str = club.do("{ me { number } }", token=token)["me"]["number"]
    return number


def judged(page: Page) -> None:
    """Expect that everybody can use what is shown."""
    assert findings_in_both_schemes(page) == []
    assert not runs_over(page)


def test_what_was_earned_counts_at_once_and_its_moment_waits_until_it_is_seen(
    phone: Page, club: ClubServer
) -> None:
    token = join(phone, club, email=f"{secrets.token_hex(5)}@example.com")
    number = number_of(club, token)
    shoot(phone, "home-new")
    buy_lattes(club, number, 7, secrets.token_hex(5))

    # The first purchase is a moment; a reload before it was seen brings it back.
    moment = phone.locator("dialog.moment")
    expect(moment.locator("h2")).to_have_text("A sua primeira compra conta")
    expect(moment.locator(".worth")).to_have_text("+21 Grãos")
    judged(phone)
    shoot(phone, "moment-first")
    phone.reload()
    expect(moment.locator("h2")).to_have_text("A sua primeira compra conta")
    moment.get_by_role("button", name="Continuar").click()
    expect(moment).to_have_count(0)

    # No bare 0: one figure, with the day from which it can be spent.
    expect(phone.locator(".sum")).to_have_text("21")
    expect(phone.locator(".pending")).to_have_text(re.compile(f"^para gastar a partir de {DAY}$"))
    judged(phone)
    shoot(phone, "home-first")
    phone.reload()
    expect(phone.locator(".sum")).to_have_text("21")
    expect(moment).to_have_count(0)


def test_a_moment_is_told_once_also_where_it_happened_while_the_page_was_closed(
    phone: Page, club: ClubServer
) -> None:
    token = join(phone, club, email=f"{secrets.token_hex(5)}@example.com")
    number = number_of(club, token)
    phone.wait_for_function("import('/phone/phone.js').then(({ phone }) => phone.live === true)")
    phone.goto("about:blank")
    buy_lattes(club, number, 10, secrets.token_hex(5))
    phone.goto(f"{club.url}/phone/")
    moment = phone.locator("dialog.moment h2")
    titles = []
    for _ in range(2):
        expect(moment).to_be_visible()
        titles.append(moment.inner_text())
        shoot(phone, f"moment-{len(titles)}")
        phone.keyboard.press("Escape")
        phone.wait_for_timeout(500)
    assert set(titles) == {"A sua primeira compra conta", "Cartão completo: Cartão de bebidas"}
    phone.reload()
    phone.wait_for_selector(".purse")
    phone.wait_for_timeout(1500)
    expect(moment).to_have_count(0)
    # What the page missed is no news that slides in.
    expect(phone.locator("#news .news")).to_have_count(0)


def test_the_card_says_whose_it_is_turns_to_a_voucher_and_counts_the_sale(
    phone: Page, club: ClubServer
) -> None:
    token = join(phone, club, email=f"{secrets.token_hex(5)}@example.com")
    number = number_of(club, token)
    phone.wait_for_function("import('/phone/phone.js').then(({ phone }) => phone.live === true)")
    phone.click("#tabs .central")
    assert phone.url == f"{club.url}/phone/card"
    card = phone.locator("dialog.member")
    expect(card.locator("h2")).to_have_text("Ana Silva")
    buy_lattes(club, number, 10, secrets.token_hex(5))
    expect(card.locator(".balance")).to_have_text("30 Grãos")
    card.get_by_role("button", name="Bebida grátis").click()
    expect(card.get_by_role("img", name="Código QR do vale")).to_be_visible()
    judged(phone)
    shoot(phone, "card-voucher")
    card.get_by_role("button", name="Cartão", exact=True).click()
    expect(card.get_by_role("img", name="Código QR do cartão de sócio")).to_be_visible()
    shoot(phone, "card")
    # The moment waits for the card to be put down.
    expect(phone.locator("dialog.moment")).to_have_count(0)
    phone.keyboard.press("Escape")
    expect(phone.locator("dialog.moment")).to_be_visible()


NOTE_BADGE = """(code) => { import("/phone/moments.js").then(({ noteMoments }) => noteMoments([{
  __typename: "BadgeEarned", level: 1,
  badge: { badge: { id: code, code, name: code, description: "", art: null, levels: [1] } },
}])) }"""


def test_what_comes_while_a_moment_stands_shows_none_of_them_twice(phone: Page, club: ClubServer) -> None:
    join(phone, club, email=f"{secrets.token_hex(5)}@example.com")
    phone.click("#tabs .central")
    expect(phone.locator("dialog.member")).to_be_visible()
    phone.evaluate(NOTE_BADGE, "first-badge")
    phone.wait_for_timeout(300)
    phone.keyboard.press("Escape")
    expect(phone.locator("dialog.moment h2")).to_contain_text("first-badge")
    phone.evaluate(NOTE_BADGE, "second-badge")
    phone.wait_for_timeout(300)
    seen = see_moments(phone)
    assert [name for title in seen for name in ("first-badge", "second-badge") if name in title] == [
        "first-badge",
        "second-badge",
    ]


def test_a_purchase_is_one_line_of_the_history_and_has_an_address(phone: Page, club: ClubServer) -> None:
    token = join(phone, club, email=f"{secrets.token_hex(5)}@example.com")
    receipt = secrets.token_hex(5)
    buy_lattes(club, number_of(club, token), 10, receipt)
    phone.keyboard.press("Escape")
    phone.goto(f"{club.url}/phone/history")
    # The moment of a full card comes when it comes: it is closed where it stands in the way.
    close_moments(phone)
    line = phone.locator(".entry").filter(has_text="Lisboa")
    expect(line).to_have_count(1)
    expect(line).to_contain_text("30,00")
    expect(line.locator(".figure")).to_have_text("+30")
    shoot(phone, "history")
    line.click()
    sheet = phone.locator("dialog.sheet")
    expect(sheet.locator("h2")).to_have_text("Lisboa")
    expect(sheet).to_contain_text(receipt)
    expect(sheet.locator(".reasons li").first).to_be_visible()
    judged(phone)
    shoot(phone, "purchase")
    address = phone.url
    assert "/phone/history/" in address
    phone.reload()
    expect(sheet).to_contain_text(receipt)
    phone.keyboard.press("Escape")
    expect(phone).to_have_url(f"{club.url}/phone/history")
    expect(phone.locator("h1")).to_have_text("Histórico")


def test_each_screen_has_an_address_that_a_reload_lands_in(page: Page, club: ClubServer) -> None:
    join(page, club, email=f"{secrets.token_hex(5)}@example.com")
    screens = {"rewards": "Prémios", "badges": "Emblemas", "me": "Os meus dados", "inbox": "Mensagens"}
    for path, heading in screens.items():
        page.goto(f"{club.url}/phone/{path}")
        expect(page.locator("#screen h1")).to_have_text(heading)
        page.reload()
        expect(page.locator("#screen h1")).to_have_text(heading)
        assert page.url == f"{club.url}/phone/{path}"
        page.go_back()
        expect(page.locator(".purse")).to_be_visible()
        assert page.url == f"{club.url}/phone/"


def test_a_page_under_a_brand_has_its_name_colours_and_icon_and_no_word_of_ours(
    phone: Page, club: ClubServer
) -> None:
    join(phone, club, email=f"{secrets.token_hex(5)}@example.com")
    for path in ("", "rewards", "badges", "history", "inbox", "me"):
        phone.goto(f"{club.url}/phone/{path}")
        phone.wait_for_selector("#screen h1:not(.opening)")
        assert re.search(r"\bselo\b", phone.inner_text("body"), re.IGNORECASE) is None
        assert re.search(r"\bselo\b", phone.title(), re.IGNORECASE) is None
        assert phone.locator("img[src*=selo]").count() == 0
    phone.goto(f"{club.url}/phone/")
    button = phone.locator(".purse .primary")
    expect(button).to_have_css("background-color", "rgb(91, 58, 41)")
    assert phone.locator(".stamp").first.evaluate("(each) => getComputedStyle(each).maskImage") == "none"
    manifest = club.client.get("/phone/manifest.webmanifest").json()
    assert (manifest["name"], manifest["icons"][0]["src"]) == ("Café Aurora", "/phone/icon.svg")
    icon = club.client.get("/phone/icon.svg").text
    assert "#5b3a29" in icon
    assert ">C</text>" in icon
    html = club.client.get("/phone/", headers={"accept-language": "pt"}).text
    assert re.search(r"\bselo\b", html, re.IGNORECASE) is None
