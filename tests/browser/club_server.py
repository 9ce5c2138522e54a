"""`selo serve` as an operator runs it: with its worker, FCM and a mail server beside it, and with a store and
a cashier added by command.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page

from tests.browser.demo_server import StaffSignIn
from tests.senders.fcm import FcmStandIn, serving_fcm
from tests.senders.mailbox import Mailbox, serving_mail
from tests.senders.push_tokens import push_token
from tests.servers import quick_folder, selo, serve_selo

Json = dict[str, Any]
WAIT_SECONDS = 60.0  # a command that looks takes seconds where others work beside it
PHONES = (("phone-1", "ANDROID", "TOKEN"), ("tablet-1", "IOS", "FID"))


@dataclass(frozen=True)
class ClubServer:
    """A running server, what was pushed and mailed from it, and who serves at its till."""

    url: str
    data_folder: Path
    fcm: FcmStandIn
    mailbox: Mailbox
    cashier: StaffSignIn
    client: httpx.Client
    environment: Mapping[str, str]

    def do(self, query: str, variables: Json | None = None, *, token: str | None = None) -> Json:
        """Send one operation that goes well and return its data."""
        headers = {"authorization": f"Bearer {token}"} if token is not None else {}
        body = self.client.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
        ).json()
        assert "errors" not in body, body
        payload: Json = body["data"]
        return payload

    def cashier_token(self) -> str:
        """Return the access token of the cashier, signed in at the store."""
        query = (
            "mutation($i: StaffSignInInput!) { staffSignIn(input: $i) { ... on StaffSignedIn { accessToken"
            " } } }"
        )
        credentials = {name: self.cashier[name] for name in ("username", "password", "store")}
        token: str = self.do(query, {"i": credentials})["staffSignIn"]["accessToken"]
        return token

    def code_for(self, contact: str) -> str:
        """Return the sign-in code that was mailed to somebody last."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up_at:
            for to, mail in reversed(self.mailbox.mails):
                if to == [contact] and (match := re.match(r"\d{6}", str(mail["subject"]))):
                    return match[0]
            time.sleep(0.02)
        raise AssertionError(f"no code was mailed to {contact}")

    def wait_until_outbox_is_empty(self) -> None:
        """Wait until the outbox holds nothing that is still to be sent."""
        give_up_at = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up_at:
            if (
                "Nothing is pending"
                in selo("outbox", "list", "--state", "pending", "--data", str(self.data_folder)).stdout
            ):
                return
        raise AssertionError("messages are still to be sent")


def midday_zone() -> str:
    """A zone in which it is about one in the afternoon: quiet hours are on, and nobody waits for their
    end.
    """
    ahead = (13 - datetime.now(UTC).hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}"  # whose signs say how far behind it is


def prove_contact(page: Page, contact: str, code_for: Callable[[str], str]) -> None:
    """Enter a contact that is no member's with the code that was sent to it; the name is asked for next."""
    page.fill("[name=contact]", contact)
    page.click("form .primary")
    page.wait_for_selector("[name=code]")
    page.fill("[name=code]", code_for(contact))
    page.click("form .primary")
    page.wait_for_selector("[name=name]")


def join(
    page: Page,
    club: ClubServer,
    *,
    name: str = "Ana Silva",
    email: str = "ana@example.com",
    birthday: str = "",
) -> str:
    """Join on the phone page, with the code that comes by mail, and register two phones that pushes reach;
    return the access token.
    """
    page.goto(f"{club.url}/phone/")
    prove_contact(page, email, club.code_for)
    page.fill("[name=name]", name)
    page.fill("[name=birthday]", birthday)
    page.check("[name=terms]")
    page.click("form .primary")
    page.wait_for_selector(".purse")
    token: str = page.evaluate("JSON.parse(localStorage.getItem('selo-phone')).accessToken")
    zone = "mutation($z: String!) { updateProfile(input: {timezone: $z}) { member { id } } }"
    club.do(zone, {"z": midday_zone()}, token=token)
    for installation, platform, kind in PHONES:
        device = {
            "installationId": installation,
            "platform": platform,
            "token": push_token(f"ok-{installation}", kind),
            "tokenKind": kind,
        }
        club.do(
            "mutation($i: RegisterDeviceInput!) { registerDevice(input: $i) { device { id } } }",
            {"i": device},
            token=token,
        )
    return token


@contextmanager
def serve_club(programme: str, settings: Mapping[str, str] | None = None) -> Iterator[ClubServer]:
    """Serve a programme until the block ends; `settings` are more of its environment."""
    with quick_folder() as folder, serving_fcm() as fcm, _mail_in_thread() as mailbox:
        file, data_folder = folder / "programme.yaml", folder / "data"
        file.write_text(programme, encoding="utf-8")
        environment = {
            **fcm.settings(folder),
            "SELO_SMTP_HOST": "127.0.0.1",
            "SELO_SMTP_PORT": str(mailbox.port),
            "SELO_SMTP_SECURITY": "none",
            "SELO_MAIL_FROM": "club@selo.example.com",
            "SELO_BASE_URL": "https://club.selo.example.com",
            **(settings or {}),
        }
        with (
            serve_selo(data_folder, "--programme", str(file), environment=environment) as served,
            httpx.Client(base_url=served.url, timeout=30) as client,
        ):
            yield ClubServer(
                served.url, data_folder, fcm, mailbox, _hire_cashier(data_folder), client, environment
            )


def _hire_cashier(data_folder: Path) -> StaffSignIn:
    username = f"rui-{secrets.token_hex(3)}"
    assert selo("store", "add", "lisboa", "--name", "Lisboa", "--data", str(data_folder)).returncode == 0
    output = selo(
        "staff", "add", username, "--name", "Rui", "--store", "lisboa", "--data", str(data_folder)
    ).stdout
    return StaffSignIn(
        username=username, password=output.strip().partition("password: ")[2], role="cashier", store="lisboa"
    )


@contextmanager
def _mail_in_thread() -> Iterator[Mailbox]:
    """The mail server in a loop of its own: the browser's leaves no room for another beside it."""
    loop, ready, end = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    boxes: list[Mailbox] = []

    async def serve() -> None:
        async with serving_mail() as mailbox:
            boxes.append(mailbox)
            ready.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="mail")
    thread.start()
    try:
        assert ready.wait(10), "it listens"
        yield boxes[0]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()
        loop.close()
