"""Descriptions that several fields of the schema share."""

from datetime import date
from typing import Final

IDEMPOTENCY_KEY: Final = (
    "The client makes it before it sends, 1 to 128 characters, and keeps it until an"
    " answer comes. The same request sent again with the same key acts once."
)
CONTACT: Final = "An e-mail address, or a phone number with its country, such as +351 912 345 678."
ENROLMENT_TOKEN: Final = (
    "As `enrol` answered it on this device: the sign-in begins that membership, where the contact has none."
    " No other sign-in begins one."
)
DEVICE_TOKEN: Final = (
    "As the last sign-in on this device answered it: the device's codes and tries are then counted apart from"
    " everybody else's."
)
INSTALLATION_ID: Final = "The app's own id, the same as in `registerDevice`: `me.card` is then that device's."
ACCESS_TOKEN: Final = "For `Authorization: Bearer ...`."
ACCESS_TOKEN_EXPIRES_AT: Final = "Refresh before it, or when an answer says UNAUTHENTICATED."
REFRESH_TOKEN: Final = "Keep it safe; works once."
EDGES: Final = "The rows, each with its cursor."
PAGE_INFO: Final = "Whether more rows follow, and the cursor to go on from."
TOTAL_COUNT: Final = "How many rows the whole list has; null where it is filtered, and nobody has counted."
CURSOR: Final = "The position of this row, which stays the same when rows are added before it."
UNIT: Final = (
    "What the amount counts: the wallet as the programme describes it; null where it has it no more."
)
MEMBER_NAMED: Final = (
    "A visit, a membership number, or a customer's id; from a system also an e-mail address, a phone number"
    " with its country, or `customer:` and the number that they have as its own customer."
)
TIER_STEP_REASON: Final = "A fixed word: reached, review, given, ended or refund."


def deprecated_on(year: int, month: int, day: int) -> str:
    """Return the end of a deprecation's reason: a field is answered for a year after it."""
    return f"Deprecated on {date(year, month, day)}; answered until {date(year + 1, month, day)}."
