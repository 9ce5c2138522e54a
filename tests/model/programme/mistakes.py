"""One mistake in `club.yaml`, which is valid and holds every key, and the one fault that the check must
report.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from domain.model.programme import ProgrammeFault, ProgrammeInvalid, load

CLUB: Final = Path(__file__).with_name("club.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Mistake:
    """`old`, which the file holds once, is replaced by `new`; the check must then report this one fault."""

    name: str
    old: str
    new: str
    line: int
    path: str
    message: str

    def assert_found(self) -> None:
        assert CLUB.count(self.old) == 1
        faults = faults_of(CLUB.replace(self.old, self.new))
        assert [(fault.line, fault.path, fault.message) for fault in faults] == [
            (self.line, self.path, self.message)
        ]
        assert faults[0].remedy


def faults_of(text: str) -> tuple[ProgrammeFault, ...]:
    with pytest.raises(ProgrammeInvalid) as raised:
        load(text)
    return raised.value.faults
