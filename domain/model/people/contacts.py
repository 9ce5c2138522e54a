"""An e-mail address or a phone number in its one spelling, so that a contact belongs to one member whoever
types it.

Addresses are kept in lower case with their domain as people read it, numbers as E.164. `key` is the contact's
identity in the database; `masked` is what may be shown to somebody who has not proven it. Nothing here is
ever logged. The two libraries are imported by the functions that use them: they are a twentieth of a start.
"""

from __future__ import annotations

from typing import Literal

from domain.model.values import dataclass
from domain.model.visible_text import normal_identifier, trimmed

LONGEST_CONTACT = 320
EMAIL_REMEDY = "This is no e-mail address: write it as name@example.com."

ContactKind = Literal["email", "phone"]


class ContactMalformed(Exception):
    """A text that is no e-mail address and no phone number; the message says what would be right."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A normalised contact; equal values are one contact."""

    kind: ContactKind
    value: str

    @property
    def key(self) -> str:
        """Return the identity under which a contact is unique: `email:ana@example.com`,
        `phone:+351912345678`.
        """
        return f"{self.kind}:{self.value}"

    @property
    def masked(self) -> str:
        """Return the contact as a hint for its owner: `a***@example.com`, `+351*****678`."""
        if self.kind == "email":
            local, _, domain = self.value.rpartition("@")
            return f"{local[0]}***@{domain}"
        import phonenumbers

        code = f"+{phonenumbers.parse(self.value).country_code}"
        return code + "*" * (len(self.value) - len(code) - 3) + self.value[-3:]


def read_contact(text: str) -> Contact:
    """Return the contact that a text spells: with an @ an e-mail address, else a phone number. Raises
    ContactMalformed.
    """
    return read_email(text) if "@" in text else read_phone(text)


def read_email(text: str) -> Contact:
    """Return an e-mail address in its one spelling, by its form alone: nothing is asked of any server. Raises
    ContactMalformed.
    """
    from email_validator import EmailNotValidError, validate_email

    if len(text) > LONGEST_CONTACT:
        raise ContactMalformed("An e-mail address has at most 254 characters.")
    try:
        address = validate_email(trimmed(text, line_ends=True), check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise ContactMalformed(EMAIL_REMEDY) from None
    if "=?" in address.normalized:  # what a mail program would decode as an encoded word
        raise ContactMalformed(EMAIL_REMEDY)
    # Lower case also before the @: no mail service in use tells Ana@ from ana@, and people type both.
    return Contact("email", address.normalized.lower())


def read_phone(text: str) -> Contact:
    """Return a phone number as E.164; it must name its country, since a programme may span several. Raises
    ContactMalformed.
    """
    import phonenumbers

    remedy = "This is no phone number: write it with its country, as +351 912 345 678."
    written = normal_identifier(text[: LONGEST_CONTACT + 1])
    if written.startswith("00"):  # what is dialled for the + in most countries
        written = f"+{written[2:]}"
    if len(text) > LONGEST_CONTACT or not written.startswith("+"):
        raise ContactMalformed(remedy)
    try:
        number = phonenumbers.parse(written)
    except phonenumbers.NumberParseException:
        raise ContactMalformed(remedy) from None
    if not phonenumbers.is_valid_number(number) or number.extension:
        raise ContactMalformed(remedy)
    return Contact("phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def phone_country(contact: Contact) -> str | None:
    """Return the country of a mobile phone, as ISO 3166 writes it; None for what is no mobile phone.

    Numbers of services, of premium rates and of satellites are of no country, whatever they begin with.
    """
    if contact.kind != "phone":
        return None
    import phonenumbers

    number = phonenumbers.parse(contact.value)
    # Some countries, such as the United States, do not tell mobile phones from others by their number.
    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    if phonenumbers.number_type(number) not in mobile:
        return None
    country = phonenumbers.region_code_for_number(number)
    return country if country in phonenumbers.SUPPORTED_REGIONS else None
