"""The translators' catalogs, read as they are: nothing to compile, nothing stale."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from app.shared.languages import DEFAULT

FOLDER = Path(__file__).resolve().parents[2] / "translations"


@cache
def catalog_of(language: str) -> NullTranslations:
    """The translations into a language; of the default one, the texts as they are.

    Raises ``FileNotFoundError`` for a language that has no catalog.
    """
    if language == DEFAULT:
        return NullTranslations()
    with po_file(language).open("rb") as file:
        catalog = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def po_file(language: str) -> Path:
    """Where the translations into a language are."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"
