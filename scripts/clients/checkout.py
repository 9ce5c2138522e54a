"""A web shop's checkout: hold of a customer's wallet, record the order with it, refund a part of it.

SELO_URL, SELO_CUSTOMER (the customer's access token), SELO_SHOP (the shop's key), SELO_NUMBER, SELO_WALLET,
SELO_ORDER. Run again with the same order it is told what was done, and does nothing twice.
"""

import json
import os
import sys
from typing import Any
from urllib.request import Request, urlopen


def ask(token: str, name: str, kind: str, answer: str, **fields: object) -> Any:
    query = f"mutation($i: {kind}!) {{ {name}(input: $i) {{ ... on Problem {{ message }} {answer} }} }}"
    # A key that follows from the order is the same after a crash, too. A second refund takes another one.
    variables = {"i": {**fields, "idempotencyKey": f"{order} {name}"}}
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    with urlopen(Request(f"{os.environ['SELO_URL']}/graphql", body, headers), timeout=30) as response:
        done = json.load(response)
    if "errors" in done or "message" in done["data"][name]:
        sys.exit(f"{name}: {done}")
    return done["data"][name]


customer, shop, order = (os.environ[f"SELO_{name}"] for name in ("CUSTOMER", "SHOP", "ORDER"))
wanted = {"wallet": os.environ["SELO_WALLET"], "amount": 100, "order": order, "total": 2000}
placed = "... on PaymentHeld { hold { id worth } }"
hold = ask(customer, "holdPayment", "HoldPaymentInput", placed, **wanted)["hold"]
sale = {"member": os.environ["SELO_NUMBER"], "externalId": order, "currency": "EUR", "total": 2000}
sale |= {"paidWith": [{"hold": hold["id"]}]}
bought = ask(shop, "recordPurchase", "PurchaseInput", "... on PurchaseRecorded { purchase { paid } }", **sale)
answer = "... on PurchaseRefunded { back { money wallets { units } } }"
refund = {"externalId": order, "amount": 1000, "reason": "one came back"}
back = ask(shop, "refundPurchase", "RefundInput", answer, **refund)["back"]
figures = {"paid": bought["purchase"]["paid"], "money": back["money"], "units": back["wallets"][0]["units"]}
print(json.dumps({"worth": hold["worth"], **figures}))
