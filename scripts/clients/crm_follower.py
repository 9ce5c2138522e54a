"""A small CRM that follows a club by webhooks, to copy from: Python's own library is all that it needs.

    SELO_WEBHOOKS='{"crm": {"url": "http://127.0.0.1:8099/", "secret": "whsec_...", "events": ["member.enrolled",
      "member.consented", "member.profile_changed", "member.erased", "purchase.completed", "purchase.refunded"]}}'
    CRM_SECRET=whsec_... python3 scripts/clients/crm_follower.py --port 8099 --file crm.sqlite

It takes a body only where Standard Webhooks' signature holds, counts each `webhook-id` once, and answers 204 when it
is written. What came is in codes and figures: `to_read` names the fields of a profile to read again by the API.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import os
import sqlite3
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

TOLERANCE_SECONDS = 300
LARGEST_BODY = 1_000_000
TABLES = """
CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS members (id TEXT PRIMARY KEY, since TEXT, spent INTEGER DEFAULT 0, to_read TEXT DEFAULT '');
CREATE TABLE IF NOT EXISTS consents (member TEXT, purpose TEXT, granted INTEGER, at TEXT, PRIMARY KEY (member, purpose));
"""


def is_signed(headers: Any, body: bytes, secret: str) -> bool:
    """Tell whether the secret has signed a body in the last five minutes."""
    id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{id}.{stamp}.".encode() + body, "sha256")
    expected = "v1," + base64.b64encode(digest).decode()
    brought = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(each.encode(), expected.encode()) for each in brought)


def follow(database: sqlite3.Connection, id: str, event: dict[str, Any]) -> None:
    """Write down what an event says, once."""
    member, data, at = event["member"], event["data"], event["occurredAt"]
    with database:
        if database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (id,)).rowcount == 0:
            return
        if event["event"] == "member.erased":
            database.execute("DELETE FROM members WHERE id = ?", (member,))
            database.execute("DELETE FROM consents WHERE member = ?", (member,))
            return
        database.execute("INSERT OR IGNORE INTO members (id) VALUES (?)", (member,))
        match event["event"]:
            case "member.enrolled":
                database.execute("UPDATE members SET since = ? WHERE id = ?", (at, member))
            case "member.profile_changed":
                fields = " ".join(data["fields"])
                database.execute("UPDATE members SET to_read = ? WHERE id = ?", (fields, member))
            case "member.consented":  # a delivery that was tried again may come after a later answer
                database.execute(
                    "INSERT INTO consents VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET granted = excluded.granted,"
                    " at = excluded.at WHERE excluded.at > at",
                    (member, data["purpose"], data["granted"], at),
                )
            case "purchase.completed" | "purchase.refunded":
                sign = 1 if event["event"] == "purchase.completed" else -1
                database.execute(
                    "UPDATE members SET spent = spent + ? WHERE id = ?", (sign * data["total"], member)
                )


def handler(file: str, secret: str) -> type[BaseHTTPRequestHandler]:
    """Return what answers a request."""

    class Receiver(BaseHTTPRequestHandler):
        """One delivery: 204 where it is written down, 401 where nobody known has signed it."""

        def do_POST(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("content-length", 0)), LARGEST_BODY))
            status = 401
            if is_signed(self.headers, body, secret):
                with closing(sqlite3.connect(file, timeout=5)) as database:
                    follow(database, self.headers["webhook-id"], json.loads(body))
                status = 204
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Log nothing: the file says it."""

    return Receiver


def main() -> None:
    """Serve until it is ended."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--file", default="crm.sqlite")
    arguments = parser.parse_args()
    with closing(sqlite3.connect(arguments.file)) as database:
        database.executescript(TABLES)
    server = HTTPServer(("127.0.0.1", arguments.port), handler(arguments.file, os.environ["CRM_SECRET"]))
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
