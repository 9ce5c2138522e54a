"""What is large holds nobody up: the calls of Python that one step of the event loop makes are bounded, on a
receipt of 500 lines and while a programme of the longest file is read.

100 ms are about 200,000 calls of Python. Calls are counted, since seconds depend on the machine.
"""

import asyncio
import sys
from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from domain.model.programme.faults import ProgrammeInvalid
from domain.model.programme.parsing import MAX_FILE_BYTES
from domain.store.ledger.programmes import Programmes
from tests.running_app import NUMISCOLLECT, Json, RunningApp

LINES = 500
CALLS_OF_A_RECEIPT = 200_000
CALLS_BESIDE_A_PROGRAMME = 10_000
ANSWER = (
    "... on PurchaseRecorded { purchase { lines { line sku name amount } } entries { amount }"
    " explanation { title } }"
)


@contextmanager
def counted_steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Yield the calls of Python that each step of the event loop makes until the block ends."""
    steps, run_step = list[int](), events.Handle._run

    def run_and_count(handle: asyncio.Handle) -> None:
        steps.append(0)

        def count(_frame: FrameType, event: str, _argument: object) -> None:
            steps[-1] += event == "call"

        sys.setprofile(count)
        try:
            run_step(handle)
        finally:
            sys.setprofile(None)

    with monkeypatch.context() as patch:
        patch.setattr(events.Handle, "_run", run_and_count)
        yield steps


async def test_a_receipt_of_500_lines_is_quoted_recorded_and_refunded_in_small_steps(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await app.enrol_member()
    number = (await app.do("{ me { number } }", token=token))["me"]["number"]
    till = await app.hire("rui", "MANAGER")
    lines = [
        {"sku": f"S-{n:06}", "name": f"Coin {n} {'x' * 80}", "category": f"cat{n % 40}", "amount": 10 + n}
        for n in range(LINES)
    ]
    receipt = {"member": number, "externalId": "long", "currency": "EUR", "total": 900_000, "lines": lines}
    back: Json = {"externalId": "long", "idempotencyKey": "back", "reason": "Returned"}
    with counted_steps(monkeypatch) as steps:
        quote = await app.do(
            "query Q($input: QuoteInput!) { quotePurchase(input: $input) { explanation { title } } }",
            {"input": {key: value for key, value in receipt.items() if key != "externalId"}},
            token=till,
        )
        recorded = await app.mutate(
            "recordPurchase", {**receipt, "idempotencyKey": "long"}, ANSWER, token=till
        )
        refunded = await app.mutate(
            "refundPurchase",
            {**back, "lines": [{"line": n + 1, "quantity": 1} for n in range(LINES // 2)]},
            "__typename",
            token=till,
        )
    assert quote["quotePurchase"]["explanation"]
    assert len(recorded["purchase"]["lines"]) == LINES
    assert refunded["__typename"] == "PurchaseRefunded"
    assert LINES < max(steps) < CALLS_OF_A_RECEIPT


async def test_a_programme_of_the_longest_file_is_published_and_read_beside_the_loop(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = NUMISCOLLECT.read_text(encoding="utf-8")
    rule = (
        "  - {{code: more-{n}, title: {{pt: {words}, en: {words}, pl: {words}}}, on: member.birthday,"
        " do: [{{award: {{wallet: points, fixed: 9}}}}]}}\n"
    )
    rules = "".join(rule.format(n=n, words="x" * 3000) for n in range(100))
    large = text.replace("\nrules:\n", f"\nrules:\n{rules}", 1)
    assert MAX_FILE_BYTES * 0.9 < len(large.encode()) < MAX_FILE_BYTES
    elsewhere = Programmes(app.process.store)
    with counted_steps(monkeypatch) as steps:
        published = await elsewhere.publish(large, now=app.clock())
        await app.process.programmes.refresh()
        with pytest.raises(ProgrammeInvalid, match="larger than 1000000 bytes"):
            await elsewhere.publish(large + large, now=app.clock())
    assert app.process.programmes.current().digest == published.digest
    assert max(steps) < CALLS_BESIDE_A_PROGRAMME
