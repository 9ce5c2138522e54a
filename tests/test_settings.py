"""Settings: each is described, each stands in the README, and each refusal names its variable."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.commands.running import unknown_variables
from api.commands.settings import settings_table
from api.settings import BadSettings, Settings
from api.settings.reading import read_settings

README = Path(__file__).parent.parent / "README.md"


def test_every_setting_has_a_description() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_the_readme_lists_every_setting() -> None:
    assert settings_table() in README.read_text(), "paste what `scripts/selo settings` prints into README.md"


def test_the_command_line_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELO_PORT", "9000")
    monkeypatch.setenv("SELO_HOST", "0.0.0.0")
    settings = read_settings(port=7000, host=None)
    assert (settings.port, settings.host) == (7000, "0.0.0.0")


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("SELO_PORT", "http", "The setting SELO_PORT cannot be used: input should be a valid integer"),
        (
            "SELO_PORT",
            "70000",
            "The setting SELO_PORT cannot be used: input should be less than or equal to 65535",
        ),
        ("SELO_SECRET", "short", "The setting SELO_SECRET cannot be used: it has fewer than 32 characters."),
        (
            "SELO_CORS_ORIGINS",
            "https://a.b",
            'The setting SELO_CORS_ORIGINS cannot be used: it is written like ["https://shop.example"].',
        ),
        (
            "SELO_TRUSTED_PROXIES",
            '{"a": 1}',
            'The setting SELO_TRUSTED_PROXIES cannot be used: it is written like ["10.0.0.7"].',
        ),
        (
            "SELO_BASE_URL",
            "https://club.example/",
            (
                "The setting SELO_BASE_URL cannot be used: it is written like https://club.example, without a"
                " slash at its end."
            ),
        ),
        (
            "SELO_SMTP_HOST",
            "https://mail",
            "The setting SELO_SMTP_HOST cannot be used: it is written like mail.example.",
        ),
        (
            "SELO_MAIL_FROM",
            "club",
            (
                "The setting SELO_MAIL_FROM cannot be used: value is not a valid email address: An email"
                " address must"
            ),
        ),
        (
            "SELO_DATABASE_SECONDS",
            "inf",
            "The setting SELO_DATABASE_SECONDS cannot be used: input should be less than or equal to 3600.",
        ),
        (
            "SELO_CORS_ORIGINS",
            "",
            'The setting SELO_CORS_ORIGINS cannot be used: it is written like ["https://shop.example"].',
        ),
        *(
            (
                variable,
                "",
                f"The setting {variable} cannot be used: it is empty: give it a value, or unset it.",
            )
            for variable in (
                "SELO_MEDIA",
                "SELO_HOST",
                "SELO_DATA",
                "SELO_PORT",
                "SELO_SECRET",
                "SELO_TOKEN_KEYS",
                "MONGODB_URI",
            )
        ),
    ],
)
def test_a_bad_value_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings) as refusal:
        read_settings()
    assert str(refusal.value).startswith(sentence)
    assert "\n" not in str(refusal.value)
    assert not str(refusal.value).endswith("..")


def test_a_setting_written_like_its_example_is_taken() -> None:
    for name, field in Settings.model_fields.items():
        assert field.examples or not any(getattr(rule, "pattern", None) for rule in field.metadata), name
        for example in field.examples or ():
            written = str(example).partition(",")[0]
            value = json.loads(written) if written.startswith(("[", "{")) else written
            setting = getattr(read_settings(**{name: value}), name)
            assert _plain(setting) == value


def _plain(setting: object) -> object:
    """Return a setting as it is written, with the secrets of a list."""
    if isinstance(setting, list):
        return [each.get_secret_value() if isinstance(each, SecretStr) else each for each in setting]
    return setting


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://u:hush@db.example")
    monkeypatch.setenv("SELO_SECRET", "0123456789abcdef0123456789abcdef")
    assert "hush" not in repr(read_settings())
    assert "0123456789" not in repr(read_settings())


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("SELO_SMTP_HOTS", "SELO_SMTP_HOST"),
        ("SELO_SECRETS", "SELO_SECRET"),
        ("SELO_TOKENKEYS", "SELO_TOKEN_KEYS"),
        ("SELO_MONGODB_URI", "MONGODB_URI"),
        ("SELO_FIREBASE_AUTH_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST"),
        ("SELO_MONGODB_URL", "MONGODB_URI"),
        ("SELO_CONSOLE", None),
        ("SELO_XYZZY", None),
        ("MONGO_URI", "MONGODB_URI"),
        ("MONGODB_URL", "MONGODB_URI"),
    ],
)
def test_a_variable_that_is_none_of_ours_is_known_by_its_neighbour(
    variable: str, nearest: str | None
) -> None:
    environment = [variable, "PATH", "SELO_PORT", "selo_host", "MONGODB_USER", "MONGO_PASSWORD"]
    assert unknown_variables(environment) == {variable: nearest}


def test_a_database_that_is_named_may_have_neighbours() -> None:
    assert unknown_variables(["MONGODB_URI", "MONGODB_URL"]) == {}
