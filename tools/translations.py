"""The translators' catalogs: ``update`` brings them in line with the texts of the shop, ``check``
says what is missing."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.shared.catalogs import po_file
from app.shared.languages import DEFAULT, LANGUAGES

_ROOT = Path(__file__).resolve().parents[1]
_METHODS = [
    ("app/**.py", "python"),
    ("templates/**.html", "jinja2.ext:babel_extract"),
    ("templates/**.txt", "jinja2.ext:babel_extract"),
]
_OPTIONS = {"templates/**.html": {"trimmed": "true"}, "templates/**.txt": {"trimmed": "true"}}
_KEYWORDS: dict[str, Any] = {
    "Text": None,
    "counted": (1, 2),
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_UNUSED_HEADERS = re.compile(
    rb'"(?:Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb'|Generated-By): [^\n]*\\n"\n'
)
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
_TAG = re.compile(r"<[^>]+>")


def template() -> Catalog:
    """Every text of the shop."""
    catalog = Catalog(project="MossX", charset="utf-8")
    for folder in ("app", "templates"):
        found = extract_from_dir(
            str(_ROOT / folder),
            method_map=[(pattern.removeprefix(f"{folder}/"), how) for pattern, how in _METHODS],
            options_map={
                pattern.removeprefix(f"{folder}/"): how for pattern, how in _OPTIONS.items()
            },
            keywords=_KEYWORDS,
        )
        for file, line, message, _, context in found:
            if file.startswith("admin/"):
                continue  # the panel speaks English; its texts are marked for the day it does not
            catalog.add(message, None, [(f"{folder}/{file}", line)], context=context)
    return catalog


def translated() -> list[str]:
    """The languages that have a catalog."""
    return [language for language in LANGUAGES if language != DEFAULT]


def read(language: str) -> Catalog:
    """A catalog as it is."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def problems(language: str) -> Iterator[str]:
    """What keeps a catalog from saying everything the shop says."""
    catalog, texts = read(language), template()
    for message in texts:
        if not message.id:
            continue
        known = catalog.get(message.id, message.context)
        where = message.locations[0][0] if message.locations else "?"
        for problem in _wrong(known, catalog.num_plurals):
            yield f"{language}: {problem}: {_first(message)!r} ({where})"
    for message in catalog:
        if message.id and texts.get(message.id, message.context) is None:
            yield f"{language}: no longer in use: {_first(message)!r}"


def _wrong(message: Message | None, plurals: int) -> Iterator[str]:
    if message is None:
        yield "missing"
        return
    if message.fuzzy:
        yield "fuzzy"
    plural = isinstance(message.id, (list, tuple))
    sources = message.id if plural else (message.id,)
    said = message.string if plural else (message.string,)
    if not isinstance(said, (list, tuple)) or not all(said):
        yield "not translated"
        return
    if plural and len(said) != plurals:
        yield f"{len(said)} plural forms instead of {plurals}"
    for text in said:
        yield from _differences(sources, text)


def _differences(sources: tuple[str, ...], text: str) -> Iterator[str]:
    wanted, found = set(_PLACEHOLDER.findall(sources[-1])), set(_PLACEHOLDER.findall(text))
    optional = {"%(num)s"}  # "one" may be said in a word
    if found - wanted or (wanted - found) - (optional if len(sources) > 1 else set()):
        yield f"placeholders differ: {sorted(wanted ^ found)}"
    if wanted:
        try:
            text % dict.fromkeys((each[2:-2] for each in wanted), 1)
        except (ValueError, KeyError, TypeError) as error:
            yield f"does not take its values ({error})"
    if sorted(_TAG.findall(sources[0])) != sorted(_TAG.findall(text)):
        yield "markup differs"
    if '"' in _TAG.sub("", text) and '"' not in sources[0]:
        yield 'a straight " would end an attribute'


def _first(message: Message) -> str:
    return str(message.id[0] if isinstance(message.id, (list, tuple)) else message.id)


def update() -> None:
    """Add new texts and drop those out of use; what is translated stays."""
    texts = template()
    for language in translated():
        catalog = read(language)
        header = catalog.header_comment
        catalog.update(texts, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.header_comment = header
        written = BytesIO()
        write_po(written, catalog, width=100, include_lineno=False, sort_by_file=True)
        po_file(language).write_bytes(_UNUSED_HEADERS.sub(b"", written.getvalue()))


def main() -> None:
    """``update`` or ``check``."""
    if sys.argv[1:] == ["update"]:
        update()
    found = [problem for language in translated() for problem in problems(language)]
    for problem in found:
        print(problem)
    if sys.argv[1:] != ["update"] and found:
        sys.exit(1)


if __name__ == "__main__":
    main()
