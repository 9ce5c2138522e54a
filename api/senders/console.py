"""Sign-in codes without a sender: a demo prints them on its console, any other server refuses them."""

from domain.model.people.contacts import Contact
from domain.services.errors import ContactOutOfReach
from domain.services.senders import ChangeNotice, CodeMessage

UNDO_PATH = "/undo/"


def undo_link(base_url: str, token: str) -> str:
    """Return the link that undoes a change of contact. No server, proxy or log sees what follows the #."""
    return f"{base_url}{UNDO_PATH}#{token}"


class ConsoleCodeSender:
    """Prints each code for whoever tries the demo; never through the logs."""

    def __init__(self, *, base_url: str) -> None:
        self._base_url = base_url

    def expect_reach(self, contact: Contact) -> None:
        """Accept any contact."""

    async def send_code(self, contact: Contact, message: CodeMessage) -> None:
        print(f"sign-in code for {contact.value}: {message.code}", flush=True)

    async def tell_changed(self, contact: Contact, notice: ChangeNotice) -> None:
        what = "is no way to sign in any more" if notice.is_removal else "is a way to sign in now"
        line = f"told {contact.value}: {notice.changed_contact.masked} {what}"
        undo = (
            "" if notice.undo_token is None else f"; undo it: {undo_link(self._base_url, notice.undo_token)}"
        )
        print(line + undo, flush=True)


class UnavailableCodeSender:
    """Refuses, so that nobody waits for a code that will not come."""

    def expect_reach(self, contact: Contact) -> None:
        raise ContactOutOfReach("Sign-in codes cannot be sent: no sender is configured.")

    async def send_code(self, contact: Contact, message: CodeMessage) -> None:
        self.expect_reach(contact)

    async def tell_changed(self, contact: Contact, notice: ChangeNotice) -> None:
        self.expect_reach(contact)
