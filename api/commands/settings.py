"""`selo settings`: every setting with its default and meaning, as the README's table shows them."""

from api.settings import settings_table


def settings() -> None:
    """Print the table of settings."""
    print(settings_table())
