"""Descriptions that several fields of the schema share."""

from typing import Final

IDEMPOTENCY_KEY: Final = (
    "Made by the client before it sends, 1 to 128 characters, and kept until an answer comes: the same"
    " request again with it acts once."
)
CONTACT: Final = "An e-mail address, or a phone number with its country, such as +351 912 345 678."
INSTALLATION_ID: Final = "The app's own id, the same as in `registerDevice`: `me.card` is then that device's."
ACCESS_TOKEN: Final = "For `Authorization: Bearer ...`."
ACCESS_TOKEN_EXPIRES_AT: Final = "Refresh before it, or when an answer says UNAUTHENTICATED."
REFRESH_TOKEN: Final = "Keep it safe; works once."
EDGES: Final = "The rows, each with its cursor."
PAGE_INFO: Final = "Whether there is more, and where to go on."
CURSOR: Final = "Names this row's place, which stays although rows are added before it."
TIER_STEP_REASON: Final = "A fixed word: reached, review, given, ended or refund."
