"""The languages that the shop speaks."""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT = "en"  # what the texts in the code are written in

# By their own names: who looks for one may not read the others.
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "hi": "हिन्दी"}


def known_language(code: str) -> str:
    """The language with this ISO 639-1 code; the default for anything else."""
    return code if code in LANGUAGES else DEFAULT
