"""The member's card without a network, made by the API page's recipe alone: what it says for Kotlin and Swift,
in Python.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from tests.running_app import ROOT, RunningApp

PAGE = " ".join((ROOT / "api" / "README.md").read_text(encoding="utf-8").split())
SCAN = "__typename ... on CustomerScan { customer { number } }"


def made_by_the_recipe(card_secret: str, unix_time: float) -> str:
    """Make a card's code as the page says, without any code of ours."""
    raw = urlsafe_b64decode(card_secret + "=" * (-len(card_secret) % 4))
    device, key = raw[:8], raw[8:]
    step = int(unix_time // 30)
    mac = hmac.digest(key, b"selo.card.1" + device + step.to_bytes(8, "big"), "sha256")[:8]
    return "1" + urlsafe_b64encode(device + mac).decode().rstrip("=")


def test_the_recipe_gives_the_code_that_readme_shows() -> None:
    shown = re.search(r"secret `(\S+)` at (\S+) \(step (\d+)\) the code `(\S+)`", PAGE)
    assert shown is not None, "the page shows a secret, an instant, its step and the code"
    secret, instant, step, code = shown.groups()
    unix_time = datetime.fromisoformat(instant).timestamp()
    assert (int(step), code) == (unix_time // 30, "1AAECAwQFBgfJaKzp6OIPFw")
    assert made_by_the_recipe(secret, unix_time) == code


async def test_a_code_made_by_the_recipe_opens_a_visit_until_the_next_secret_was_scanned(
    app: RunningApp,
) -> None:
    ana, till = await app.enrol_member(), await app.hire("rui")
    number = (await app.do("{ me { number } }", token=ana))["me"]["number"]
    input = {"installationId": "phone-1", "platform": "ANDROID"}
    secret = (await app.mutate("registerDevice", input, "cardSecret", token=ana))["cardSecret"]
    code = made_by_the_recipe(secret, app.clock().timestamp())
    scanned = await app.mutate("scan", {"code": code, "idempotencyKey": "s1"}, SCAN, token=till)
    assert scanned == {"__typename": "CustomerScan", "customer": {"number": number}}
    newer = (await app.mutate("registerDevice", input, "cardSecret", token=ana))["cardSecret"]

    async def shown(card_secret: str, key: str) -> str:
        app.clock.advance(seconds=30)
        code = made_by_the_recipe(card_secret, app.clock().timestamp())
        answer = await app.mutate("scan", {"code": code, "idempotencyKey": key}, SCAN, token=till)
        return str(answer["__typename"])

    assert [await shown(secret, "s2"), await shown(newer, "s3")] == ["CustomerScan", "CustomerScan"]
    assert await shown(secret, "s4") == "UnknownCode"
