"""The errands of `selo`: on a database of their own, on a running server's, and refused in a sentence."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers import ROOT, quick_folder, selo, serving

DEMO = ROOT / "scripts/demo/numiscollect.yaml"


@pytest.fixture
def data() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


def said(*words: str) -> str:
    """What a command that succeeds prints."""
    done = selo(*words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.rstrip("\n")


def refused(*words: str) -> str:
    done = selo(*words)
    assert (done.returncode, done.stdout) == (1, ""), done.stdout
    return done.stderr.rstrip("\n")


def test_publish_counts_versions_by_content(data: Path) -> None:
    changed = data / "changed.yaml"
    changed.write_text(DEMO.read_text().replace("fixed: 200", "fixed: 300"))
    at = ("--data", str(data))
    assert refused("programme", "show", *at) == "No programme is published yet; selo programme publish FILE does it."
    assert said("programme", "publish", str(DEMO), *at) == "Version 1 is published."
    assert said("programme", "publish", str(DEMO), *at) == "Version 1 says the same already; nothing was published."
    assert said("programme", "publish", str(changed), *at) == "Version 2 is published."
    assert said("programme", "show", *at).splitlines()[0] == "Version 2"
    assert said("programme", "show", "--text", *at) == changed.read_text().rstrip("\n")


def test_check_tells_faults_by_exit_code_for_people_and_machines(data: Path) -> None:
    bad = data / "bad.yaml"
    bad.write_text(DEMO.read_text().replace("wallet: points, fixed: 200", "wallet: pionts, fixed: 200"))
    done = selo("programme", "check", str(bad))
    assert (done.returncode, "did you mean points?" in done.stdout) == (1, True)
    machine = selo("programme", "check", "--json", str(bad))
    assert (machine.returncode, json.loads(machine.stdout)["sound"]) == (1, False)
    assert json.loads(said("programme", "check", "--json", str(DEMO)))["sound"] is True
    assert refused("programme", "check", str(data / "none.yaml")) == f"Cannot read {data / 'none.yaml'}: No such file or directory."


def test_a_faulty_programme_keeps_the_server_from_starting(data: Path) -> None:
    bad = data / "bad.yaml"
    bad.write_text("programme: {}")
    done = selo("serve", "--port", "0", "--data", str(data), "--programme", str(bad))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{bad} was not published. The programme file has ")


def test_a_command_beside_a_running_server_uses_its_database(data: Path) -> None:
    at = ("--data", str(data))
    with serving(data, "--programme", str(DEMO)) as served:
        assert httpx.get(f"{served.url}/ready").json()["parts"]["programme"] == "version 1"
        assert said("programme", "publish", str(DEMO), *at) == "Version 1 says the same already; nothing was published."
        assert said("store", "add", "lisboa", "--name", "Lisboa", *at) == "lisboa is open"
    assert said("store", "list", *at) == "lisboa\tLisboa"


def test_staff_are_added_listed_given_a_token_and_shut_out(data: Path) -> None:
    at = ("--data", str(data))
    with serving(data):
        said("store", "add", "lisboa", "--name", "Lisboa", *at)
        assert "password: " in said("staff", "add", "rita", "--name", "Rita", "--role", "manager", "--store", "lisboa", *at)
        assert said("staff", "list", *at) == "rita\tmanager\tlisboa\tRita"
        assert said("token", "--staff", "rita", *at).count(".") == 2
        assert refused("token", "--staff", "rita", "--store", "porto", *at) == "rita cannot sign in at porto."
        assert said("staff", "disable", "rita", *at) == "rita is shut out; 1 sessions ended"
        assert refused("token", "--staff", "rita", *at) == "rita is disabled."
        assert said("staff", "list", *at) == "rita\tmanager\tlisboa\tRita\tdisabled"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("token",), "Name one of --member NUMBER and --staff USERNAME."),
        (("token", "--member", "12345"), "No membership has the number 12345."),
        (("token", "--staff", "nobody"), "There is nobody called nobody."),
        (("staff", "disable", "nobody"), "There is nobody called nobody."),
        (("staff", "add", "Not a name!", "--name", "N"), "Write a username of 1 to 64 letters a-z, digits, dots, dashes or underscores."),
        (("store", "add", "L", "--name", "L"), "Write a code of 1 to 64 letters a-z, digits, dashes or underscores."),
    ],
)
def test_an_errand_that_cannot_be_done_is_refused_in_a_sentence(data: Path, words: tuple[str, ...], sentence: str) -> None:
    assert refused(*words, "--data", str(data)) == sentence
