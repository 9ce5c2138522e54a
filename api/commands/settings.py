"""`selo settings`: every setting with its default and meaning, as in the README."""

import json

from pydantic import SecretStr

from api.settings import Settings
from api.settings.reading import variables


def settings() -> None:
    """Print the table of settings."""
    print(settings_table())


def settings_table() -> str:
    """Return the README's table: each setting's variable, default and meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for variable, field in zip(variables(), Settings.model_fields.values(), strict=True):
        default = _default_text(field.get_default(call_default_factory=True))
        rows.append(f"| `{variable}` | {default} | {field.description} |")
    return "\n".join(rows)


def _default_text(value: object) -> str:
    if value is None or value in ([], {}, ""):
        return ""
    if isinstance(value, SecretStr):
        return _default_text(value.get_secret_value())  # a default value is not secret
    if isinstance(value, list):
        return f"`{json.dumps(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
