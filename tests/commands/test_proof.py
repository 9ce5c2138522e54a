"""`selo verify` over some members or all, in one process or several, cut off and gone on; `selo repair`."""

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from pymongo import MongoClient
from pymongo.database import Database as Mongo

from api.commands.proof import verify as verify_command
from api.commands.proof.repair import repair
from api.commands.proof.sharing import prove_shares
from domain.services.ledger import purchases
from domain.services.ledger.verification import LedgerProof
from domain.store.connect import connect
from domain.store.people import contacts
from tests.commands.test_backup import fill as fill_folder
from tests.servers import SHARED_KEYS, selo
from tests.small_runtime import NOW, TILL, join, new_purchase, open_runtime

MEMBERS = ("0a", "1b", "2c", "7d", "9e", "ef")

Says = Callable[..., tuple[int, list[str]]]


async def fill(uri: str, name: str) -> None:
    """Six members with a purchase each."""
    database = connect(uri, name, timeout_seconds=30)
    runtime = await open_runtime(database)
    for member in MEMBERS:
        await join(runtime, member)
        await purchases.record(
            runtime, till=TILL, member_id=member, purchase_input=new_purchase(member), key=member, now=NOW
        )
        number = contacts.number_key(f"0000{member}")
        await runtime.store[contacts.COLLECTION].insert_one({"_id": number, "member": member})
    await runtime.store.drain()
    await database.close()


@pytest.fixture
def mongo(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mongo[dict[str, object]]]:
    """The database that the commands of a test work on."""
    name = f"test-{secrets.token_hex(8)}"
    for variable, value in {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}.items():
        monkeypatch.setenv(variable, value)
    asyncio.run(fill(database_uri, name))
    with MongoClient[dict[str, object]](database_uri) as client:
        yield client[name]
        client.drop_database(name)


@pytest.fixture
def says(
    mongo: Mongo[dict[str, object]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Says:
    """Run a command's function; return its exit code and the lines that it printed."""
    assert mongo.name == os.environ["SELO_DATABASE"]
    monkeypatch.setattr(verify_command, "RANGES", 4)

    def run(command: Callable[..., None], *words: object, **options: object) -> tuple[int, list[str]]:
        with pytest.raises(SystemExit) as ended:
            command(*words, **options)
        said = capsys.readouterr()
        return int(str(ended.value.code)), (said.out + said.err).splitlines()

    return run


def tamper(mongo: Mongo[dict[str, object]], *ids: str) -> None:
    """Put a tag on members that no event put there."""
    done = mongo["members"].update_many({"_id": {"$in": list(ids)}}, {"$set": {"ledger.tags": ["vip"]}})
    assert done.modified_count == len(ids)


def fault(member: str) -> str:
    return f"{member}: tags is ['vip'], the journal gives []"


def test_only_the_members_that_are_meant_are_proved(mongo: Mongo[dict[str, object]], says: Says) -> None:
    tamper(mongo, "7d")
    verify = verify_command.verify
    assert says(verify, member=["0a", "00009e"]) == (0, ["2 members: no difference"])
    assert says(verify, member=["7d"]) == (1, [fault("7d"), "1 members: 1 differences"])
    assert says(verify, member=["nobody"]) == (1, ["No member has the number or the id nobody."])
    assert says(verify, sample=100) == (1, [fault("7d"), "6 members: 1 differences"])
    assert says(verify, sample=2)[1][-1].startswith("2 members: ")
    mongo["journal"].update_one({"_id": "2c:2"}, {"$set": {"at": NOW.replace(hour=11)}})
    assert says(verify, since="2026-03-02T10:30:00Z") == (0, ["1 members: no difference"])


def test_what_does_not_go_together_is_refused(says: Says, tmp_path: Path) -> None:
    for options in ({"member": ["0a"], "sample": 2}, {"sample": 2, "checkpoint": tmp_path / "point"}):
        with pytest.raises(typer.BadParameter):
            verify_command.verify(**options)  # type: ignore[arg-type]


def test_several_processes_find_the_same(mongo: Mongo[dict[str, object]]) -> None:
    tamper(mongo, "0a", "ef")
    done = selo("verify", "--processes", "2", environment=dict(os.environ))
    lines = done.stdout.splitlines()
    assert (done.returncode, sorted(lines[:-1])) == (1, [fault("0a"), fault("ef")]), done.stderr
    assert lines[-1] == "6 members: 2 differences"


def test_a_run_that_was_cut_off_goes_on_where_it_was(
    mongo: Mongo[dict[str, object]], says: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(mongo, "0a")
    point, verify = tmp_path / "point.json", verify_command.verify
    prove = prove_shares

    async def cut_off_after_two(*words: object, **options: object):  # type: ignore[no-untyped-def]
        count = 0
        async for share, proof in prove(*words, **options):  # type: ignore[arg-type]
            yield share, proof
            count += 1
            if count == 2:
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(verify_command, "prove_shares", cut_off_after_two)
        assert says(verify, checkpoint=point) == (130, [])
    proved: list[int] = []

    async def watched(*words: object, **options: object):  # type: ignore[no-untyped-def]
        async for share, proof in prove(*words, **options):  # type: ignore[arg-type]
            assert isinstance(proof, LedgerProof)
            proved.append(proof.members)
            yield share, proof

    monkeypatch.setattr(verify_command, "prove_shares", watched)
    tamper(mongo, "ef")
    assert says(verify, checkpoint=point) == (1, [fault("0a"), fault("ef"), "6 members: 2 differences"])
    assert proved == [1, 1]  # those before are known
    assert not point.exists()


def test_a_run_that_was_cut_off_goes_on_in_the_same_shares_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Shares of the embedded database are as many as processes: one of two is not one of three."""
    monkeypatch.delenv("MONGODB_URI", raising=False)
    asyncio.run(fill_folder(tmp_path / "data"))
    point, prove = tmp_path / "point.json", prove_shares

    async def cut_off_after_one(*words: object, **options: object):  # type: ignore[no-untyped-def]
        async for share, proof in prove(*words, **options):  # type: ignore[arg-type]
            yield share, proof
            raise KeyboardInterrupt

    def verify(processes: int) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            verify_command.verify(processes=processes, checkpoint=point, data=tmp_path / "data")
        said = capsys.readouterr()
        return int(str(ended.value.code)), (said.out + said.err).splitlines()[-1]

    with monkeypatch.context() as patch:
        patch.setattr(verify_command, "prove_shares", cut_off_after_one)
        assert verify(2)[0] == 130
    for processes in (1, 3):
        told = (
            f"{point} is of a run in 2 shares, not {processes}: repeat it with the same --processes, or name"
            " another file with --checkpoint."
        )
        assert verify(processes) == (1, told)
    assert verify(2) == (0, "2 members: no difference")
    written = {"database": "selo", "decides": False, "codes": {}, "done": [""], "proof": {}}
    point.write_text(json.dumps(written))
    assert verify(2)[1].startswith(f"{point} does not say how far a proof is: delete it")


def test_a_journal_is_decided_again_where_it_is_asked_for(
    mongo: Mongo[dict[str, object]], says: Says, tmp_path: Path
) -> None:
    verify, point = verify_command.verify, tmp_path / "point.json"
    assert says(verify, decide=True) == (0, ["6 members: no difference"])
    mongo["journal"].update_one({"_id": "2c:2"}, {"$set": {"outcomes.0.2": 99}})
    assert says(verify) == (0, ["6 members: no difference"])
    code, lines = says(verify, member=["2c"], decide=True)
    assert (code, lines[-1]) == (1, "1 members: 1 differences")
    assert lines[0].startswith("2c: row 2 outcomes is [['purchase', True, 99,")
    assert "the journal gives [['purchase', True, 100," in lines[0]
    point.write_text('{"database": "%s", "decides": true}' % mongo.name)
    told = f"{point} is of a run with --decide: repeat it so, or name another file with --checkpoint."
    assert says(verify, checkpoint=point) == (1, [told])


def test_a_checkpoint_of_something_else_is_refused(says: Says, tmp_path: Path) -> None:
    point = tmp_path / "point.json"
    point.write_text("[]")
    told = f"{point} does not say how far a proof is: delete it, or name another file with --checkpoint."
    assert says(verify_command.verify, checkpoint=point) == (1, [told])
    point.write_text('{"database": "another"}')
    told = f"{point} is of the database another: name another file with --checkpoint."
    assert says(verify_command.verify, checkpoint=point) == (1, [told])


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "--checkpoint"),
        ("export", "fiscal", "--from", "2026-03-02", "--out"),
        ("export", "member", "00000a", "--reason", "letter", "--out"),
    ],
)
def test_a_file_in_a_folder_that_is_not_there_is_told_in_a_sentence(
    mongo: Mongo[dict[str, object]], words: tuple[str, ...], tmp_path: Path
) -> None:
    done = selo(*words, str(tmp_path / "nowhere/file"), environment=dict(os.environ))
    assert (done.returncode, done.stdout, done.stderr) == (
        1,
        "",
        f"{tmp_path}/nowhere is not there: make the folder, or name another.\n",
    )
    done = selo(*words, str(tmp_path / ("long" * 70)), environment=dict(os.environ))
    assert (done.returncode, done.stderr.endswith(" cannot be written or read: File name too long.\n")) == (
        1,
        True,
    )


def test_repair_asks_writes_and_says_what_is_left(
    mongo: Mongo[dict[str, object]], says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    tamper(mongo, "7d")
    before = mongo["members"].find_one({"_id": "7d"})
    monkeypatch.setattr(typer, "confirm", lambda _question: False)
    assert says(repair, "7d") == (1, [fault("7d"), "Nothing was written."])
    assert mongo["members"].find_one({"_id": "7d"}) == before
    assert says(repair, "7d", yes=True) == (0, [fault("7d"), "7d: 1 differences repaired"])
    assert says(repair, "00007d") == (0, ["00007d: nothing to repair"])
    assert mongo["audit"].count_documents({"action": "MEMBER_REPAIRED", "member": "7d"}) == 1
    mongo["journal"].update_one({"_id": "7d:2"}, {"$set": {"entries.0.amount": 99}})
    code, lines = says(repair, "7d", yes=True)
    assert (code, lines[0]) == (
        1,
        "The journal itself is broken, so nothing can be repaired from it; compare it with a backup:",
    )
    assert lines[1:] == [
        "7d: entry 1 (n, wallet_n, balance) is (1, 1, 100), the journal gives (1, 1, 99)",
    ]
