"""The open phone page and its socket: a voucher that lapses while it is shown, and broken messages after
which the page reads again.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.demo_server import DemoServer
from tests.browser.page_actions import see_moments, sign_in_on_phone

VOUCHER: dict[str, object] = {
    "id": "a-voucher",
    "title": "Um café",
    "voucherState": "ISSUED",
    "issuedAt": "2026-01-01T10:00:00Z",
    "expiresAt": "2026-03-02T10:00:00Z",
    "usedAt": None,
    "usedIn": None,
    "cancellable": True,
    "code": "V0000000000000000000",
    "value": None,
    "cost": None,
    "stores": [],
    "reward": {
        "id": "a-reward",
        "title": "Um café",
        "description": None,
        "image": None,
        "rewardKind": "PRODUCT",
        "terms": None,
    },
}


class SocketLine:
    """The page's sockets as they come: each is the server's own, and the test may say something on it as
    well.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.subscribed: list[WebSocketRoute] = []
        page.route_web_socket("**/graphql", self._relay)

    def _relay(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def from_page(message: str | bytes) -> None:
            server.send(message)
            if json.loads(message)["type"] == "subscribe":
                self.subscribed.append(socket)

        socket.on_message(from_page)

    def until_subscribed(self, times: int) -> WebSocketRoute:
        """Wait until the page has subscribed so often; return the socket of the last time."""
        for _ in range(200):
            if len(self.subscribed) >= times:
                return self.subscribed[-1]
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the page subscribed {len(self.subscribed)} times")

    def tell(self, **payload: object) -> None:
        """Tell the page something on its last socket."""
        self.subscribed[-1].send(json.dumps({"id": "1", "type": "next", "payload": payload}))


def happened(**activity: object) -> dict[str, object]:
    return {
        "memberActivity": {"cursor": "c", "occurredAt": datetime.now(UTC).isoformat(), "activity": activity}
    }


def test_a_voucher_that_lapses_while_it_is_held_up_turns(page: Page, shop: DemoServer) -> None:
    line = SocketLine(page)
    sign_in_on_phone(page, shop, shop.members[13])
    line.until_subscribed(1)
    page.evaluate(
        "async (voucher) => { (await import('/phone/screens/voucher.js')).openVoucher(voucher); }", VOUCHER
    )
    expect(page.locator(".held[data-state=ISSUED] .qr")).to_be_visible()
    line.tell(
        data=happened(
            __typename="VoucherExpired", voucher={**VOUCHER, "voucherState": "EXPIRED", "cancellable": False}
        )
    )
    expect(page.locator(".held[data-state=EXPIRED]")).to_be_visible()
    expect(page.locator(".held .qr")).to_have_count(0)
    expect(page.locator("#news .news")).to_contain_text(re.compile("(Lapsed|Expirou|Kupon wygasł): Um café"))


def test_what_comes_broken_is_read_afresh_and_the_page_asks_again(page: Page, shop: DemoServer) -> None:
    line = SocketLine(page)
    sign_in_on_phone(page, shop, shop.members[14])
    line.until_subscribed(1)
    page.clock.install()
    line.tell(
        errors=[{"message": "The database does not answer.", "extensions": {"code": "BUSY", "retryAfter": 2}}]
    )
    # The page has taken what came broken once time that passes has it ask again.
    with page.expect_request(lambda request: "PhoneHome" in (request.post_data or "")) as asked:
        for _ in range(400):
            if asked.is_done():
                break
            page.clock.fast_forward(31_000)
            page.wait_for_timeout(50)
    line.until_subscribed(2)
    line.tell(data=happened(__typename="VoucherReinstated", voucher=VOUCHER))
    expect(page.locator("#news .news")).to_contain_text("Um café")


def test_a_message_of_what_a_card_told_a_moment_ago_counts_at_the_bell_alone(
    page: Page, shop: DemoServer
) -> None:
    line = SocketLine(page)
    sign_in_on_phone(page, shop, shop.members[26])
    line.until_subscribed(1)

    reward = {"id": "a-reward", "title": "Um café", "image": None, "rewardKind": "PRODUCT"}
    line.tell(data=happened(__typename="RewardUnlocked", reward={"id": "mine", "reward": reward}))
    assert any("Um café" in title for title in see_moments(page))
    for title in ("Um café é seu", "Um chá por engano"):
        line.tell(
            data=happened(
                __typename="MessageReceived", unread=2, message={"id": title, "title": title, "body": ""}
            )
        )
    expect(page.locator("#news .news")).to_have_text(["Um chá por engano"])
