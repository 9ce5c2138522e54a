"""The README's walk, copied line by line into a shell beside a demo server: every line succeeds and answers
what the page says.
"""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import ROOT, Served, quick_folder, selo, serve_selo
from tests.small_runtime import NUMISCOLLECT


@pytest.fixture(scope="module")
def demo(demo_seed: Path) -> Iterator[tuple[Path, Served]]:
    """A demo server, its data in the folder's `selo-data`."""
    with quick_folder() as folder:
        shutil.copytree(demo_seed, folder / "selo-data")
        with serve_selo(folder / "selo-data", "--demo") as served:
            yield folder, served


def walk(heading: str) -> list[str]:
    """The commands of a section, as they stand."""
    section = (ROOT / "README.md").read_text().split(f"## {heading}")[1].split("\n## ")[0]
    return re.findall(r"^    (.+)$", section, re.MULTILINE)


def run_walk(heading: str, folder: Path, served: Served, *, typed: int) -> str:
    """Run the commands of a section in one shell; return what they print."""
    script = (
        "\n".join(["set -e", *walk(heading)])
        .replace("http://127.0.0.1:8000", served.url)
        .replace("scripts/selo", str(ROOT / "scripts/selo"))
        .replace("scripts/listen", str(ROOT / "scripts/listen"))
    )
    environment = {name: value for name, value in os.environ.items() if name != "MONGODB_URI"}
    done = subprocess.run(
        ["bash", "-c", script],
        check=False,
        cwd=folder,
        stdin=typed,
        capture_output=True,
        text=True,
        timeout=180,
        env={**environment, "SELO_DATA": str(folder / "selo-data")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def type_code(served: Served, keyboard: int) -> None:
    """Type the first sign-in code that the server shows, as somebody beside it would."""
    assert served.process.stdout is not None, "stdout is a pipe"
    for line in served.process.stdout:
        if line.startswith("sign-in code for "):
            os.write(keyboard, f"{line.split()[-1]}\n".encode())
            os.close(keyboard)
            return


def test_the_walk_works_copied_line_by_line(demo: tuple[Path, Served]) -> None:
    folder, served = demo
    typed, keyboard = os.pipe()
    threading.Thread(target=type_code, args=(served, keyboard), daemon=True).start()
    printed = run_walk("A walk through it", folder, served, typed=typed)
    os.close(typed)
    answers = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert [answer for answer in answers if "errors" in answer] == []
    assert len(answers) == 15
    first, again, claimed, refund = (next(iter(answer["data"].values())) for answer in answers[5:9])
    assert first["__typename"] == "PurchaseRecorded"
    assert again == first
    assert (claimed["__typename"], claimed["sameMember"]) == ("PurchaseClaimed", True)
    assert (refund["__typename"], refund["purchase"]) == (
        "PurchaseRefunded",
        {"total": 4990, "refunded": 1000},
    )
    signed_in, redeemed, live, scanned, devices, tried = (answer["data"] for answer in answers[9:])
    assert scanned["scan"]["customer"]["name"] == signed_in["me"]["name"]
    assert redeemed["redeemReward"]["voucher"]["voucherState"] == "ISSUED"
    assert live["memberActivity"]["activity"]["__typename"] == "VoucherIssued"
    assert devices["me"]["devices"][0]["push"]["reason"] == "NOT_CONFIGURED"
    assert tried["sendTestPush"]["reason"] == "NOT_CONFIGURED"
    assert printed.splitlines()[-1] == "200 members: no difference"


def test_a_systems_first_events_work_copied_line_by_line(demo: tuple[Path, Served]) -> None:
    folder, served = demo
    printed = run_walk("Letting a system report", folder, served, typed=subprocess.DEVNULL)
    *posted, quoted = [json.loads(line) for line in printed.splitlines()]
    states = [[each["state"] for each in answer["results"]] for answer in posted]
    assert states == [["taken"], ["taken", "taken"], ["taken"], ["taken"], ["taken"], ["refused"]]
    assert posted[-1]["results"][0]["remedy"] == "did you mean review.written?"
    assert quoted["data"]["quotePurchase"]["totals"][0]["wallet"] == "points"
    for _ in range(200):
        listed = selo("intake", "list", "--data", str(folder / "selo-data")).stdout
        if listed.startswith("6 applied") or " 6 applied" in listed:
            break
    assert " 0 failed" in listed or "0 failed" in listed
    assert "6 applied" in listed


PURCHASES = """{ me { number purchases(first: 100) { edges { node { externalId total refunded lines { line refundedQuantity } } } }
  pointHistory(first: 100) { edges { node { entryKind purchase { externalId } } } } } }"""


def test_what_the_demo_members_bought_can_be_read_and_refunded_like_any_purchase(
    demo: tuple[Path, Served],
) -> None:
    folder, served = demo
    url = served.url
    sheet = json.loads((folder / "selo-data" / "demo.json").read_text())
    cashier = token(folder, "--staff", sheet["staff"][0]["username"])
    refunded = 0
    for each in sheet["members"][:6]:
        me = ask(url, PURCHASES, token(folder, "--member", each["number"]))["me"]
        bought = [edge["node"] for edge in me["purchases"]["edges"]]
        assert len(bought) > 0
        refunded += sum(1 for one in bought if one["refunded"] > 0)
        assert all(
            edge["node"]["purchase"]
            for edge in me["pointHistory"]["edges"]
            if edge["node"]["entryKind"] == "CLAWBACK"
        )
        whole = next(
            (one for one in bought if one["refunded"] == 0 and one["externalId"].startswith("L-")), None
        )
        if whole is not None:
            refund = """mutation($x: String!) { refundPurchase(input: {externalId: $x, reason: "returned", idempotencyKey: $x}) {
              ... on PurchaseRefunded { purchase { externalId total refunded } } } }"""
            done = ask(url, refund, cashier, x=whole["externalId"])["refundPurchase"]["purchase"]
            assert done == {
                "externalId": whole["externalId"],
                "total": whole["total"],
                "refunded": whole["total"],
            }
    assert refunded > 0, "some of what they bought was returned"


def test_a_programme_published_over_its_members_rules_on_when_the_demo_is_started_again(
    demo: tuple[Path, Served],
) -> None:
    folder, served = demo
    data_folder, other = folder / "selo-data", folder / "other.yaml"
    sheet = json.loads((data_folder / "demo.json").read_text())
    other.write_text(
        NUMISCOLLECT.read_text(encoding="utf-8").replace("Clube NumisCollect", "Outro clube"),
        encoding="utf-8",
    )
    assert served.stop() == 0
    assert (
        selo("programme", "publish", str(other), "--data", str(data_folder)).stdout
        == "Version 2 is published.\n"
    )
    with serve_selo(data_folder, "--demo") as again:
        number = sheet["members"][0]["number"]
        answer = ask(again.url, "{ programme { name } me { number } }", token(folder, "--member", number))
    assert answer == {"programme": {"name": "Outro clube"}, "me": {"number": number}}
    shown = json.loads((data_folder / "demo.json").read_text())
    assert (len(shown["members"]), shown["members"], shown["staff"]) == (
        200,
        sheet["members"],
        sheet["staff"],
    )


def token(folder: Path, *whom: str) -> str:
    command = [str(ROOT / "scripts/selo"), "token", "--data", str(folder / "selo-data"), *whom]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def ask(url: str, query: str, bearer: str, **variables: str) -> dict[str, Any]:
    answer = httpx.post(
        f"{url}/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {bearer}"},
        timeout=30,
    ).json()
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]
    return payload
