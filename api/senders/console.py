"""Sign-in codes without a sender: a demo prints them on its console, any other server refuses them."""

from api.errors import NotAvailable
from domain.model.people.contacts import Contact


class ConsoleCodeSender:
    """Prints each code for whoever tries the demo; never through the logs."""

    def expect_reach(self, contact: Contact) -> None:
        """Accept any contact."""

    async def send_code(self, contact: Contact, code: str, locale: str) -> None:
        print(f"sign-in code for {contact.value}: {code}", flush=True)

    async def tell_changed(self, contact: Contact, new: Contact, locale: str) -> None:
        print(f"told {contact.value}: {new.masked} is a way to sign in now", flush=True)


class UnavailableCodeSender:
    """Refuses, so that nobody waits for a code that will not come."""

    def expect_reach(self, contact: Contact) -> None:
        raise NotAvailable("Sign-in codes cannot be sent: no sender is configured.")

    async def send_code(self, contact: Contact, code: str, locale: str) -> None:
        self.expect_reach(contact)

    async def tell_changed(self, contact: Contact, new: Contact, locale: str) -> None:
        self.expect_reach(contact)
