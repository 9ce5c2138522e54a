"""Made files of other systems' members, as their customers get them: the columns of each, and what is in them."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

FIRST, LAST = ("Ana", "João", "Zofia", "Rui", "Inês"), ("Silva", "Nowak", "O'Hara", "Costa, Lda", "=Sousa")


@dataclass(frozen=True)
class MadeMember:
    """One made member of a file: `number` counts from 0."""

    number: int

    @property
    def name(self) -> str:
        return f"{FIRST[self.number % 5]} {LAST[self.number % 4]}"

    @property
    def email(self) -> str:
        return f"Member{self.number}@Example.com"

    @property
    def phone(self) -> str:
        return f"(212) 2{self.number // 10_000 % 100:02}-{self.number % 10_000:04}"

    @property
    def points(self) -> int:
        return self.number * 7 % 1_000

    @property
    def birthday(self) -> date:
        return date(1950, 1, 1) + timedelta(days=self.number % 18_000)


Columns = dict[str, Callable[[MadeMember], object]]


def _first(member: MadeMember) -> str:
    return member.name.partition(" ")[0]


def _last(member: MadeMember) -> str:
    return member.name.partition(" ")[2]


SYSTEMS: dict[str, Columns] = {
    "smile": {"email": lambda made: made.email, "points": lambda made: made.points},
    "loyaltylion": {
        "Email addresses": lambda made: made.email,
        "Points": lambda made: made.points,
        "Birthday": lambda made: made.birthday.isoformat(),
    },
    "yotpo": {
        "First Name": _first,
        "Last Name": _last,
        "Email": lambda made: made.email,
        "Points Balance": lambda made: made.points,
        "Points Spent": lambda made: 0,
        "Birthday (MM/DD)": lambda made: f"{made.birthday:%m/%d}",
    },
    "square": {
        "Phone Number": lambda made: made.phone,
        "First Name": _first,
        "Last Name": _last,
        "Points Balance": lambda made: made.points,
    },
    "openloyalty": {
        "customerId": lambda made: f"00000000-0000-474c-b092-{made.number:012}",
        "firstName": _first,
        "lastName": _last,
        "email": lambda made: made.email,
        "birthDate": lambda made: made.birthday.isoformat(),
        "createdAt": lambda made: f"2021-0{1 + made.number % 9}-01T10:00:00+01:00",
        "loyaltyCardNumber": lambda made: f"OL{made.number:08}",
        "agreement2": lambda made: "true" if made.number % 3 else "false",
        "points": lambda made: made.points,
    },
    "woocommerce": {
        "user_id": lambda made: made.number + 1,
        "user_email": lambda made: made.email,
        "display_name": lambda made: made.name,
        "points": lambda made: made.points,
    },
}


def made_file(system: str, count: int) -> str:
    """Return the CSV of a system with so many members."""
    columns, text = SYSTEMS[system], io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for number in range(count):
        writer.writerow([column(MadeMember(number)) for column in columns.values()])
    return text.getvalue()
