"""Writes an archive of a small shop's database: the demo with a few members, and a day of acts over GraphQL.

It speaks to `selo serve` alone, over HTTP and MongoDB, so that it also runs in the checkout of an earlier commit
(copy both files there). The archive is gzipped NDJSON, one line a document: `{"in": COLLECTION, "document": ...}`
in MongoDB's canonical extended JSON.
"""

import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import pymongo
from bson import json_util

from api.embedded import read_note

ROOT = Path(__file__).parent.parent
MEMBERS = 10
READY = "Selo is ready at "
CODE = "sign-in code for "
SERVE = """
import sys
from domain.services import demo_people
demo_people.MEMBERS = {members}
from api.cli import main
sys.argv = ["selo", "serve", "--port", "0", "--demo", "--data", {data!r}]
main()
"""
Json = dict[str, Any]


class Shop:
    """The running shop: what its server prints, and its GraphQL."""

    def __init__(self, server: "subprocess.Popen[str]") -> None:
        self._server = server
        self.url = self._wait_for(READY)

    def _wait_for(self, start: str) -> str:
        assert self._server.stdout is not None, "stdout is a pipe"
        for line in self._server.stdout:
            if line.startswith(start):
                return line.removeprefix(start).strip()
        raise SystemExit("The server ended.")

    def mutate(self, name: str, kind: str, values: Json, answer: str, *, token: str = "") -> Json:
        """Run one mutation and return what it answered."""
        query = f"mutation M($input: {kind}!) {{ {name}(input: $input) {{ __typename {answer} }} }}"
        result: Json = self.ask(query, {"input": values}, token=token)[name]
        return result

    def ask(self, query: str, variables: Json | None = None, *, token: str = "") -> Json:
        """Send one operation and return its data."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables or {}}
        reply = httpx.post(f"{self.url}/graphql", json=body, headers=headers).json()
        if reply.get("errors"):
            raise SystemExit(f"{query}: {reply['errors']}")
        answer: Json = reply["data"]
        return answer

    def sign_in(self, contact: str, brought: Json) -> str:
        """Sign a member in by the code that the server prints, with what asking for it answered."""
        code = self._wait_for(CODE).split(": ")[1]
        values = {"contact": contact, "code": code, "installationId": "phone-1", **brought}
        return str(
            self.mutate("signIn", "SignInInput", values, "... on SignedIn { accessToken }")["accessToken"]
        )


def main() -> None:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        words = [sys.executable, "-c", SERVE.format(members=MEMBERS, data=str(data))]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as server:
            try:
                _act(Shop(server), json.loads((data / "demo.json").read_text()))
                time.sleep(3)  # the worker delivers what was promised: nothing tells that it has
                lines = _dump(_uri(data))
            finally:
                server.terminate()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress("\n".join(lines).encode(), mtime=0))
    print(f"{target}: {len(lines)} documents, {target.stat().st_size // 1024} KB")


def _uri(data: Path) -> str:
    running = read_note(data)
    assert running is not None, "the server runs"
    return running.uri


def _act(shop: Shop, sheet: Json) -> None:
    """Have each collection hold something: purchases, a refund, a voucher used, devices, letters, codes."""
    manager = next(employee for employee in sheet["staff"] if employee["role"] == "MANAGER")
    till = shop.mutate(
        "staffSignIn",
        "StaffSignInInput",
        {name: manager[name] for name in ("username", "password", "store")},
        "... on StaffSignedIn { accessToken }",
    )["accessToken"]
    contact = sheet["members"][0]["email"]
    asked = shop.mutate("requestSignInCode", "RequestSignInCodeInput", {"contact": contact}, "challenge")
    member = shop.sign_in(contact, {"challenge": asked["challenge"]})
    device = {
        "installationId": "phone-1",
        "platform": "ANDROID",
        "token": "a-push-token-000000000",
        "tokenKind": "FID",
    }
    shop.mutate("registerDevice", "RegisterDeviceInput", device, "device { id }", token=member)
    number = shop.ask("{ me { number } }", token=member)["me"]["number"]
    for receipt, total in (("MF-1", 50_000), ("MF-2", 12_345), ("MF-3", 990)):
        purchase = {"member": number, "externalId": receipt, "currency": "EUR", "total": total}
        _mutate_once(shop, "recordPurchase", "PurchaseInput", purchase, token=till)
    refund = {"externalId": "MF-2", "amount": 2_345, "reason": "one stamp came back"}
    _mutate_once(shop, "refundPurchase", "RefundInput", refund, token=till)
    adjustment = {"member": number, "wallet": "points", "amount": 2_000, "reason": "sorry for the wait"}
    _mutate_once(shop, "adjustBalance", "AdjustBalanceInput", adjustment, token=till)
    rewards = shop.ask(
        "{ me { rewards(first: 20) { edges { node { rewardState reward { id } } } } } }", token=member
    )["me"]["rewards"]["edges"]
    unlocked = [edge["node"]["reward"]["id"] for edge in rewards if edge["node"]["rewardState"] == "UNLOCKED"]
    answer = "... on RewardRedeemed { voucher { code } }"
    redeemed = _mutate_once(
        shop, "redeemReward", "RedeemRewardInput", {"rewardId": unlocked[0]}, answer, token=member
    )
    _mutate_once(shop, "useVoucher", "UseVoucherInput", {"code": redeemed["voucher"]["code"]}, token=till)
    _mutate_once(shop, "redeemReward", "RedeemRewardInput", {"rewardId": unlocked[0]}, answer, token=member)
    newcomer = {"name": "Nova Pessoa", "email": "nova@example.com", "termsVersion": "2026-01", "locale": "pt"}
    answer = "... on Enrolled { challenge enrolmentToken }"
    applied = _mutate_once(shop, "enrol", "EnrolInput", newcomer, answer)
    brought = {name: applied[name] for name in ("challenge", "enrolmentToken")}
    token = shop.sign_in(newcomer["email"], brought)
    number = shop.ask("{ me { number } }", token=token)["me"]["number"]
    purchase = {"member": number, "externalId": "MF-4", "currency": "EUR", "total": 150_000}
    _mutate_once(shop, "recordPurchase", "PurchaseInput", purchase, token=till)
    waiting = {**newcomer, "email": "quase@example.com"}
    _mutate_once(shop, "enrol", "EnrolInput", waiting)
    sale = {"externalId": "MF-5", "currency": "EUR", "total": 8_000}
    _mutate_once(shop, "recordGuestPurchase", "RecordGuestPurchaseInput", {"sale": sale}, token=till)
    refund = {"externalId": "MF-5", "amount": 3_000, "reason": "one of two came back"}
    _mutate_once(shop, "refundPurchase", "RefundInput", refund, token=till)


def _mutate_once(
    shop: Shop, name: str, kind: str, values: Json, answer: str = "", *, token: str = ""
) -> Json:
    return shop.mutate(name, kind, {**values, "idempotencyKey": str(uuid.uuid4())}, answer, token=token)


def _dump(uri: str) -> list[str]:
    client: pymongo.MongoClient[Json] = pymongo.MongoClient(uri, tz_aware=True)
    with client:
        database = client["selo"]
        return [
            json.dumps({"in": name, "document": json.loads(_canonical(document))}, separators=(",", ":"))
            for name in sorted(database.list_collection_names())
            for document in database[name].find({}).sort("_id", 1)
        ]


def _canonical(document: Json) -> str:
    return json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS)


if __name__ == "__main__":
    main()
