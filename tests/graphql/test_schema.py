"""The schema as a whole: kept beside the code, nobody's field forgotten, every text in every language."""

import string

from api.graphql.permissions import faults
from api.graphql.points import EntryKind
from api.graphql.problems import NotAllowedReason, SignInRefusal
from api.graphql.rewards import LockReason
from api.graphql.schema import make_schema, schema_text
from api.texts import SPOKEN, TEXTS
from tests.doors import ROOT


def test_the_kept_schema_is_the_code_s_own() -> None:
    assert (ROOT / "schema.graphql").read_text(encoding="utf-8") == schema_text(), "write it: scripts/selo schema > schema.graphql"


def test_every_field_and_type_is_in_the_table_of_permissions() -> None:
    assert faults(make_schema()._schema) == []


def test_every_text_speaks_every_language_with_the_same_figures() -> None:
    for name, texts in TEXTS.items():
        assert set(texts) == set(SPOKEN), name
        figures = {locale: {field for _, field, _, _ in string.Formatter().parse(text) if field} for locale, text in texts.items()}
        assert len({frozenset(each) for each in figures.values()}) == 1, name


def test_every_fixed_word_has_its_text() -> None:
    wanted = [
        *(f"lock.{each.value}" for each in LockReason),
        *(f"entry.{each.value}" for each in EntryKind),
        *(f"refused.{each.value}" for each in SignInRefusal),
        *(f"not_allowed.{each.value}" for each in NotAllowedReason),
    ]
    assert [name for name in wanted if name not in TEXTS] == []
