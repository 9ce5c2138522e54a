"""`selo client`: a key is shown once, told apart, changed, rotated and revoked, each a row in the audit trail."""

import re
import secrets
from collections.abc import Callable, Iterator

import pytest
from pymongo import MongoClient

from domain.model.intake.client_keys import read_key
from tests.servers import SHARED_KEYS, quick_folder, selo
from tests.small_runtime import NUMISCOLLECT

Runs = Callable[..., tuple[int, str, str]]
ADD = ("client", "add", "web", "--source", "web", "--store", "lisboa")


@pytest.fixture
def runs(database_uri: str) -> Iterator[Runs]:
    """Run a command on a fresh database; return its exit code and what it printed."""
    name = f"test-{secrets.token_hex(8)}"
    environment = {"MONGODB_URI": database_uri, "SELO_DATABASE": name, **SHARED_KEYS}
    with quick_folder() as folder:

        def run(*words: str) -> tuple[int, str, str]:
            done = selo(*words, "--data", str(folder), environment=environment)
            return done.returncode, done.stdout, done.stderr.strip()

        yield run
    with MongoClient[dict[str, object]](database_uri) as client:
        client.drop_database(name)


def test_a_system_has_its_keys_from_the_shell(runs: Runs) -> None:
    runs("programme", "publish", str(NUMISCOLLECT))
    runs("store", "add", "lisboa", "--name", "Lisboa")
    bounds = ("--expires", "2099-12-31", "--purchases-per-day", "7", "--address", "203.0.113.7")
    code, printed, said = runs(*ADD, "--scopes", "events:write, purchases:write", *bounds)
    assert (code, said) == (0, "")
    lines = printed.splitlines()
    first = lines[0].removeprefix("key: ")
    presented = read_key(first)
    assert presented is not None
    assert lines[1].startswith("signing secret: whsec_")
    assert lines[-1].endswith("/events?client=web")
    never = runs(*ADD, "--scopes", "events:write", "--expires", "9999-12-31")
    assert never == (1, "", "--expires 9999-12-31 is out of range; write a year from 1970 to 2999.")
    repeated = runs(*ADD, "--scopes", "events:write")
    assert repeated == (1, "", "There is a system web already: selo client list.")
    shown = runs("client", "change", "web", "--scopes", "refunds:write")[1].splitlines()
    assert shown[0] == "web\tweb\tlisboa\tlive\tlive\trefunds:write"
    assert "7 purchases and events" in shown[1]
    assert shown[1].endswith("; from 203.0.113.7/32; until 2100-01-01T00:00:00Z")
    assert re.match(rf"  key {presented.id}\tlive\tsince .* by cli:\S+\tlast used never$", shown[2])
    second = runs("client", "rotate", "web", "--keep", "1")[1].splitlines()[0].removeprefix("key: ")
    assert second != first
    assert runs("client", "revoke", "web") == (0, "web is shut out\n", "")
    listed = runs("client", "list")[1]
    assert "\tlive\trevoked\t" in listed
    keys = [line.split("\t")[1] for line in listed.splitlines()[2:]]
    assert (len(keys), keys[0].startswith("ended, ends "), keys[1]) == (2, True, "ended")
    assert not {first, second} & set(listed.split())
