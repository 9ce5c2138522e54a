"""A record of a file, checked: the member that it brings along, or every fault of its line.

A fault names the field, what is wrong and what would be right, and never the value: it may be personal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import NoneType
from typing import Final, TypeVar, cast

from domain.model.calendar import VALID_YEARS, add, local_day, milliseconds, start_of
from domain.model.intake.instants import InstantUnreadable, instant_of
from domain.model.intake.money import MoneyUnreadable, minor_units
from domain.model.ledger.deciding.opening import NEVER
from domain.model.ledger.events import Json, Line, Purchase
from domain.model.ledger.ladder import first_term_end
from domain.model.moving.import_map import DateOrder
from domain.model.moving.import_rows import Record
from domain.model.people.codes import valid_number
from domain.model.people.contacts import Contact, ContactMalformed, read_email, read_phone
from domain.model.programme import AttributeMalformed, Programme
from domain.model.values import dataclass
from domain.services.errors import InvalidInput
from domain.services.moving.import_values import (
    DATE_SHAPES,
    FieldFault,
    HistoryReceipt,
    ImportedMember,
    LineFault,
    date_of,
    parts_of_day,
)
from domain.services.people import field_checks
from domain.store.people.consent_answers import ConsentAnswer
from domain.store.people.details import Details

T = TypeVar("T")

NO_BIRTH_YEAR: Final = 1904  # a leap year: of a birthday that came without one
MOST_BALANCES: Final = 50
MOST_RECEIPTS: Final = 200
MOST_LINES: Final = 200
MOST_QUANTITY: Final = 10**6
LONGEST_ID: Final = 200
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TEXTS: Final = frozenset(
    ("id", "email", "phone", "name", "birthday", "joinedAt", "locale", "timezone", "number", "terms")
)
_KEYS: Final = _TEXTS | {"tier", "balances", "consents", "receipts", "attributes"}


@dataclass
class RecordReader:
    """Reads records by a programme: `source` names the system that they come from, `wallet` is that of a
    balance that names none.
    """

    programme: Programme
    source: str
    now: datetime
    wallet: str | None = None
    dates: DateOrder = "ymd"
    country: str | None = None
    _faults: list[LineFault] = field(default_factory=list, init=False)
    _line: int = field(default=0, init=False)

    def read(self, line: int, record: Record) -> ImportedMember | tuple[LineFault, ...]:
        """Return the member of a record, or its faults."""
        self._faults, self._line = [], line
        for name in sorted(record.keys() - _KEYS):
            self._note(FieldFault(name[:40], "there is no such field", "leave it out, or name it in a map"))
        for name in sorted(_TEXTS & record.keys()):
            if not isinstance(record[name], (str, int, NoneType)):
                self._note(FieldFault(name, "it is no text", "write a text"))
                return tuple(self._faults)
        contacts = self._contacts(record)
        joined_at = self._try(lambda: self._instant("joinedAt", record.get("joinedAt"))) or self.now
        details = self._details(record, contacts, joined_at)
        opening = self._opening(record, details, joined_at)
        receipts = self._list(record, "receipts", MOST_RECEIPTS, self._receipt)
        number = self._try(lambda: self._number(record))
        id = str(record.get("id") or (contacts[0].key if contacts else ""))
        if len(id) > LONGEST_ID:
            self._note(FieldFault("id", f"it has more than {LONGEST_ID} characters", "map another column"))
        if self._faults or details is None:
            return tuple(self._faults)
        in_order = tuple(sorted(receipts, key=lambda receipt: receipt.at))
        customer = id if record.get("id") else None
        return ImportedMember(line, id, customer, contacts, number, details, opening, in_order)

    # ------------------------------------------------------------ faults
    def _note(self, fault: FieldFault) -> None:
        self._faults.append(LineFault(self._line, fault.field, fault.fault, fault.remedy))

    def _try(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except FieldFault as fault:
            self._note(fault)
        except InvalidInput as refusal:
            self._note(FieldFault(refusal.field, "it cannot be taken", refusal.message))
        return None

    def _list(self, record: Record, name: str, most: int, read: Callable[[str, Record], T]) -> list[T]:
        rows = record.get(name) or []
        if not isinstance(rows, list) or len(rows) > most or not all(isinstance(row, dict) for row in rows):
            self._note(
                FieldFault(name, f"it is no list of at most {most} objects", f"write {name}: [{{...}}]")
            )
            return []
        read_rows = [self._try(partial(read, f"{name}[{at}]", row)) for at, row in enumerate(rows)]
        return [each for each in read_rows if each is not None]

    # ------------------------------------------------------------ who
    def _contacts(self, record: Record) -> tuple[Contact, ...]:
        readers = {"email": read_email, "phone": self._phone}
        found_contacts = [
            self._try(partial(self._contact, record, name, readers[name]))
            for name in readers
            if record.get(name)
        ]
        if not record.get("email") and not record.get("phone"):
            remedy = "give either; who has neither enrols at the till"
            self._note(FieldFault("email", "there is neither an e-mail address nor a phone", remedy))
        return tuple(contact for contact in found_contacts if contact is not None)

    def _contact(self, record: Record, name: str, read: Callable[[str], Contact]) -> Contact:
        try:
            return read(str(record[name]))
        except ContactMalformed as malformed:
            raise FieldFault(name, "it cannot be read", str(malformed)) from None

    def _phone(self, text: str) -> Contact:
        if self.country is None or text.strip().startswith(("+", "00")):
            return read_phone(text)
        import phonenumbers  # a twentieth of a start

        try:
            number = phonenumbers.parse(text, self.country)
        except phonenumbers.NumberParseException:
            return read_phone(text)
        return read_phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))

    def _number(self, record: Record) -> str | None:
        """Return their number where it is one of Selo's form; another system's card keeps its own system."""
        text = str(record.get("number") or "").replace(" ", "")
        return text if valid_number(text) else None

    def _details(self, record: Record, contacts: tuple[Contact, ...], joined_at: datetime) -> Details | None:
        header, programme = self.programme.programme, self.programme
        by_kind = {contact.kind: contact.value for contact in contacts}
        name, locale, zone = (record.get(key) for key in ("name", "locale", "timezone"))
        answers = self._list(record, "consents", len(programme.consents), self._consent)
        return Details(
            name=(self._try(lambda: field_checks.check_name(str(name))) or "") if name else "",
            email=by_kind.get("email"),
            phone=by_kind.get("phone"),
            birthday=self._try(lambda: self._birthday(record.get("birthday"))),
            locale=(self._try(lambda: self._locale(str(locale))) or "") if locale else header.locales[0],
            timezone=(self._try(lambda: field_checks.check_timezone(str(zone))) or "")
            if zone
            else header.timezone,
            terms=str(record["terms"])[:40] if record.get("terms") else None,
            consents=tuple({answer.purpose: answer for answer in answers}.values()),
            attributes=self._attributes(record),
        )

    def _locale(self, text: str) -> str:
        """Return the programme's locale: pt for pt-PT and pt_BR."""
        plain = text.strip().replace("_", "-")
        known = {locale.casefold(): locale for locale in self.programme.programme.locales}
        locale = known.get(plain.casefold()) or known.get(plain.partition("-")[0].casefold())
        return locale if locale is not None else field_checks.check_locale(plain, self.programme)

    def _attributes(self, record: Record) -> dict[str, str | int | bool]:
        values = record.get("attributes") or {}
        known = {spec.name: spec for spec in self.programme.attributes}
        attributes: dict[str, str | int | bool] = {}
        for name, value in values.items() if isinstance(values, dict) else ():
            if name not in known:
                fault = FieldFault(
                    f"attributes.{name[:40]}", "there is no such attribute", "declare it, or leave it out"
                )
                self._note(fault)
                continue
            try:
                attributes[name] = known[name].check(value)
            except AttributeMalformed as malformed:
                self._note(FieldFault(f"attributes.{name}", "it cannot be taken", str(malformed)))
        return attributes

    def _birthday(self, value: object) -> date | None:
        if not value:
            return None
        text = str(value)
        if len(parts_of_day(text)) == 2 and self.dates != "ymd":
            text = f"{text}-{NO_BIRTH_YEAR}"
            if self.programme.programme.minimum_age is not None:
                remedy = "give the year, or leave the birthday out: the programme asks for an age"
                raise FieldFault("birthday", "it has no year", remedy)
        day = date_of(text, self.dates)
        if day is None:
            raise FieldFault(
                "birthday", "it is no day", f"write it as {DATE_SHAPES[self.dates]}, or set `dates` in a map"
            )
        return field_checks.check_birthday(day, self.programme, now=self.now)

    def _consent(self, path: str, row: Record) -> ConsentAnswer:
        specs = {spec.purpose: spec for spec in self.programme.consents}
        spec = specs.get(str(row.get("purpose")))
        if spec is None:
            known = ", ".join(specs) or "none"
            raise FieldFault(f"{path}.purpose", "the programme has no such purpose", f"it has {known}")
        granted, wording = row.get("granted"), row.get("wording")
        if not isinstance(granted, bool):
            raise FieldFault(f"{path}.granted", "it is neither true nor false", "write true or false")
        if not isinstance(wording, str) or not wording.strip() or len(wording) > 10_000:
            remedy = "write the text that they agreed to: without it nothing proves the consent"
            raise FieldFault(f"{path}.wording", "it is missing, or too long", remedy)
        answered_at = self._instant(f"{path}.at", row.get("at"))
        if answered_at is None:
            raise FieldFault(f"{path}.at", "it is missing", "write when they answered")
        texts = spec.wording.entries.values()
        version = spec.wordingVersion if wording in texts else 0
        return ConsentAnswer(spec.purpose, granted, answered_at, wording, version, f"import:{self.source}")

    # ------------------------------------------------------------ what they had
    def _opening(self, record: Record, details: Details | None, joined_at: datetime) -> dict[str, Json]:
        granted = sorted(answer.purpose for answer in details.consents if answer.granted) if details else []
        opening: dict[str, Json] = {
            "joined": joined_at.isoformat(),
            "balances": cast(
                list[Json],
                [
                    each
                    for each in self._list(record, "balances", MOST_BALANCES, self._balance)
                    if each["amount"]
                ],
            ),
            "consents": cast(list[Json], granted),
        }
        return opening | (self._try(lambda: self._tier(record)) or {})

    def _balance(self, path: str, row: Record) -> dict[str, Json]:
        code = row.get("wallet") or self.wallet
        specs = {spec.code: spec for spec in self.programme.wallets}
        spec = specs.get(str(code))
        if spec is None:
            raise FieldFault(
                f"{path}.wallet", "the programme has no such wallet", f"it has {', '.join(specs)}"
            )
        amount = self._amount(f"{path}.amount", row.get("amount"), is_money=spec.kind == "money")
        expires = row.get("expires")
        if expires in (None, "", NEVER):
            return {"wallet": spec.code, "amount": amount, "expires": NEVER if expires == NEVER else None}
        day = date_of(str(expires)[:10], self.dates)
        if day is None:
            remedy = f"write the last day as {DATE_SHAPES[self.dates]}, never, or nothing: the wallet's rule"
            raise FieldFault(f"{path}.expires", "it is no day", remedy)
        if day < local_day(self.now, self.programme.zone):
            raise FieldFault(f"{path}.expires", "the day is over", "leave out what has lapsed")
        if day.year > VALID_YEARS[-1]:
            remedy = f"write {NEVER}, or a day up to the year {VALID_YEARS[-1]}"
            raise FieldFault(f"{path}.expires", "the day is too far ahead", remedy)
        return {"wallet": spec.code, "amount": amount, "expires": day.isoformat()}

    def _amount(self, path: str, value: object, *, is_money: bool) -> int:
        try:
            # An integer of an NDJSON line is in minor units already; a text is as people write money.
            if is_money and isinstance(value, str):
                amount = minor_units(value, self.programme.programme.currency)
            else:
                amount = minor_units(value, "JPY")  # whole ones
                if isinstance(value, (str, float)) and float(value) != amount:
                    raise MoneyUnreadable
        except (MoneyUnreadable, ValueError):
            remedy = "write 1999, or 19.99 for money: no thousands separators, no fractions of points"
            raise FieldFault(path, "it is no amount", remedy) from None
        if amount < 0:
            raise FieldFault(path, "it is below 0", "write 0; what they owe is settled before")
        return amount

    def _tier(self, record: Record) -> dict[str, Json]:
        row = record.get("tier")
        if not row or self.programme.tiers is None:
            return {}
        code = str(row.get("code") if isinstance(row, dict) else row)
        ladder = self.programme.tiers.ladder
        names = {
            name.casefold(): tier.code for tier in ladder for name in (tier.code, *tier.name.entries.values())
        }
        tier = names.get(code.strip().casefold())
        if tier is None:
            known = ", ".join(each.code for each in ladder)
            raise FieldFault(
                "tier", "the programme has no such tier", f"map it under tiers to one of {known}"
            )
        if tier == ladder[0].code:
            return {}
        until = row.get("until") if isinstance(row, dict) else None
        return {"tier": tier, "tierUntil": self._tier_end(until)}

    def _tier_end(self, until: object) -> str | None:
        """Return the instant at which a tier's term ends: after its last day, or one whole term from today;
        None where the programme takes no tier away.
        """
        tiers, zone, today = (
            self.programme.tiers,
            self.programme.zone,
            local_day(self.now, self.programme.zone),
        )
        assert tiers is not None, "only a programme with tiers asks"
        if until:
            day = date_of(str(until)[:10], self.dates)
            if day is None or day < today:
                remedy = f"write its last day as {DATE_SHAPES[self.dates]}, today or later"
                raise FieldFault("tier.until", "it is no day to come", remedy)
            if day.year > VALID_YEARS[-1]:
                remedy = f"write a day up to the year {VALID_YEARS[-1]}"
                raise FieldFault("tier.until", "it is too far ahead", remedy)
            return start_of(day + timedelta(days=1), zone).isoformat()
        if tiers.downgrade == "never":
            return None
        last = first_term_end(self.programme, today)
        if last is not None:
            return start_of(last + timedelta(days=1), zone).isoformat()
        assert tiers.window.span is not None, "a rolling window has its span"
        return add(self.now, tiers.window.span, zone).isoformat()

    def _receipt(self, path: str, row: Record) -> HistoryReceipt:
        external_id, store = str(row.get("externalId") or ""), row.get("store")
        if not 1 <= len(external_id) <= LONGEST_ID:
            raise FieldFault(f"{path}.externalId", "it is missing, or too long", "write the receipt's number")
        bought_at = self._instant(f"{path}.at", row.get("at"))
        if bought_at is None:
            raise FieldFault(f"{path}.at", "it is missing", "write when it was")
        currency = self.programme.programme.currency
        total = self._amount(f"{path}.total", row.get("total"), is_money=False)
        rows = row.get("lines") or []
        if (
            not isinstance(rows, list)
            or len(rows) > MOST_LINES
            or not all(isinstance(each, dict) for each in rows)
        ):
            raise FieldFault(f"{path}.lines", "it is no list of lines", "write lines: [{sku, amount, ...}]")
        lines = tuple(
            self._receipt_line(f"{path}.lines[{at - 1}]", at, each) for at, each in enumerate(rows, 1)
        )
        if sum(line.amount for line in lines) > total:
            raise FieldFault(
                f"{path}.lines", "they sum to more than the total", "they sum to at most the total"
            )
        shop = str(store)[:LONGEST_ID] if store else None
        purchase = Purchase(external_id, total, currency, shop, lines)
        return HistoryReceipt(bought_at, str(row.get("source") or self.source), purchase)

    def _receipt_line(self, path: str, number: int, row: Record) -> Line:
        quantity, category = row.get("quantity"), row.get("category")
        return Line(
            number,
            str(row.get("sku") or "")[:LONGEST_ID],
            self._amount(f"{path}.amount", row.get("amount"), is_money=False),
            min(max(1, quantity), MOST_QUANTITY) if isinstance(quantity, int) else 1,
            None,
            str(category)[:LONGEST_ID] if category else None,
        )

    def _instant(self, path: str, value: object) -> datetime | None:
        """Return an instant of the past; a day alone is its beginning in the programme's zone."""
        if value is None or value == "":
            return None
        text: object = value
        if isinstance(value, str) and len(value) <= 10:
            day = date_of(value, self.dates)
            text = day.isoformat() if day is not None else value
        try:
            instant = instant_of(text, self.programme.programme.timezone)
        except InstantUnreadable as unreadable:
            raise FieldFault(path, str(unreadable), "write it as 2024-05-17T10:00:00Z, or a day") from None
        if not EARLIEST < instant <= self.now:
            raise FieldFault(path, "it is not in the past", "write an instant between 1970 and now")
        return milliseconds(instant)
