"""One customer's way through every page, in one go and under each brand: joined at the till, a sale, the moment on the
phone that is open, the push that comes when it is not, a reward, a basket with its voucher, and all of it undone.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.accessibility import findings
from tests.browser.club_server import ClubServer, midday_zone, prove_contact, serve_club
from tests.browser.demo_server import StaffSignIn
from tests.browser.page_actions import close_moments, look_up, runs_over, see_moments, sign_in_at_till
from tests.browser.web_pushes import SUBSCRIBES, deliver, tap_notification, turn_on_push, watched_workers
from tests.senders.push_service import PushService, WebPushed, serving_push_service
from tests.servers import selo

PROGRAMMES = Path(__file__).parents[2] / "scripts" / "demo" / "programmes"
CONTACT = "nova@example.com"
MOST_PUSHES = 5  # of one sale: its thanks, a level, rewards and badges that came with it
# Every sale is said, so that one of any size is pushed; what it earns is the same at every hour of every day.
CHANGES = {
    "rules:\n": "rules:\n  - {code: thanks, on: purchase.completed, do: [{message: thanks}]}\n",
    "messages:\n": (
        "messages:\n  - {code: thanks, channels: [push, inbox], title: {pt: Obrigado, en: Thanks},"
        " body: {pt: Volte sempre., en: Come again.}}\n"
    ),
    "    pending: {days: 14}\n": "",
    'during: {weekdays: [mon, tue, wed, thu, fri], hours: "15:00-17:00"}': 'during: {until: "2020-01-31"}',
    'during: {from: "2026-11-01", until: "2026-12-31"}': 'during: {until: "2020-01-31"}',
    'during: {from: "2026-11-15", until: "2027-01-15"}': 'during: {until: "2020-01-31"}',
    'during: {from: "2027-01-01", until: "2027-01-31"}': 'during: {until: "2020-01-31"}',
}


@dataclass(frozen=True)
class Story:
    """A programme, its name and colour to people, what is bought, and the reward that it brings."""

    file: str
    brand: str
    colour: str | None
    bought: str
    reward: str
    moments: tuple[str, ...]


STORIES = {
    "example": Story("numiscollect.yaml", "Clube NumisCollect", None, "160", "Cápsulas para moedas", ()),
    "cafe": Story("cafe.yaml", "Café Aurora", "#5b3a29", "40", "Fatia de bolo", ("Fatia de bolo",)),
    "hotel": Story("hotel-chain.yaml", "Hotéis Alba", "#0f3d4c", "1500", "Uma noite grátis", ("Silver",)),
}


def programme_of(story: Story) -> str:
    text = (PROGRAMMES / story.file).read_text("utf-8")
    for before, after in CHANGES.items():
        text = text.replace(before, after)
    return text


def judged(page: Page, story: Story) -> None:
    """Expect that everybody can use it, and that it is the company's."""
    assert findings(page) == []
    assert not runs_over(page)
    if story.colour is not None:
        assert re.search(r"\bselo\b", page.inner_text("body") + page.title(), re.IGNORECASE) is None
        assert page.locator("img[src*=selo]").count() == 0


def hire_manager(club: ClubServer) -> StaffSignIn:
    """A manager may give a used voucher back, so that an undone basket leaves nothing behind."""
    hired = selo(
        *("staff", "add", "maria", "--name", "Maria", "--store", "lisboa", "--role", "manager"),
        *("--data", str(club.data_folder)),
    )
    password = hired.stdout.strip().partition("password: ")[2]
    return StaffSignIn(username="maria", password=password, role="manager", store="lisboa")


def invite_at_till(till: Page, club: ClubServer, story: Story) -> None:
    """Sell to somebody who is no member yet; they are written to in the brand."""
    sign_in_at_till(till, club, hire_manager(club))
    assert story.brand in till.title()
    judged(till, story)
    till.get_by_role("button", name="Ainda não é sócio").click()
    till.fill("dialog [name=contact]", CONTACT)
    till.fill("dialog [name=amount]", "42,50")
    till.click("dialog .primary")
    expect(till.locator(".done.good h1")).to_have_text("Convidado")
    judged(till, story)
    assert club.code_for(CONTACT)
    _, html = club.mailbox.mails[-1][1].iter_parts()
    assert story.brand in html.get_content()
    assert story.colour is None or f"background:{story.colour}" in html.get_content()


def join_on_phone(phone: Page, club: ClubServer, story: Story) -> str:
    """Join with the contact; what was bought before is there at once. Return the number."""
    phone.goto(f"{club.url}/phone/")
    prove_contact(phone, CONTACT, club.code_for)
    phone.fill("[name=name]", "Nova Silva")
    phone.check("[name=terms]")
    phone.click("form .primary")
    phone.wait_for_selector(".purse")
    assert see_moments(phone)[0] == "A sua primeira compra conta"
    expect(phone.locator(".purse .sum")).to_have_text(re.compile("^1?4"))
    judged(phone, story)
    token = phone.evaluate("JSON.parse(localStorage.getItem('selo-phone')).accessToken")
    zone = "mutation($z: String!) { updateProfile(input: {timezone: $z}) { member { number } } }"
    number: str = club.do(zone, {"z": midday_zone()}, token=token)["updateProfile"]["member"]["number"]
    return number


LABELS = """[...document.querySelectorAll("#tabs button > span:last-child")].map((each) => each.getBoundingClientRect())
  .map(({ left, right }) => [left, right])"""


OVER = """[...document.querySelectorAll("#bar *, #screen *")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => each.outerHTML.slice(0, 90))"""


def expect_room_for_tabs(page: Page) -> None:
    """Expect that the words of the tabs stand beside each other, whatever the text's size."""
    for size in ("100%", "200%"):
        page.evaluate("(size) => { document.documentElement.style.fontSize = size; }", size)
        labels = page.evaluate(LABELS)
        assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(labels)), (size, labels)
        assert labels[-1][1] <= 390
        assert not runs_over(page), page.evaluate(OVER)
    page.evaluate("document.documentElement.style.fontSize = ''")


def see_notification(phone: Page, context: BrowserContext, club: ClubServer) -> None:
    """Expect the notification that was shown, and tap it: it leads to the inbox."""
    assert tap_notification(context) == ["Obrigado", "Volte sempre."]
    expect(phone).to_have_url(f"{club.url}/phone/inbox")
    expect(phone.locator("#screen")).to_contain_text("Volte sempre.")
    phone.goto(f"{club.url}/phone/")


def redeem(phone: Page, story: Story) -> str:
    """Redeem the reward on the phone, and return the voucher's code."""
    phone.click("#tabs button >> nth=1")
    phone.locator(".tile", has_text=story.reward).first.click()
    phone.click("dialog .primary")
    phone.click("dialog .primary")
    phone.wait_for_selector(".held .qr")
    judged(phone, story)
    return (phone.text_content(".held .spell") or "").replace(" ", "")


@pytest.mark.parametrize("name", STORIES)
def test_from_joining_at_the_till_to_a_basket_with_the_reward_and_back(name: str, notifying: Browser) -> None:
    story = STORIES[name]
    with (
        serving_push_service() as service,
        serve_club(programme_of(story), {"SELO_WEB_PUSH_URL": service.url}) as club,
    ):
        options = {"locale": "pt-PT", "reduced_motion": "reduce", "viewport": {"width": 390, "height": 844}}
        with_till = notifying.new_context(**options)  # type: ignore[arg-type]
        with_phone = notifying.new_context(**options, permissions=["notifications"])  # type: ignore[arg-type]
        try:
            follow(story, club, service, with_till, with_phone)
        finally:
            with_till.close()
            with_phone.close()


def follow(
    story: Story,
    club: ClubServer,
    service: PushService,
    with_till: BrowserContext,
    with_phone: BrowserContext,
) -> None:
    till, phone = with_till.new_page(), with_phone.new_page()
    phone.add_init_script(SUBSCRIBES % service.subscribe("ok").token)
    invite_at_till(till, club, story)
    number = join_on_phone(phone, club, story)
    session, registrations = watched_workers(with_phone, phone)
    expect_room_for_tabs(phone)
    expect_room_for_tabs(till)
    turn_on_push(phone)

    # The sale, and its moment on the phone that is open.
    till.click("#tabs button >> nth=0")
    sell(till, number, story.bought)
    titles = see_moments(phone)
    assert all(any(part in title for title in titles) for part in story.moments), titles
    pushed = thanks_of(service)
    deliver(session, registrations, club.url, pushed)
    see_notification(phone, with_phone, club)

    # The reward, and one basket with its voucher.
    close_moments(phone)
    code = redeem(phone, story)
    balance = spendable(phone, club)
    use_and_undo(till, phone, story, code, balance)


def thanks_of(service: PushService) -> WebPushed:
    """Wait for the push that thanks for the sale, whatever else the sale is told of by one before it."""
    for count in range(1, MOST_PUSHES + 1):
        for pushed in service.wait(count):
            if (pushed.payload["title"], pushed.payload["kind"]) == ("Obrigado", "thanks"):
                return pushed
    raise AssertionError("none of the pushes thanks for the sale")


def spendable(phone: Page, club: ClubServer) -> int:
    """What the member has in the first wallet, of what is pending too."""
    token = phone.evaluate("JSON.parse(localStorage.getItem('selo-phone')).accessToken")
    first, *_ = club.do("{ me { wallets { available pending } } }", token=token)["me"]["wallets"]
    return int(first["available"] + first["pending"])


def sell(till: Page, text: str, total: str) -> None:
    """Record a sale to whom a number or a voucher names."""
    look_up(till, text)
    till.fill("[name=total]", total)
    till.click(".record")
    till.wait_for_selector(".done.good")


def use_and_undo(till: Page, phone: Page, story: Story, code: str, balance: int) -> None:
    """Use the voucher in a basket, and undo it: voucher and balance are the member's as before."""
    till.click("#tabs button >> nth=0")
    look_up(till, code)
    expect(till.locator(".voucher.on .verdict.good")).to_have_text("Válido")
    judged(till, story)
    till.fill("[name=total]", "9,90")
    till.click(".record")
    expect(till.locator(".done .part")).to_have_text(f"Vale usado: {story.reward}")
    expect(phone.locator(".held[data-state=USED]")).to_be_visible()
    till.click(".done .undo")
    till.click("dialog .primary")
    expect(till.locator(".done.good h1")).to_have_text("Anulado")
    judged(till, story)
    expect(phone.locator(".held[data-state=ISSUED] .qr")).to_be_visible()
    judged(phone, story)
    phone.click(".held .close")
    phone.click("#tabs button >> nth=0")
    expect(phone.locator(".purse .sum")).to_have_text(re.compile(rf"^{balance:,}$".replace(",", r"\s?")))
