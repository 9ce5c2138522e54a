"""The whole journey on real processes: a purchase at the till page, a push through FCM to two phones, and the
open page that shows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.club_server import PHONES, ClubServer, join
from tests.browser.page_actions import confirm_purchase, enter_purchase, look_up, see_moments, sign_in_at_till
from tests.senders.push_tokens import push_token
from tests.small_runtime import NUMISCOLLECT

# As the demo, but for the two weeks until points may be spent: here the real clock runs.
PROGRAMME = NUMISCOLLECT.read_text(encoding="utf-8").replace("    pending: {days: 14}\n", "")
MESSAGES = "{ me { number messages { unread edges { node { id messageKind title body link readAt } } } } }"


@pytest.fixture
def till(browser: Browser) -> Iterator[Page]:
    context: BrowserContext = browser.new_context(locale="pt-PT", reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_a_purchase_at_the_till_unlocks_a_reward_on_every_phone_at_once(
    page: Page, till: Page, club: ClubServer
) -> None:
    token = join(page, club)
    expect(page.locator(".sum")).to_have_text("100")
    expect(page.locator(".bell .count")).to_have_text("1")  # the welcome
    before = club.do(MESSAGES, token=token)["me"]
    assert [one["node"]["title"] for one in before["messages"]["edges"]] == ["Bem-vindo, Ana Silva"]

    sign_in_at_till(till, club, club.cashier)
    look_up(till, before["number"])
    enter_purchase(till, total="60,00", receipt="R-1")
    confirm_purchase(till)

    # Nobody touched the phone: the points slide in, the first purchase and the reward are moments of their
    # own, each once, and the message counts at the bell.
    expect(page.locator("#news .news")).to_have_text(["1 ponto por cada euro: +60 NumisPontos"])
    assert see_moments(page) == ["A sua primeira compra conta", "Cápsulas para moedas ao seu alcance"]
    expect(page.locator(".sum")).to_have_text("160")
    expect(page.locator(".bell .count")).to_have_text("2")

    club.wait_until_outbox_is_empty()
    inbox = club.do(MESSAGES, token=token)["me"]["messages"]
    newest = inbox["edges"][0]["node"]
    assert (inbox["unread"], len(inbox["edges"])) == (2, 2)
    assert {name: newest[name] for name in ("messageKind", "title", "body", "link", "readAt")} == {
        "messageKind": "reward-unlocked",
        "title": "Cápsulas para moedas é seu",
        "body": "Tem 160 pontos.",
        "link": "app://rewards/coin-capsules",
        "readAt": None,
    }

    pushes = [push for push in club.fcm.pushes if push.message["data"]["kind"] != "welcome"]
    assert club.fcm.faults == []
    assert Counter(push.address for push in pushes) == {
        push_token(f"ok-{installation}", kind): 1 for installation, _, kind in PHONES
    }
    assert {push.status for push in pushes} == {200}
    for push in pushes:
        said = push.message
        assert said["notification"] == {"title": newest["title"], "body": newest["body"]}
        assert said["data"] == {
            "kind": "reward-unlocked",
            "message": newest["id"],
            "link": "app://rewards/coin-capsules",
        }
        assert said["android"]["collapse_key"] == said["android"]["notification"]["tag"] == "reward"
        assert said["apns"]["headers"]["apns-collapse-id"] == "reward"
        assert (
            said["apns"]["payload"]["aps"]["badge"]
            == said["android"]["notification"]["notification_count"]
            == inbox["unread"]
        )

    page.click(".bell")
    expect(page.locator(".message strong").first).to_have_text("Cápsulas para moedas é seu")
