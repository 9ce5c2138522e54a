"""Checks of what people tell of themselves. Each refusal is an InvalidInput that names the field and what is
right.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime

from domain.model.calendar import local_day, occurrence, time_zones
from domain.model.people.contacts import Contact, ContactMalformed, read_contact, read_email, read_phone
from domain.model.programme import Programme
from domain.model.visible_text import has_visible, is_hidden, trimmed
from domain.services.errors import InvalidInput

MAX_NAME_LENGTH = 100
MAX_KEY_LENGTH = 128
MAX_INSTALLATION_LENGTH = 200
MAX_AGE_YEARS = 130


def check_name(text: str, *, field: str = "name") -> str:
    """Return a person's name without spaces and marks at its ends: 1 to 100 characters, none of them hidden,
    since a name with one can pass for another.
    """
    tidy_name = unicodedata.normalize("NFC", trimmed(text))
    if not has_visible(tidy_name):
        raise InvalidInput(field, "Write a name of 1 to 100 characters.")
    if len(tidy_name) > MAX_NAME_LENGTH:
        raise InvalidInput(
            field, f"A name has at most {MAX_NAME_LENGTH} characters; this one has {len(tidy_name)}."
        )
    if any(map(is_hidden, tidy_name)):
        raise InvalidInput(field, "A name holds no control characters and nothing invisible.")
    return tidy_name


def check_locale(text: str, programme: Programme) -> str:
    """Return a locale of the programme."""
    if text not in programme.programme.locales:
        raise InvalidInput("locale", f"The programme speaks {', '.join(programme.programme.locales)}.")
    return text


def check_timezone(text: str) -> str:
    """Return the name of a time zone of the IANA list."""
    if text not in time_zones():
        raise InvalidInput("timezone", "Write a time zone by its IANA name, such as Europe/Lisbon.")
    return text


def check_birthday(day: date, programme: Programme, *, now: datetime) -> date:
    """Return a day of birth: in the last 130 years, and of somebody as old as the programme asks. Raises
    InvalidInput.
    """
    today = local_day(now, programme.zone)
    if not date(today.year - MAX_AGE_YEARS, 1, 1) <= day <= today:
        raise InvalidInput(
            "birthday", f"A birthday lies between {today.year - MAX_AGE_YEARS}-01-01 and today."
        )
    minimum_age = programme.programme.minimum_age
    if minimum_age is not None and occurrence(day, day.year + minimum_age) > today:
        raise InvalidInput("birthday", f"Members of this programme are at least {minimum_age} years old.")
    return day


def read_contact_field(text: str, *, field: str = "contact") -> Contact:
    """Return the e-mail address or phone number of a text."""
    try:
        return read_contact(text)
    except ContactMalformed as error:
        raise InvalidInput(field, str(error)) from None


def read_single_contact(email: str | None, phone: str | None) -> Contact:
    """Return the contact where exactly one of the two is given."""
    if (email is None) == (phone is None):
        raise InvalidInput("email", "Give exactly one of email and phone; the other can be added later.")
    try:
        return read_email(email) if email is not None else read_phone(phone or "")
    except ContactMalformed as error:
        raise InvalidInput("phone" if email is None else "email", str(error)) from None


def check_key(text: str) -> str:
    """Return an idempotency key as a client made it."""
    if not 1 <= len(text) <= MAX_KEY_LENGTH:
        raise InvalidInput("idempotencyKey", f"A key has 1 to {MAX_KEY_LENGTH} characters.")
    return text


def check_installation(text: str | None) -> str | None:
    """Return the id that an app's installation gave itself."""
    if text is not None and not (
        1 <= len(text) <= MAX_INSTALLATION_LENGTH and text.isascii() and text.isprintable()
    ):
        raise InvalidInput(
            "installationId",
            f"An installation's id has 1 to {MAX_INSTALLATION_LENGTH} printable ASCII characters.",
        )
    return text
