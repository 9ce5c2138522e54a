"""`selo export member`: service writes a member's data to a file, with a reason in the audit trail."""

import json

from tests.browser.club_server import serve_club
from tests.commands.test_contact import ANA, ENROL, sign_in
from tests.servers import selo
from tests.small_runtime import NUMISCOLLECT

LOOK = "{ me { number } }"


def test_service_writes_the_data_of_a_member_with_a_reason() -> None:
    with serve_club(NUMISCOLLECT.read_text(encoding="utf-8")) as club:
        application = {"name": "Ana", "email": ANA, "termsVersion": "2026-01", "idempotencyKey": "k" * 16}
        enrolled = club.do(ENROL, {"i": application})["enrol"]
        joined = sign_in(club, ANA, enrolmentToken=enrolled["enrolmentToken"])
        number = club.do(LOOK, token=str(joined["accessToken"]))["me"]["number"]
        place, out = ("--data", str(club.data_folder)), club.data_folder.parent / "ana.json"
        unknown = selo("export", "member", "1234567890", "--reason", "letter", *place)
        assert (unknown.returncode, unknown.stdout) == (1, "")
        assert "No membership has the number 1234567890." in unknown.stderr
        empty = selo("export", "member", number, "--reason", " ", *place)
        assert "--reason is empty: say who asked for it, and how." in empty.stderr
        written = selo("export", "member", number, "--reason", "letter of 3 May", "--out", str(out), *place)
        assert (written.returncode, written.stdout) == (0, "")
        file = json.loads(out.read_text(encoding="utf-8"))
        assert (file["profile"]["email"], file["about"]["by"]) == (ANA, "service")
        (act,) = [each for each in file["service"] if each["action"] == "DATA_EXPORTED"]
        assert (act["by"], act["reason"]) == ("service", "letter of 3 May")
