"""The headers of an e-mail: their text is encoded here, and the finished bytes are checked before they leave.

The standard library decodes the encoded words in a header's value (`=?utf-8?Q?=0D=0A...?=`), and a Python
with CVE-2024-6923 then writes the decoded line ends as they are: a member's name becomes headers and a body.
So no header that holds data passes through the library's parser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Policy
from typing import Any, Final

NEW_LINE = "\r\n"
LINE_LIMIT = 998  # octets of a line, without its end (RFC 5322)
ENCODED_LINE = 75  # characters of a line with an encoded word (RFC 2047 has 76)
PLAIN_CHARACTERS = 60  # a plain text that fits on the line of any header of ours

_PLAIN: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
_ATOMS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+"
)  # what a name beside an address is without quotes
_FOLD: Final = re.compile(r"(?<=\?=)(?= (?:=\?|<))")  # between encoded words, and before an address
_HEADER_LINE: Final = re.compile(rb"([A-Za-z-]+): ?[ -~]*")
_CONTINUED_LINE: Final = re.compile(rb"[ \t]+[!-~][ -~]*")


class MalformedMail(ValueError):
    """The bytes of an e-mail are not the headers and parts that it was made of."""


class _WrittenHeader(BaseHeader):
    """A header that is written as it stands: not parsed, and folded before encoded words only."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["decoded"], kwds["parse_tree"] = value, None

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {_FOLD.sub(policy.linesep, self)}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in (
    "From To Subject Date Message-ID Auto-Submitted List-Unsubscribe List-Unsubscribe-Post".split()  # noqa: SIM905 - one line reads best
):
    _HEADERS.map_to_type(_name, _WrittenHeader)
# In 7 bits, so that a server without 8BITMIME takes it too.
POLICY = SMTP_POLICY.clone(header_factory=_HEADERS, cte_type="7bit")


# ---------------------------------------------------------------- what is written
def header_text(text: str, *, header: str) -> str:
    """Return a text as a header holds it: a short plain text as it is, any other one as encoded words."""
    is_plain = len(text) <= PLAIN_CHARACTERS and _PLAIN.fullmatch(text) and "=?" not in text
    return text if is_plain or not text else _encoded(text, header)


def header_address(address: str, *, name: str, header: str) -> str:
    """Return an ASCII address as a header holds it, with the name of whose it is, or none."""
    if not re.fullmatch("[!-~]+", address):
        raise MalformedMail("the address is not ASCII, or holds a space")
    if not name:
        return address
    shown = header_text(name, header=header)
    if shown == name and not _ATOMS.fullmatch(name):
        escaped = name.replace("\\", r"\\").replace('"', r"\"")
        shown = f'"{escaped}"'
    return f"{shown} <{address}>"


def _encoded(text: str, header: str) -> str:
    return Header(text, "utf-8", maxlinelen=ENCODED_LINE, header_name=header).encode(linesep="")


# ---------------------------------------------------------------- what leaves
def checked_bytes(email: EmailMessage) -> bytes:
    """Return the bytes of an e-mail. Raises MalformedMail where they hold another header than was set, or a
    character that no mail server must see.
    """
    raw = email.as_bytes(policy=POLICY)
    check_bytes(raw, headers=email.keys())
    return raw


def check_bytes(raw: bytes, *, headers: Sequence[str]) -> None:
    """Check that the head of an e-mail is these headers and no other, each once, and that every line is ASCII
    and not too long, and ends in CR LF. Raises MalformedMail.
    """
    lines = raw.split(NEW_LINE.encode())
    if any(len(line) > LINE_LIMIT or not line.isascii() or set(b"\r\n\0") & set(line) for line in lines):
        raise MalformedMail("a line is too long, or holds a character that is none of a mail's")
    names = []
    for line in lines[: lines.index(b"")] if b"" in lines else lines:
        header = _HEADER_LINE.fullmatch(line)
        if header is not None:
            names.append(header[1].decode())
        elif not names or not _CONTINUED_LINE.fullmatch(line):
            raise MalformedMail("a line of the head is no header")
    if sorted(names) != sorted(headers):
        raise MalformedMail("the head does not hold the headers that were set")


# ---------------------------------------------------------------- the Python
def has_header_fault() -> bool:
    """Tell whether this Python writes a line end into a header that holds one as an encoded word
    (CVE-2024-6923). It is tried, since distributions mend older versions.
    """
    probe = EmailMessage(policy=SMTP_POLICY)
    probe["Subject"] = "=?utf-8?Q?=0D=0AX-Fault:_yes?= text"
    try:
        return b"\nX-Fault" in probe.as_bytes()
    except ValueError:  # a mended library may refuse to write it
        return False
