"""Addresses of a file: what runs as code, or opens what nobody looked at, is a fault with its place and
remedy.
"""

import pytest

from domain.model.messages.rendering import MessageSubject, Recipient, render
from domain.model.programme import load_with_warnings, safe_address
from domain.model.programme.addresses import AddressKind
from domain.model.programme.loading import load_published
from tests.model.programme.mistakes import CLUB, faults_of

PLACES: dict[str, tuple[str, str, AddressKind]] = {
    "programme.terms.url": ('url: "https://club.example/terms"', "url: {}", "page"),
    "badges[0].art": ("art: visitor.svg", "art: {}", "picture"),
    "rewards[0].image": ("image: discount.svg", "image: {}", "picture"),
    "messages[1].link": ('link: "app://badges/{badge.code}"', "link: {}", "link"),
}
NEVER = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "javascript://club.example/%0aalert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,x",
    "file:///etc/passwd",
    "blob:https://club.example/1",
    "intent://scan/#Intent;scheme=zxing;end",
    "content://contacts/people/1",
    "view-source:https://club.example",
    "//evil.example/a.svg",
    "\\\\evil.example\\a.svg",
    "https:\\\\evil.example",
    "https://",
    "https:///a",
    "https://club.example@evil.example/",
    "https://club.example:port/",
    "https://club.example/a b",
    "https://club.example/\u202egpj.exe",
    "https://[club.example/",
)
RIGHT: dict[AddressKind, tuple[str, ...]] = {
    "page": ("https://club.example/terms?a=b#c", "https://münchen.example/agb", "/terms.html"),
    "picture": ("https://cdn.example:8443/a.svg", "/media/a.svg", "a.svg", "collector", "art/a.svg"),
    "link": (
        "app://rewards/discount-5",
        "com.club.app://inbox",
        "https://club.example/{event.level}",
        "mailto:service@club.example",
        "tel:+351912345678",
        "/rewards",
        "badges/{badge.code}",
    ),
}


def quoted(text: str) -> str:
    return '"' + "".join(f"\\u{ord(sign):04x}" if not sign.isalnum() else sign for sign in text) + '"'


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("path", PLACES)
def test_an_address_that_is_not_safe_to_open_is_one_fault(path: str, address: str) -> None:
    written, pattern, kind = PLACES[path]
    assert CLUB.count(written) == 1
    (fault,) = faults_of(CLUB.replace(written, pattern.format(quoted(address))))
    assert fault.path == path
    assert fault.message.startswith("this address ")
    assert "https://" in fault.remedy
    assert safe_address(address, kind) is None


def test_a_link_says_its_scheme_itself() -> None:
    written, pattern, _ = PLACES["messages[1].link"]
    (fault,) = faults_of(CLUB.replace(written, pattern.format('"{badge.code}://x"')))
    assert fault.message == "this address begins with a placeholder, so that its scheme is not known"


@pytest.mark.parametrize("path", PLACES)
def test_right_addresses_are_taken_as_they_are(path: str) -> None:
    written, pattern, kind = PLACES[path]
    for address in RIGHT[kind]:
        loaded = load_with_warnings(CLUB.replace(written, pattern.format(quoted(address))))
        assert [each.path for each in loaded.warnings if each.path == path] == []
        assert safe_address(address, kind) == address


@pytest.mark.parametrize(
    "link", ["www.shop.example/rewards", "shop.example", "shop-{badge.code}.example?a=1"]
)
def test_a_link_without_its_scheme_is_one_fault_of_a_draft_alone(link: str) -> None:
    text = CLUB.replace(PLACES["messages[1].link"][0], f'link: "{link}"')
    (fault,) = faults_of(text)
    assert (fault.path, fault.message, fault.remedy) == (
        "messages[1].link",
        "this address names a host without a scheme",
        f"write https://{link}, or a path such as /rewards",
    )
    assert load_published(text).message("earned").link == link


@pytest.mark.parametrize("link", ["/terms.html", "rewards/coin.svg", "rewards?v=1.5", "rewards", "app://a.b"])
def test_a_path_is_no_host(link: str) -> None:
    load_with_warnings(CLUB.replace(PLACES["messages[1].link"][0], f'link: "{link}"'))


@pytest.mark.parametrize("path", PLACES)
def test_http_is_doubted_and_taken(path: str) -> None:
    written, pattern, _ = PLACES[path]
    loaded = load_with_warnings(CLUB.replace(written, pattern.format(quoted("http://club.example/a"))))
    assert [(each.path, each.remedy) for each in loaded.warnings if each.path == path] == [
        (path, "write https://")
    ]


def test_no_address_at_all_is_none() -> None:
    assert [safe_address(None, "picture"), safe_address("", "page")] == [None, None]


@pytest.mark.parametrize("link", ["javascript:alert('{badge.code}')", "data:text/html,{badge.code}"])
def test_a_message_of_an_older_version_leads_nowhere(link: str) -> None:
    programme = load_published(CLUB.replace(PLACES["messages[1].link"][0], f"link: {quoted(link)}"))
    subject = MessageSubject("badge.earned", {"badge": "visitor", "level": 1}, 0)
    rendered = render(programme, programme.message("earned"), subject, Recipient("Ana", "1234-5", "en"))
    assert (rendered.title, rendered.link) == ("New badge: Visitor", None)


def test_what_an_event_brings_makes_no_scheme() -> None:
    programme = load_published(CLUB.replace(PLACES["messages[1].link"][0], 'link: "{badge.code}"'))
    subject = MessageSubject("badge.earned", {"badge": "javascript:alert(1)", "level": 1}, 0)
    rendered = render(programme, programme.message("earned"), subject, Recipient("Ana", "1234-5", "en"))
    assert rendered.link == "javascript%3Aalert%281%29"
