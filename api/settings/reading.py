"""Reads the settings from the environment, and says in one sentence which cannot be used, and why."""

import os

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsError

from api.settings import PREFIX, BadSettings, Settings

COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def read_settings(**overrides: object) -> Settings:
    """Return the settings from the environment, with those of the command line before them (None: not set).

    Raises BadSettings with one sentence that names the first setting that cannot be used.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except SettingsError as fault:
        # A list that is no JSON: pydantic names the field only in its message.
        name = str(fault).partition('"')[2].partition('"')[0]
        raise BadSettings(_cannot_be_used(name, f"it is written like {_example(name)}")) from None
    except ValidationError as fault:
        first = fault.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        raise BadSettings(_cannot_be_used(name, _fault_text(name, first))) from None


def variables() -> list[str]:
    """Return the names of all variables that are read."""
    return [
        field.validation_alias if isinstance(field.validation_alias, str) else f"{PREFIX}{name.upper()}"
        for name, field in Settings.model_fields.items()
    ]


def is_traced() -> bool:
    """Tell whether OpenTelemetry's own variables, which its library reads, name a collector of traces."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "")
    return exporter == "otlp" or (exporter == "" and any(os.environ.get(name) for name in COLLECTORS))


def _cannot_be_used(name: str, why: str) -> str:
    variable = name if name.isupper() else f"{PREFIX}{name.upper()}"
    return f"The setting {variable} cannot be used: {why}."


def _fault_text(name: str, fault: ErrorDetails) -> str:
    match fault["type"]:
        case "string_pattern_mismatch" | "list_type":
            return f"it is written like {_example(name)}"
        case "too_short":
            return f"it has fewer than {fault['ctx']['min_length']} characters"
        case _:
            return f"{fault['msg'][0].lower()}{fault['msg'][1:].rstrip('.')}"


def _example(name: str) -> str:
    """Return an example of a setting whose rule is no sentence."""
    return str((Settings.model_fields[name].examples or [""])[0])
