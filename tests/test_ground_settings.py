"""Settings: each described, each in the README, each refusal naming its variable."""

from pathlib import Path

import pytest

from api.settings import BadSettings, Settings, read_settings, settings_table

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
        ("SELO_PORT", "70000", "The setting SELO_PORT cannot be used: input should be less than or equal to 65535"),
        ("SELO_SECRET", "short", "The setting SELO_SECRET cannot be used"),
        ("SELO_CORS_ORIGINS", "https://shop.example", 'A setting cannot be read: error parsing value for field "cors_origins"'),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSettings) as refusal:
        read_settings()
    assert str(refusal.value).startswith(sentence)
    assert "\n" not in str(refusal.value)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://u:hush@db.example")
    monkeypatch.setenv("SELO_SECRET", "0123456789abcdef0123456789abcdef")
    assert "hush" not in repr(read_settings())
    assert "0123456789" not in repr(read_settings())
