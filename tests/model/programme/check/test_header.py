"""The brand, the links, the least version, the switches and the stores: what is wrong with them is told with a
remedy.
"""

import pytest

from domain.model.colours import contrast, readable, text_on
from domain.model.programme import load, load_with_warnings
from tests.model.programme.mistakes import CLUB, faults_of

HOURS = '  quiet_hours: "21:00-08:00"\n'
MISTAKES = [
    ("brand: {colour: blue}", "programme.brand.colour", 'write "#" and six hexadecimal digits'),
    (
        "brand: {logo: 'javascript:alert(1)'}",
        "programme.brand.logo",
        "write an address that begins with https://",
    ),
    ("brand: {icons: a.svg}", "programme.brand.icons", "icon"),
    ("brand: {support: {url: 'ftp://a'}}", "programme.brand.support.url", "https://"),
    ("links: {privacy: 'file:///etc/passwd'}", "programme.links.privacy", "https://"),
    ("minimum_app_version: 2.4.x", "programme.minimum_app_version", 'in quotes, such as "2.4.0"'),
    ("flags: {new_home: maybe}", "programme.flags.new_home", "true"),
    ("flags: {new-home: true}", "programme.flags", "letters, digits and _"),
]
STORE_MISTAKES = [
    ("{code: a, position: {latitude: 91, longitude: 0}}", "stores[0].position.latitude", "90"),
    ("{code: a, position: {latitude: 38.7}}", "stores[0].position.longitude", "add longitude: -9.14"),
    ("{code: a, hours: {monday: '09:00-10:00'}}", "stores[0].hours", "mon"),
    ("{code: a, hours: {mon: '9-10'}}", "stores[0].hours.mon[0]", 'write "08:00-11:00"'),
    ("{code: a}, {code: a}", "stores[1].code", "its own code"),
]


@pytest.mark.parametrize(("line", "path", "remedy"), MISTAKES)
def test_what_is_wrong_in_the_header_is_told_with_its_place_and_remedy(
    line: str, path: str, remedy: str
) -> None:
    faults = faults_of(CLUB.replace(HOURS, f"{HOURS}  {line}\n", 1))
    assert [fault.path.startswith(path) for fault in faults] == [True], faults
    assert remedy in faults[0].remedy, faults


@pytest.mark.parametrize(("stores", "path", "remedy"), STORE_MISTAKES)
def test_what_is_wrong_with_a_store_is_told_with_its_place_and_remedy(
    stores: str, path: str, remedy: str
) -> None:
    faults = faults_of(f"{CLUB}\nstores: [{stores}]\n")
    assert [fault.path.startswith(path) for fault in faults] == [True], faults
    assert remedy in faults[0].remedy, faults


def test_a_colour_that_is_hard_to_read_on_white_is_warned_of_with_a_darker_tone() -> None:
    warnings = load_with_warnings(
        CLUB.replace(HOURS, f"{HOURS}  brand: {{colour: '#f5b800', accent: '#1f3a93'}}\n", 1)
    ).warnings
    warning = next(each for each in warnings if "brand" in each.path)
    assert (warning.path, warning.message) == (
        "programme.brand.colour",
        "#f5b800 is hard to read on white: its contrast is 1.8 to 1, and text takes 4.5 to 1",
    )
    assert [each for each in warnings if each.path == "programme.brand.accent"] == []
    assert contrast("#f5b800", "#ffffff") == pytest.approx(1.78, abs=0.01)
    assert contrast(readable("#f5b800", "#ffffff"), "#ffffff") >= 4.5
    assert text_on("#f5b800") != "#ffffff"


def test_a_sound_header_and_its_stores_are_read() -> None:
    brand = '  brand: {colour: "#1f3a93"}\n  minimum_app_version: "2.4"\n  flags: {new_home: true}\n'
    programme = load(
        CLUB.replace(HOURS, HOURS + brand, 1) + "\nstores: [{code: a, hours: {mon: '09:00-10:00'}}]\n"
    )
    header = programme.programme
    assert header.brand is not None
    assert (header.brand.colour, header.minimum_app_version, header.flags) == (
        "#1f3a93",
        "2.4",
        {"new_home": True},
    )
    assert [hours.start.hour for hours in programme.store("a").hours["mon"]] == [9]
