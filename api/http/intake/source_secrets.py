"""The secrets that shops and systems sign with, by name, as a setting holds them."""

import json
from collections.abc import Mapping

from api.settings import BadSettings, Settings

UNUSABLE = 'The setting SELO_SOURCE_SECRETS cannot be used: it is written like {"SHOP_SECRET": "..."}.'


def read_source_secrets(settings: Settings) -> Mapping[str, str]:
    """Return the secrets by name. Raises BadSettings."""
    try:
        secrets = json.loads(settings.source_secrets.get_secret_value())
    except ValueError:
        raise BadSettings(UNUSABLE) from None
    if not isinstance(secrets, dict) or not all(isinstance(each, str) and each for each in secrets.values()):
        raise BadSettings(UNUSABLE)
    return secrets
