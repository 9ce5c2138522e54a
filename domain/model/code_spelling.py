"""How campaign and packaging codes are written: the one spelling of what people type, and codes of a batch,
which nobody finds by trying.

A code of a batch is worth something until it is entered. The database holds its HMAC by the server's secret
and not the code, so that a copy of the database spends none.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from typing import Final

from domain.model.visible_text import normal_identifier

MAX_TYPED: Final = 100
# No sign looks like another one here: neither 0 and O, 1, I and L, 2 and Z, 5 and S, 8 and B, nor U and V.
SINGLE_USE_SIGNS: Final = "34679ACDEFGHJKMNPQRTWXY"
SINGLE_USE_LENGTH: Final = 12  # 54 bits
RECEIPT_LENGTH: Final = 10  # 45 bits: one lives for 90 days, and ten tries a day find none
_GROUP: Final = 4
_PURPOSE: Final = b"selo.single-use-code.1"
_RECEIPT_PURPOSE: Final = b"selo.receipt-code.1"
_ALIKE: Final = str.maketrans("OILŁ", "0111")
_BETWEEN: Final = frozenset("_.\u2212")
_DROPPED_CATEGORIES: Final = frozenset({"Mn", "Pd", "Zs", "Zl", "Zp", "Cc"})


def normal_code(text: str) -> str:
    """Return the one spelling of a code as somebody typed it: case, spaces, dashes, dots, underscores and
    accents do not matter, nor do O for 0 and I or L for 1. What is no letter or digit otherwise stays, and
    makes it no code.
    """
    shown = unicodedata.normalize("NFKD", normal_identifier(text[:MAX_TYPED]).upper())
    return "".join(sign for sign in shown if not _is_dropped(sign)).translate(_ALIKE)


def _is_dropped(sign: str) -> bool:
    return sign in _BETWEEN or unicodedata.category(sign) in _DROPPED_CATEGORIES


def make_single_use(draw: Callable[[int], int]) -> str:
    """Make a code of a batch: `draw` returns a random number below its argument that nobody can foresee."""
    return "".join(SINGLE_USE_SIGNS[draw(len(SINGLE_USE_SIGNS))] for _ in range(SINGLE_USE_LENGTH))


def receipt_code(secret: bytes, receipt_id: str) -> str:
    """Return the code of a guest's receipt: the same whenever it is asked for, and nothing that anybody could
    make from the receipt's number.
    """
    number = int.from_bytes(hmac.digest(secret, _RECEIPT_PURPOSE + receipt_id.encode(), "sha256"))
    signs = []
    for _ in range(RECEIPT_LENGTH):
        number, place = divmod(number, len(SINGLE_USE_SIGNS))
        signs.append(SINGLE_USE_SIGNS[place])
    return "".join(signs)


def grouped(code: str) -> str:
    """Return a code as it is printed: in groups of four."""
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP))


def code_digest(secret: bytes, code: str) -> str:
    """Return the name under which a code in its one spelling is kept: nothing without the secret."""
    return hmac.digest(secret, _PURPOSE + code.encode("utf-8", "replace"), "sha256").hex()
