"""The codes of a simulation: which of a batch were entered, and how often each counted in all."""

from __future__ import annotations

from collections import Counter

from domain.model.code_spelling import normal_code
from domain.model.ledger.deciding.code_entry import code_data, refusal_of
from domain.model.ledger.decision import CodeRefused
from domain.model.ledger.events import Event
from domain.model.ledger.member import Member
from domain.model.programme import CodeSpec, Programme
from domain.model.simulate.inputs import InputLine


class CodeEntries:
    """What was entered so far. A batch is named by `batch`, and its single-use codes by labels of one's own
    in `code`; without one it is a code that was never entered before.
    """

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._specs = {normal_code(spec.code): spec for spec in programme.codes if spec.code is not None}
        self._batches = {spec.batch: spec for spec in programme.codes if spec.batch is not None}
        self._times: Counter[str] = Counter()
        self._used_labels: set[tuple[str, str]] = set()

    def has_code(self, line: InputLine) -> bool:
        """Tell whether an enrolment brings a code."""
        return line.get("code", str) is not None or line.get("batch", str) is not None

    def find(self, line: InputLine, member: Member) -> CodeSpec:
        """Return the code that a line enters. Raises CodeRefused where it counts nothing, and InputMalformed
        where it names none.
        """
        batch, label = line.get("batch", str), line.get("code", str)
        if batch is None and label is None:
            raise line.malformed("data.code is missing; write a code, or the batch of a single-use one")
        spec = self._specs.get(normal_code(label or "")) if batch is None else self._batches.get(batch)
        if batch is not None and (batch, label) in self._used_labels:
            spec = None
        reason = refusal_of(self._programme, spec, member, line.at)
        if reason is not None or spec is None:
            raise CodeRefused(reason or "UNKNOWN")
        if spec.limit is not None and self._times[spec.name] >= spec.limit:
            raise CodeRefused("USED_UP")
        return spec

    def name_at_enrolment(self, line: InputLine, member: Member) -> str | None:
        """Return the name of the code of an enrolment, where it counts."""
        try:
            return self.find(line, member).name if self.has_code(line) else None
        except CodeRefused:
            return None

    def event(self, line: InputLine, spec: CodeSpec, id: str) -> Event:
        """Return the event of a line that enters a code."""
        return Event(id, line.name, line.at, line.source, code_data(spec))

    def note(self, line: InputLine, spec: CodeSpec) -> None:
        """Count a code that counted."""
        self._times[spec.name] += 1
        label = line.get("code", str)
        if spec.batch is not None and label is not None:
            self._used_labels.add((spec.batch, label))
