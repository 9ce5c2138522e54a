"""How far a proof over all members is, in a file: a run that was cut off goes on from there."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, astuple, field
from pathlib import Path
from typing import Any, Self

from api.commands.running import CannotRun
from domain.model.values import dataclass
from domain.services.ledger.merged.transfer_proof import TransferSums
from domain.services.ledger.proof.folded_journal import Difference
from domain.services.ledger.verification import LedgerProof
from domain.store.ledger.code_counts import CodeCount


@dataclass
class Checkpoint:
    """The shares that are proved, of how many, and what they came to. `codes_before` was read before the
    first of them; without a `path` nothing is written.
    """

    path: Path | None
    database: str
    decides: bool
    share_count: int
    codes_before: Mapping[str, CodeCount]
    done: set[str] = field(default_factory=set)
    proof: LedgerProof = field(default_factory=LedgerProof)

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        database: str,
        decides: bool,
        share_count: int,
        codes: Mapping[str, CodeCount],
    ) -> Self:
        """Return what a file says, or a beginning, which is written at once: a place that cannot be written
        is told before the work. Raises CannotRun where the file is of something else, OSError.
        """
        if path is None or not path.exists():
            point = cls(path, database, decides, share_count, codes)
            point._write()
            return point
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["database"] != database:
                raise CannotRun(
                    f"{path} is of the database {content['database']}: name another file with --checkpoint."
                )
            if content["decides"] != decides:
                how = "with" if content["decides"] else "without"
                raise CannotRun(
                    f"{path} is of a run {how} --decide: repeat it so, or name another file with"
                    " --checkpoint."
                )
            if content["shares"] != share_count:
                raise CannotRun(
                    f"{path} is of a run in {content['shares']} shares, not {share_count}: repeat it with the"
                    " same --processes, or name another file with --checkpoint."
                )
            return cls(
                path,
                database,
                decides,
                share_count,
                {name: CodeCount(*counts) for name, counts in content["codes"].items()},
                set(content["done"]),
                _read_proof(content["proof"]),
            )
        except (OSError, ValueError, LookupError, TypeError):
            raise CannotRun(
                f"{path} does not say how far a proof is: delete it, or name another file with --checkpoint."
            ) from None

    def add(self, share: str, proof: LedgerProof) -> None:
        """Add a share that is proved, and write the file anew."""
        self.done.add(share)
        self.proof.add(proof)
        self._write()

    def close(self) -> None:
        """Delete the file: the proof is complete, and the next one begins anew."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        if self.path is None:
            return
        content = {
            "database": self.database,
            "decides": self.decides,
            "shares": self.share_count,
            "codes": {name: astuple(counts) for name, counts in self.codes_before.items()},
            "done": sorted(self.done),
            "proof": _proof_values(self.proof),
        }
        unfinished = self.path.with_name(f"{self.path.name}.new")
        unfinished.write_text(json.dumps(content), encoding="utf-8")
        unfinished.replace(self.path)


def _proof_values(proof: LedgerProof) -> dict[str, Any]:
    return {
        "members": proof.members,
        "from_bases": proof.from_bases,
        "differences": [asdict(difference) for difference in proof.differences],
        "entered": proof.entered,
        "transfers": {
            key: {"sums": amounts, "members": sorted(proof.transfers.members[key])}
            for key, amounts in proof.transfers.sums.items()
        },
    }


def _read_proof(values: Mapping[str, Any]) -> LedgerProof:
    transfers = values["transfers"]
    return LedgerProof(
        values["members"],
        values.get("from_bases", 0),
        [Difference(**difference) for difference in values["differences"]],
        Counter(values["entered"]),
        TransferSums(
            {key: Counter(each["sums"]) for key, each in transfers.items()},
            {key: set(each["members"]) for key, each in transfers.items()},
        ),
    )
