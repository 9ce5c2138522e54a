"""The whole application over real HTTP, on a database of the test's own, with a clock that the test advances."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pyotp
import pytest
import uvicorn
from argon2 import PasswordHasher

from api.app import create_app
from api.process import Process, open_process
from api.senders.tls import client_tls
from api.settings import Settings
from domain.model.people.contacts import Contact
from domain.services.people import passwords, staff, stores
from domain.services.senders import ChangeNotice, CodeMessage
from domain.store.connect import Database
from domain.store.people.sessions import StaffRole
from tests.command_log import CommandLog

ROOT = Path(__file__).parent.parent
NUMISCOLLECT = ROOT / "scripts" / "demo" / "programmes" / "numiscollect.yaml"
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
PASSWORD = "a long enough password"
MOST_BUSY = 20
STORES = {"lisboa": "NumisCollect Lisboa", "porto": "NumisCollect Porto"}

Json = dict[str, Any]


@dataclass
class Clock:
    """The clock of the whole application."""

    now: datetime = datetime(2026, 3, 2, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        """Let time pass: `clock.advance(days=14)`."""
        self.now += timedelta(**span)


@dataclass
class LatestCodeSender:
    """Sends nothing and remembers the last code of each contact."""

    codes: dict[str, str] = field(default_factory=dict)
    notices: list[tuple[Contact, ChangeNotice]] = field(default_factory=list)

    def expect_reach(self, contact: Contact) -> None:
        """Reach anybody."""

    async def tell_changed(self, contact: Contact, notice: ChangeNotice) -> None:
        self.notices.append((contact, notice))

    async def send_code(self, contact: Contact, message: CodeMessage) -> None:
        self.codes[contact.value] = message.code


@dataclass(frozen=True)
class RunningApp:
    """The running application: `ask` sends one operation, `do` also asserts that it succeeded."""

    client: httpx.AsyncClient
    process: Process
    clock: Clock
    code_sender: LatestCodeSender
    command_log: CommandLog

    async def ask(
        self,
        query: str,
        variables: Json | None = None,
        *,
        token: str | None = None,
        language: str | None = None,
    ) -> Json:
        """Send one operation and return the whole answer."""
        headers = {name: value for name, value in (("accept-language", language),) if value}
        if token is not None:
            headers["authorization"] = f"Bearer {self.fresh_token(token)}"
        answer = await self.client.post(
            "/graphql", json={"query": query, "variables": variables or {}}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        body: Json = answer.json()
        return body

    async def do(
        self,
        query: str,
        variables: Json | None = None,
        *,
        token: str | None = None,
        language: str | None = None,
    ) -> Json:
        """Send one operation that succeeds and return its data."""
        body = await self.ask(query, variables, token=token, language=language)
        assert "errors" not in body, body["errors"]
        payload: Json = body["data"]
        return payload

    async def mutate(
        self, name: str, input: Json, answer: str, *, token: str | None = None, language: str | None = None
    ) -> Json:
        """Run one mutation with its input and return what it answered; `answer` is the selection."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        kind = {"RecordPurchaseInput": "PurchaseInput", "RefundPurchaseInput": "RefundInput"}.get(kind, kind)
        query = f"mutation M($input: {kind}!) {{ {name}(input: $input) {{ {answer} }} }}"
        result: Json = (await self.do(query, {"input": input}, token=token, language=language))[name]
        return result

    async def insist(self, name: str, input: Json, answer: str, *, token: str) -> Json:
        """Run one mutation with its key until it is answered: what is told to come again, since a busy machine
        is still at work on it, does so as an app would.
        """
        query = f"mutation M($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ {answer} }} }}"
        for _ in range(MOST_BUSY):
            body = await self.ask(query, {"input": input}, token=token)
            if "errors" not in body:
                result: Json = body["data"][name]
                return result
            [fault] = [error["extensions"] for error in body["errors"]]
            assert fault["code"] == "BUSY", body
            await asyncio.sleep(fault["retryAfter"])
        raise AssertionError(f"busy {MOST_BUSY} times in a row")

    async def error(self, query: str, variables: Json | None = None, *, token: str | None = None) -> Json:
        """Send one operation that is refused and return the extensions of its one error."""
        body = await self.ask(query, variables, token=token)
        assert len(body["errors"]) == 1, body
        extensions: Json = body["errors"][0]["extensions"]
        return extensions

    async def enrol_member(self, email: str = "ana@example.com", **fields: Any) -> str:
        """Enrol somebody and sign them in; return their access token."""
        input = {
            "name": "Ana Silva",
            "email": email,
            "locale": "pt",
            "termsVersion": "2026-01",
            "idempotencyKey": f"enrol {email}",
            **fields,
        }
        applied = await self.mutate("enrol", input, "... on Enrolled { challenge enrolmentToken }")
        return await self.sign_in(email, **applied)

    async def sign_in(self, contact: str, **brought: str) -> str:
        """Sign a member in with the code sent last; return their access token."""
        input = {"contact": contact, "code": self.code_sender.codes[contact], **brought}
        token: str = (await self.mutate("signIn", input, "... on SignedIn { accessToken }"))["accessToken"]
        return token

    async def sign_in_again(self, contact: str) -> str:
        """Have a member sent a code and sign them in with it; return their access token."""
        sent = await self.mutate("requestSignInCode", {"contact": contact}, "challenge")
        return await self.sign_in(contact, **sent)

    async def hire(
        self, username: str, role: StaffRole = "CASHIER", *, store: str | None = "lisboa", **details: str
    ) -> str:
        """Put somebody on the list of staff and sign them in at a store, or at the console; return their
        access token.
        """
        place = store if role in staff.TILL_ROLES else None
        setup_key = staff.new_setup_key() if role in staff.CONSOLE_ROLES else None
        await staff.add(
            self.process.runtime,
            username=username,
            name=username.title(),
            role=role,
            store_codes=(),
            password=PASSWORD,
            setup_key=setup_key,
            now=self.clock(),
            **details,
        )
        input: Json = {"username": username, "password": PASSWORD, "store": place}
        if setup_key is not None:
            input |= {"setupKey": setup_key, "secondFactor": await self.first_code(input, setup_key)}
        token: str = (await self.mutate("staffSignIn", input, "... on StaffSignedIn { accessToken }"))[
            "accessToken"
        ]
        return token

    async def first_code(self, input: Json, setup_key: str) -> str:
        """Return the code that an authenticator app shows once it has the secret that the API hands out."""
        answer = "... on SecondFactorNeeded { secret }"
        needed = await self.mutate("staffSignIn", {**input, "setupKey": setup_key}, answer)
        return pyotp.TOTP(needed["secret"]).at(self.clock())

    def fresh_token(self, token: str) -> str:
        """Return a valid access token of the same session, however far the clock was moved: a real client
        refreshes its own. A system's key is as it is.
        """
        if token.startswith("selo_"):
            return token
        claims = jwt.decode(token, options={"verify_signature": False})
        issued = self.process.tokens.access(
            subject=claims["sub"],
            role=claims["role"],
            session=claims["sid"],
            store=claims.get("store"),
            device=claims.get("device"),
            own_members=tuple(claims.get("own_members", ())),
        )
        return issued.token

    async def count(self, collection: str) -> int:
        """How many documents a collection holds."""
        return len(
            [row async for row in self.process.store[collection].find({"_id": {"$gt": ""}}, {"_id": 1})]
        )


@asynccontextmanager
async def quick_passwords() -> AsyncIterator[None]:
    """Hash passwords at a thousandth of the work: `test_staff.py` holds what the real ones cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@asynccontextmanager
async def open_running_app(
    database: Database,
    command_log: CommandLog,
    folder: Path,
    *,
    programme: Path = NUMISCOLLECT,
    is_new: bool = True,
    **settings: Any,
) -> AsyncIterator[RunningApp]:
    """Serve the application until the block ends, with two stores and a programme that was published before
    the test begins; both are there already where the database was served before.
    """
    clock, code_sender = Clock(), LatestCodeSender()
    async with (
        quick_passwords(),
        open_process(
            Settings(data=folder, worker=False, **settings), database, clock=clock
        ) as opened_process,
    ):
        process = replace(opened_process, runtime=replace(opened_process.runtime, code_sender=code_sender))
        if is_new:
            await process.programmes.publish(programme.read_text(encoding="utf-8"), now=BEFORE)
            for code, name in STORES.items():
                await stores.add(process.store, code=code, name=name, now=BEFORE)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(256)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            # Without what runs beside the requests, so that the commands on the wire are the requests' own.
            async with _running(create_app(process, address=address), listener), _client(address) as client:
                yield RunningApp(client, process, clock, code_sender, command_log)


@asynccontextmanager
async def _running(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.005)
        yield
    finally:
        server.should_exit = True
        await serving


def _client(address: str, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=address,
        timeout=30,
        limits=httpx.Limits(max_connections=100),
        headers=headers,
        verify=client_tls(),
    )
