"""The demo server for the browser tests: its programme, people and stores, and the sign-in codes that it
prints.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NotRequired, TypedDict

from tests.servers import Served, quick_folder, selo, serve_selo

SCHEMA = Path(__file__).parent.parent.parent / "schema.graphql"
_PRINTED = re.compile(r"sign-in code for (\S+): (\d{6})")


class NoCode(Exception):
    """The server printed no sign-in code for a contact in time."""


class MemberSignIn(TypedDict):
    number: str
    email: str


class StaffSignIn(TypedDict):
    username: str
    password: str
    role: str
    store: str
    setupKey: NotRequired[str | None]


@dataclass(slots=True)
class DemoServer:
    """Where the pages are, and who can sign in to them."""

    url: str
    data_folder: Path
    members: list[MemberSignIn]
    staff: list[StaffSignIn]
    codes: dict[str, str] = field(default_factory=dict)
    printed: threading.Condition = field(default_factory=threading.Condition)

    def cashier(self) -> StaffSignIn:
        return self.of_role("cashier")

    def of_role(self, role: str) -> StaffSignIn:
        return next(each for each in self.staff if each["role"].lower() == role)

    def hire(self, name: str, *, member_number: str | None = None) -> StaffSignIn:
        """Put another cashier on the list of the store lisboa, with a membership of their own where one is given."""
        username = f"{name.lower()}-{secrets.token_hex(3)}"
        words = ["--member", member_number] if member_number else []
        output = selo(
            "staff",
            "add",
            username,
            "--name",
            name,
            "--store",
            "lisboa",
            *words,
            "--data",
            str(self.data_folder),
        ).stdout
        password = output.strip().partition("password: ")[2]
        return StaffSignIn(username=username, password=password, role="cashier", store="lisboa")

    def note_line(self, line: str) -> None:
        """Take note of a printed line, if it holds a code."""
        if match := _PRINTED.search(line):
            with self.printed:
                self.codes[match[1]] = match[2]
                self.printed.notify_all()

    def code_for(self, contact: str, within_seconds: float = 60) -> str:
        """Return the newest code printed for a contact and forget it. Raises NoCode."""
        with self.printed:
            if not self.printed.wait_for(lambda: contact in self.codes, within_seconds):
                raise NoCode(contact)
            return self.codes.pop(contact)


def offers(field_name: str) -> bool:
    """Say whether the committed schema holds a field; a page is tried once the API has what it needs."""
    return SCHEMA.exists() and re.search(rf"^\s+{field_name}\b", SCHEMA.read_text(), re.MULTILINE) is not None


@contextmanager
def serve_demo(seed: Path, environment: Mapping[str, str] | None = None) -> Iterator[DemoServer]:
    """Serve a copy of a demo folder until the block ends."""
    with quick_folder() as above:
        folder = above / "data"
        shutil.copytree(seed, folder)
        with serve_selo(folder, "--demo", environment=environment) as served:
            people = json.loads((folder / "demo.json").read_text())
            shop = DemoServer(
                url=served.url, data_folder=folder, members=people["members"], staff=people["staff"]
            )
            for line in served.said:
                shop.note_line(line)
            reader = threading.Thread(target=_read_on, args=(served, shop), name="shop-output", daemon=True)
            reader.start()
            yield shop


def _read_on(served: Served, shop: DemoServer) -> None:
    assert served.process.stdout is not None, "stdout is a pipe"
    try:
        for line in served.process.stdout:
            shop.note_line(line)
    except ValueError:
        # The pipe was closed under the reader: the server has ended.
        return
