"""`selo merge`: two memberships become one by the shell, and two again."""

from tests.browser.club_server import ClubServer, serve_club
from tests.commands.test_contact import ENROL, sign_in
from tests.servers import selo
from tests.small_runtime import NUMISCOLLECT


def merge(club: ClubServer, *words: str) -> tuple[int, str, str]:
    done = selo("merge", *words, "--data", str(club.data_folder), environment=club.environment)
    # A Python with the fault in its mail is warned of, on any command that opens the senders.
    said = [line for line in done.stderr.splitlines() if "mail.python_has_cve" not in line]
    return done.returncode, done.stdout, said[-1] if said else ""


def join(club: ClubServer, contact: str) -> str:
    """Enrol somebody; return their number."""
    application = {"name": "Ana", "email": contact, "termsVersion": "2026-01", "idempotencyKey": contact}
    enrolled = club.do(ENROL, {"i": application})["enrol"]
    joined = sign_in(club, contact, enrolmentToken=enrolled["enrolmentToken"])
    return str(joined["member"]["number"])  # type: ignore[index]


def test_two_memberships_become_one_by_the_shell_and_two_again() -> None:
    with serve_club(NUMISCOLLECT.read_text(encoding="utf-8")) as club:
        old, number = join(club, "ana@example.com"), join(club, "ana@work.example")
        code, _, told = merge(club, old, old, "--reason", "seen with passport")
        assert (code, told) == (1, "Both numbers are of one membership.")
        code, out, told = merge(club, old, number, "--reason", "seen with passport")
        assert (code, told) == (0, "")
        assert out.splitlines()[0] == f"{old} is closed; {number} holds all of it:"
        assert sign_in(club, "ana@example.com")["member"] == {"number": number, "email": "ana@work.example"}
        code, out, _ = merge(club, old, "--undo", "--reason", "two people")
        assert (code, out) == (0, f"{old} is open again, beside {number}\n")
        assert sign_in(club, "ana@example.com")["member"] == {"number": old, "email": "ana@example.com"}
        code, _, told = merge(club, old, "--undo", "--reason", "two people")
        assert (code, told) == (1, "This membership was merged into no other.")
