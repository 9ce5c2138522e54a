"""`selo settings`: every setting with its default and meaning, as in the README."""

from api.settings import settings_table


def settings() -> None:
    """Print the table of settings."""
    print(settings_table())
