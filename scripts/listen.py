"""Listens to `memberActivity` over graphql-transport-ws, and prints each event as a line of JSON: what happened
since a cursor, then what happens. It is also an example of the protocol, without a GraphQL client.
"""

import argparse
import asyncio
import json
import sys

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

SUBSCRIPTION = """subscription($after: String) { memberActivity(after: $after) { cursor occurredAt activity { __typename
  ... on BalanceChanged { entries { amount title } } ... on VoucherIssued { voucher { title voucherState } }
  ... on RewardUnlocked { reward { reward { title } } } ... on MessageReceived { message { title } } } } }"""


async def listen(api: str, token: str, after: str | None, *, events: int) -> None:
    """Print so many events."""
    url = "ws" + api.removeprefix("http")
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        await socket.send(json.dumps(init))
        payload = {"query": SUBSCRIPTION, "variables": {"after": after}}
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "connection_ack":
                await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            elif message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong"}))
            elif message["type"] == "next":
                print(json.dumps(message["payload"], ensure_ascii=False), flush=True)
                events -= 1
                if events == 0:
                    return
            else:
                sys.exit(f"The subscription ended: {text!s}")


def main() -> None:
    """Read the command line and listen."""
    parser = argparse.ArgumentParser(description="Prints what happens to a member as it happens.")
    parser.add_argument("api", help="such as http://127.0.0.1:8000/graphql")
    parser.add_argument("token", help="the member's access token")
    parser.add_argument(
        "cursor", nargs="?", help="what happened since `me { activityCursor }` is printed first"
    )
    parser.add_argument("--events", type=int, default=100, help="end after so many (100)")
    parser.add_argument("--seconds", type=float, default=600, help="end after so long (600)")
    words = parser.parse_args()

    async def bounded() -> None:
        async with asyncio.timeout(words.seconds):
            await listen(words.api, words.token, words.cursor, events=words.events)

    try:
        asyncio.run(bounded())
    except TimeoutError:
        sys.exit(f"No more events within {words.seconds:g} seconds.")
    except (OSError, KeyboardInterrupt) as fault:
        sys.exit(f"The connection ended: {type(fault).__name__}")


if __name__ == "__main__":
    main()
