"""How soon the phone knows: from the till's answer to the push request at FCM, and to the member's open phone
page.

Run by `scripts/bench-push`: a real `selo serve` with its worker, the stand-in for FCM, and the page in
headless Chromium. One member buys a hundred times, and each purchase unlocks one more reward. All clocks are
this machine's.
"""

import os
import statistics
import time
from collections.abc import Sequence

from playwright.sync_api import Page, sync_playwright

from tests.browser.club_server import PHONES, ClubServer, join, serve_club
from tests.browser.conftest import CHROMIUM, PHONE

PURCHASES, WAIT_SECONDS = 100, 15.0
REWARDS = "\n".join(
    f"  - {{code: r{n}, title: {{pt: Prémio {n:03}}}, kind: product, cost: {{wallet: points, amount:"
    f" {n * 10}}}}}"
    for n in range(1, PURCHASES + 1)
)
PROGRAMME = f"""
programme:
  {{code: soon, name: {{pt: Já}}, currency: EUR, timezone: Europe/Lisbon, locales: [pt], terms: {{version: "1", url: "https://soon.example"}}}}
wallets: [{{code: points, kind: points, name: {{pt: Pontos}}}}]
rules:
  - code: purchase
    title: {{pt: Compra}}
    on: purchase.completed
    do: [{{award: {{wallet: points, amount: 1, per: 100, of: purchase.total}}}}]
  - {{code: unlocked, on: reward.unlocked, do: [{{message: unlocked}}]}}
rewards:
{REWARDS}
messages:
  - {{code: unlocked, channels: [push, inbox], purpose: service, title: {{pt: "{{reward.title}} é seu"}}, link: "app://rewards/{{reward.code}}"}}
"""
BUY = "mutation($i: PurchaseInput!) { recordPurchase(input: $i) { __typename } }"
WATCH = """() => {
  window.shown = {};
  const note = (key) => { window.shown[key] ??= performance.timeOrigin + performance.now(); };
  new MutationObserver(() => {
    for (const news of document.querySelectorAll("#news .news")) {
      const found = news.textContent.match(/Desbloqueado: Prémio (\\d{3})/);
      if (found) note("reward " + Number(found[1]));
    }
    const unread = document.querySelector(".bell .count");
    if (unread) note("message " + Number(unread.textContent));
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


def measure(club: ClubServer, page: Page) -> None:
    """Buy, wait until both phones and the page know, and repeat; print how long each took."""
    token = join(page, club)
    number = club.do("{ me { number } }", token=token)["me"]["number"]
    page.evaluate(WATCH)
    till = club.cashier_token()
    pushed, rewarded, message_seconds, answered = [], [], [], []
    for n in range(1, PURCHASES + 1):
        bought = {
            "member": number,
            "externalId": f"r{n}",
            "total": 1000,
            "currency": "EUR",
            "idempotencyKey": f"k{n}",
        }
        began = time.time()
        assert club.do(BUY, {"i": bought}, token=till)["recordPurchase"]["__typename"] == "PurchaseRecorded"
        at = time.time()
        answered.append(at - began)
        came = _pushed(club, n)
        shown = _shown(page, n)
        pushed.append(came - at)
        rewarded.append(shown[f"reward {n}"] / 1000 - at)
        message_seconds.append(shown[f"message {n}"] / 1000 - at)
    assert club.fcm.faults == []
    assert len(club.fcm.accepted) == PURCHASES * len(PHONES)
    print(f"{PURCHASES} purchases, each of which unlocks a reward; {len(PHONES)} phones, one open page")
    _print_seconds("the till waits for its answer", answered)
    print("from the till's answer")
    _print_seconds("  to the push request (both phones)", pushed)
    _print_seconds("  to the reward on the open page", rewarded)
    _print_seconds("  to its message at the page's bell", message_seconds)


def _pushed(club: ClubServer, n: int) -> float:
    """Wait until every phone was sent the reward's message; return when the last was."""
    link, give_up_at = f"app://rewards/r{n}", time.monotonic() + WAIT_SECONDS
    while time.monotonic() < give_up_at:
        came = [
            push.at for push in club.fcm.accepted[-2 * len(PHONES) :] if push.message["data"]["link"] == link
        ]
        if len(came) == len(PHONES):
            return max(came)
        time.sleep(0.002)
    raise AssertionError(f"no push within {WAIT_SECONDS:.0f} s")


def _shown(page: Page, n: int) -> dict[str, float]:
    """Wait until the page showed reward and message; return when, in milliseconds."""
    give_up_at = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < give_up_at:
        shown: dict[str, float] = page.evaluate("window.shown")
        if shown.keys() >= {f"reward {n}", f"message {n}"}:
            return shown
        time.sleep(0.01)
    raise AssertionError(f"nothing on the page within {WAIT_SECONDS:.0f} s")


def _print_seconds(label: str, seconds: Sequence[float]) -> None:
    """Print the median and the worst. What came before the till had its answer counts as zero."""
    milliseconds = [max(0.0, each) * 1000 for each in seconds]
    print(f"{label:<38} median {statistics.median(milliseconds):5.0f} ms   worst {max(milliseconds):5.0f} ms")


def main() -> None:
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with serve_club(PROGRAMME) as club, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        measure(club, browser.new_context(viewport=PHONE, locale="pt-PT").new_page())
        browser.close()


if __name__ == "__main__":
    main()
