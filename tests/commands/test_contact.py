"""`selo contact replace`: a member who lost every contact gets a new one, with a code that is sent there."""

import subprocess
import sys

from tests.browser.club_server import ClubServer, serve_club
from tests.servers import ROOT
from tests.small_runtime import NUMISCOLLECT

ANA, NEW = "ana@example.com", "new@example.com"
ENROL = "mutation($i: EnrolInput!) { enrol(input: $i) { ... on Enrolled { challenge enrolmentToken } } }"
SIGN_IN = (
    "mutation($i: SignInInput!) { signIn(input: $i) { __typename ... on SignedIn { accessToken member { number email"
    " } } } }"
)
ASK = "mutation($i: RequestSignInCodeInput!) { requestSignInCode(input: $i) { challenge } }"


def replace(club: ClubServer, number: str, contact: str, *, code: str | None = None) -> tuple[int, str, str]:
    """Run the command; type the code that is mailed to the contact, or another one."""
    club.mailbox.mails.clear()
    command = [sys.executable, "-m", "api.cli", "contact", "replace", number, contact]
    process = subprocess.Popen(
        [*command, "--reason", "seen with passport", "--data", str(club.data_folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**club.environment, "PYTHONPATH": str(ROOT)},
    )
    out, err = process.communicate(f"{code or club.code_for(contact)}\n", timeout=60)
    return process.returncode, out, err.strip().rpartition("\n")[2]


def sign_in(club: ClubServer, contact: str, **more: str) -> dict[str, object]:
    asked = club.do(ASK, {"i": {"contact": contact}})["requestSignInCode"]
    proof = {"contact": contact, "code": club.code_for(contact), "challenge": asked["challenge"]}
    answer: dict[str, object] = club.do(SIGN_IN, {"i": {**proof, **more}})["signIn"]
    return answer


def test_a_lost_contact_is_replaced_with_a_code_and_every_session_ends() -> None:
    with serve_club(NUMISCOLLECT.read_text(encoding="utf-8")) as club:
        application = {"name": "Ana", "email": ANA, "termsVersion": "2026-01", "idempotencyKey": "k" * 16}
        enrolled = club.do(ENROL, {"i": application})["enrol"]
        joined = sign_in(club, ANA, enrolmentToken=enrolled["enrolmentToken"])
        token, number = str(joined["accessToken"]), str(joined["member"]["number"])  # type: ignore[index]
        code, _, told = replace(club, "1234567890", NEW, code="000000")
        assert (code, told) == (1, "No membership has the number 1234567890.")
        code, _, told = replace(club, number, NEW, code="12345x")
        assert (code, told) == (1, "The code is wrong or has run out. Nothing was changed.")
        assert club.do("{ me { email } }", token=token)["me"]["email"] == ANA
        code, out, told = replace(club, number, NEW)
        assert code == 0
        assert out.endswith(
            f"{number} signs in by the new contact now; the lost one stops, and every session has ended\n"
        )
        refused = club.client.post(
            "/graphql", json={"query": "{ me { id } }"}, headers={"authorization": f"Bearer {token}"}
        )
        assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert sign_in(club, NEW)["member"] == {"number": number, "email": NEW}
        assert sign_in(club, ANA)["__typename"] == "NotEnrolled"
