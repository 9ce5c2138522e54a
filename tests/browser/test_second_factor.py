"""The second factor on the till page: enrolled by picture or by typing, asked for at each sign-in, by keyboard and at
360 px, in each language, without a violation for axe.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessibility import findings
from tests.browser.demo_server import serve_demo
from tests.browser.test_codes_in_pages import READ
from tests.running_app import NUMISCOLLECT
from tests.servers import quick_folder, selo, serve_selo

HALF_MINUTE = 30


@dataclass(frozen=True, slots=True)
class OperatorAccount:
    """A new operator, as whoever made the account hands it on."""

    url: str
    data_folder: Path
    username: str
    password: str
    setup_key: str


@dataclass(frozen=True, slots=True)
class Club:
    """A running server with one store."""

    url: str
    data_folder: Path

    def add_operator(self) -> OperatorAccount:
        """Add an operator by command."""
        username = f"olga-{secrets.token_hex(3)}"
        data = ("--data", str(self.data_folder))
        said = selo("staff", "add", username, "--name", "Olga", "--role", "operator", *data).stdout
        password = re.search(r"password: (\S+)", said)
        assert password is not None, said
        return OperatorAccount(self.url, self.data_folder, username, password[1], setup_key_in(said))


def setup_key_in(said: str) -> str:
    """Return the set-up key that a command has printed."""
    key = re.search(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", said)
    assert key is not None, said
    return key[0]


@pytest.fixture(scope="module")
def club() -> Iterator[Club]:
    with quick_folder() as folder:
        data_folder = folder / "data"
        with serve_selo(data_folder, "--programme", str(NUMISCOLLECT)) as served:
            selo("store", "add", "lisboa", "--name", "Lisboa", "--data", str(data_folder))
            yield Club(served.url, data_folder)


def bring_password(page: Page, account: OperatorAccount) -> None:
    page.goto(f"{account.url}/till/")
    page.fill("[name=username]", account.username)
    page.fill("[name=password]", account.password)
    page.press("[name=password]", "Enter")


def bring(page: Page, name: str, text: str) -> None:
    page.fill(f"[name={name}]", text)
    page.press(f"[name={name}]", "Enter")


def enrol(page: Page, account: OperatorAccount) -> tuple[pyotp.TOTP, list[str]]:
    """Enrol up to the recovery codes; return the app and the codes."""
    bring_password(page, account)
    bring(page, "setup-key", account.setup_key)
    secret = (page.text_content(".secret") or "").replace(" ", "")
    totp = pyotp.TOTP(secret)
    bring(page, "second-factor", totp.now())
    page.wait_for_selector(".recovery")
    return totp, page.locator(".recovery code").all_inner_texts()


def next_code(totp: pyotp.TOTP) -> str:
    """Return a code whose step was not used yet: the server takes the one of half a minute ahead."""
    return totp.at(int(time.time()) + HALF_MINUTE)


def test_an_operator_enrols_by_the_picture_and_signs_in_with_codes(page: Page, club: Club) -> None:
    account = club.add_operator()
    bring_password(page, account)
    expect(page.locator("[name=setup-key]")).to_be_focused()
    assert findings(page) == []
    bring(page, "setup-key", "AAAA-BBBB-CCCC-DDDD")
    expect(page.locator("form .notice.bad")).to_contain_text("chave de configuração não está correta")
    assert page.evaluate("localStorage.getItem('selo-till')") is None
    bring(page, "setup-key", account.setup_key.lower())
    expect(page.locator("[name=second-factor]")).to_be_focused()
    assert findings(page) == []
    picture = page.get_attribute(".enrolment .qr", "src")
    [uri] = page.evaluate(READ, [picture])
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    assert totp.secret == (page.text_content(".secret") or "").replace(" ", "")
    assert totp.name == account.username
    bring(page, "second-factor", f"{(int(totp.now()) + 1) % 10**6:06}")
    expect(page.locator("form .notice.bad")).to_contain_text("O código não está correto")
    bring(page, "second-factor", totp.now())
    page.wait_for_selector(".recovery")
    assert findings(page) == []
    codes = page.locator(".recovery code").all_inner_texts()
    assert len(set(codes)) == 10
    assert page.evaluate("localStorage.getItem('selo-till')") is None
    expect(page.locator(".card .primary")).to_be_disabled()
    page.check("[name=kept]")
    page.click(".card .primary")
    page.wait_for_selector("#code")
    assert not [code for code in codes if code in page.content()]

    page.click("#bar .round")
    page.click("dialog .wide")
    bring_password(page, account)
    assert page.locator(".enrolment").count() == 0
    bring(page, "second-factor", next_code(totp))
    page.wait_for_selector("#code")


def test_a_recovery_code_signs_in_once_and_few_left_are_told(page: Page, club: Club) -> None:
    account = club.add_operator()
    _, codes = enrol(page, account)
    for used, code in enumerate([*codes[:7], codes[0]]):
        page.evaluate("localStorage.removeItem('selo-till')")
        bring_password(page, account)
        bring(page, "second-factor", code.lower().replace("-", " "))
        if used < 7:
            page.wait_for_selector("#code")
    expect(page.locator("form .notice.bad")).to_contain_text("já foi usado")
    bring(page, "second-factor", codes[7])
    page.wait_for_selector("#code")
    expect(page.locator("#toasts")).to_contain_text("Restam 2 códigos")


def test_an_operator_who_lost_phone_and_codes_enrols_anew_with_a_key_from_the_shell(
    page: Page, club: Club
) -> None:
    account = club.add_operator()
    enrol(page, account)
    data = ("--data", str(club.data_folder))
    fresh_key = setup_key_in(selo("staff", "second-factor", account.username, *data).stdout)
    bring_password(page, account)
    bring(page, "setup-key", account.setup_key)
    expect(page.locator("form .notice.bad")).to_be_visible()
    bring(page, "setup-key", fresh_key)
    totp = pyotp.TOTP((page.text_content(".secret") or "").replace(" ", ""))
    bring(page, "second-factor", totp.now())
    page.wait_for_selector(".recovery")


def test_who_leaves_the_second_step_begins_with_another_account(page: Page, club: Club) -> None:
    bring_password(page, club.add_operator())
    page.click("form [type=button]")
    expect(page.locator("[name=username]")).to_be_focused()
    assert page.input_value("[name=password]") == ""
    bring_password(page, club.add_operator())
    page.wait_for_selector("[name=setup-key]")


def test_a_till_keeps_its_token_and_waits_are_told_in_seconds(page: Page, club: Club) -> None:
    account = club.add_operator()
    enrol(page, account)
    assert len(page.evaluate("JSON.parse(localStorage.getItem('selo-till-device'))")) == 43
    bring_password(page, account)
    page.wait_for_selector("[name=second-factor]")
    for _ in range(5):
        bring(page, "second-factor", "000000")
        expect(page.locator("form .primary")).to_be_enabled()
        page.wait_for_selector("form .notice.bad")
    bring(page, "second-factor", "000000")
    expect(page.locator("form .notice.bad")).to_contain_text("De novo daqui a")


@pytest.mark.parametrize("language", ["en", "pt", "pl"])
def test_every_step_is_whole_at_360_pixels(browser: Browser, club: Club, language: str) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale=language, reduced_motion="reduce"
    )
    page = context.new_page()
    account = club.add_operator()
    steps: list[str] = []

    def look(step: str) -> None:
        widths = page.evaluate(
            "[document.documentElement, document.getElementById('screen')].map((each) => each.scrollWidth)"
        )
        assert max(widths) <= 360, step
        assert findings(page) == [], step
        steps.append(step)

    bring_password(page, account)
    page.wait_for_selector("[name=setup-key]")
    look("set-up key")
    bring(page, "setup-key", account.setup_key)
    page.wait_for_selector(".secret")
    look("picture")
    totp = pyotp.TOTP((page.text_content(".secret") or "").replace(" ", ""))
    bring(page, "second-factor", totp.now())
    page.wait_for_selector(".recovery")
    look("recovery codes")
    bring_password(page, account)
    page.wait_for_selector("[name=second-factor]")
    look("code")
    context.close()
    assert steps == ["set-up key", "picture", "recovery codes", "code"]


def test_the_set_up_key_that_the_demo_prints_works(page: Page, demo_seed: Path) -> None:
    with serve_demo(demo_seed) as shop:
        olga = shop.of_role("operator")
        account = OperatorAccount(
            shop.url, Path(), olga["username"], olga["password"], olga.get("setupKey") or ""
        )
        enrol(page, account)
        page.check("[name=kept]")
        page.click(".card .primary")
        page.wait_for_selector("#code")
