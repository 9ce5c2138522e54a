"""api/README.md, for whoever writes an app: its tables say what the code says, and the schema has its names."""

import re
from datetime import date, timedelta

from graphql import GraphQLObjectType, get_named_type

import api.errors
from api import tokens
from api.errors import ApiError
from api.graphql.engine.error_rendering import MAX_ERRORS
from api.graphql.engine.limits import DocumentLimits
from api.graphql.engine.permitted.console import CONSOLE_MUTATIONS, CONSOLE_QUERIES
from api.graphql.schema import make_schema
from api.http.body import MAX_BODY_BYTES
from api.http.protocol import ConnectionLimits
from api.http.websocket import SocketLimits
from api.rates import RateLimits
from api.settings import Settings
from domain.model.people import codes, sign_in
from domain.services import card_secrets
from domain.services.messages import push_results
from domain.services.people import devices
from domain.store import requests
from domain.store.people import known_devices
from tests.running_app import ROOT

PAGE = (ROOT / "api" / "README.md").read_text(encoding="utf-8")
SCHEMA = make_schema()._schema
OBJECTS = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLObjectType)]


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below a heading of its columns."""
    lines = PAGE.partition(f"| {heading} |\n")[2].splitlines()[1:]
    table = lines[: [*map(bool, lines), False].index(False)]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def coded(cell: str) -> list[str]:
    """What stands as code in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_error_code_stands_there_with_its_status_and_what_to_do() -> None:
    errors = [
        each
        for each in vars(api.errors).values()
        if isinstance(each, type) and issubclass(each, ApiError) and hasattr(each, "code")
    ]
    table = rows("code | status | beside it | what to do")
    assert {(coded(code)[0], int(status)) for code, status, _, _ in table} == {
        *((each.code, each.status) for each in errors),
        ("INTERNAL", 500),
    }
    assert all(remedy for *_, remedy in table)


def test_every_problem_of_the_schema_stands_there_with_what_to_do() -> None:
    problems = {each.name for each in OBJECTS if "Problem" in {one.name for one in each.interfaces}}
    table = rows("Problem | what to do")
    assert {coded(name)[0] for name, _ in table} == problems
    assert all(remedy for _, remedy in table)


def test_every_field_of_the_console_stands_there_and_each_that_stands_there_exists() -> None:
    named = [name for fields, *_ in rows("fields | for | what an app has to know") for name in coded(fields)]
    assert len(named) == len(set(named))
    assert {*CONSOLE_QUERIES, *CONSOLE_MUTATIONS} - set(named) == set()
    roots = {name for each in OBJECTS if each.name in ("Query", "Mutation") for name in each.fields}
    assert set(named) - roots == set()


def test_every_limit_is_that_of_the_code() -> None:
    document, socket, connection = DocumentLimits(), SocketLimits(), ConnectionLimits()
    rates, settings = RateLimits(), Settings()
    assert [int(limit) for _, limit in rows("what | limit")] == [
        document.characters,
        document.tokens,
        document.depth,
        document.cost,
        document.aliases,
        document.directives,
        document.fragments,
        document.variables,
        document.operations,
        document.values,
        document.pictures,
        document.page,
        MAX_ERRORS,
        MAX_BODY_BYTES,
        connection.url_bytes,
        connection.head_bytes,
        settings.operation_seconds,
        socket.message_bytes,
        socket.messages_per_minute,
        socket.sockets_per_member,
        socket.subscriptions_per_member,
        devices.MAX_DEVICES,
        rates.member_points_per_minute,
        rates.anonymous_requests_per_minute,
        rates.staff_requests_per_minute,
        settings.sign_in_codes_per_contact_hour,
        rates.enrolments_per_address_hour,
        rates.bad_scans_per_minute,
    ]


def test_every_lifetime_is_that_of_the_code() -> None:
    settings = Settings()
    units = {"days": "days", "day": "days", "hours": "hours", "minutes": "minutes", "seconds": "seconds"}
    table = [how_long.split() for _, how_long in rows("what | how long")]
    assert [timedelta(**{units[unit]: int(count)}) for count, unit in table] == [
        timedelta(minutes=settings.access_token_minutes),
        timedelta(days=settings.session_idle_days),
        timedelta(days=settings.session_days),
        timedelta(hours=settings.staff_session_hours),
        requests.KEPT_FOR,
        sign_in.RESERVATION,
        sign_in.LIFE,
        known_devices.KEPT_FOR,
        timedelta(seconds=codes.STEP_SECONDS),
        card_secrets.OVERLAP,
        tokens.VISIT_DURATION,
        push_results.UNSEEN_LIMIT,
    ]


def test_every_setting_that_the_page_names_exists() -> None:
    named = {name.removeprefix("SELO_").lower() for name in re.findall(r"SELO_[A-Z_]+", PAGE)}
    assert named - set(Settings.model_fields) == set()


def test_every_deprecated_field_stands_there_with_its_successor_and_is_answered_for_a_year() -> None:
    deprecated = [
        (each, name, field.deprecation_reason)
        for each in OBJECTS
        for name, field in each.fields.items()
        if field.deprecation_reason
    ]
    written = []
    for owner, name, reason in deprecated:
        match = re.fullmatch(r"Use `(\w+)`\. Deprecated on (\S+); answered until (\S+)\.", reason)
        assert match is not None, f"{owner.name}.{name}: {reason}"
        successor, since, until = match[1], date.fromisoformat(match[2]), date.fromisoformat(match[3])
        assert owner.fields[successor].deprecation_reason is None
        assert (until - since).days in (365, 366)
        written.append([f"`{owner.name}.{name}`", f"`{successor}`", until.isoformat()])
    assert sorted(written) == sorted(rows("field | instead | answered until"))


def test_a_name_of_the_schema_means_one_thing() -> None:
    types_by_name: dict[str, set[str]] = {}
    for each in OBJECTS:
        for name, field in each.fields.items():
            if not field.deprecation_reason:
                types_by_name.setdefault(name, set()).add(get_named_type(field.type).name)
    assert types_by_name["from"] == types_by_name["until"] == {"DateTime"}
    assert types_by_name["image"] == types_by_name["title"] == {"String"}
    assert types_by_name["status"] == {"MemberStatus"}
    assert "art" not in types_by_name
    days = {name for name, types in types_by_name.items() if "LocalDate" in types}
    instants = {name for name, types in types_by_name.items() if "DateTime" in types}
    assert days & instants == set()
