"""Forms and links of a page, read quickly."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_PRESSED = {"submit", "button", "image"}


@dataclass(slots=True)
class Form:
    """A form as it stands in a page. ``offered`` are values that could be chosen or pressed."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    offered: list[tuple[str, str]] = field(default_factory=list)
    page: str = ""


@dataclass(slots=True)
class _Select:
    name: str
    form: Form | None
    options: list[str] = field(default_factory=list)
    chosen: str | None = None


class PageReader(HTMLParser):
    """Collects both; controls outside of their form are found by its id."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._stray: list[tuple[str, str, dict[str, str]]] = []
        self._inside: Form | None = None
        self._select: _Select | None = None
        self._area: tuple[str, Form | None, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag is for a form."""
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and has.get("href", "").startswith("/"):
            self.links.append(has["href"])
        if has.get("hx-get", "").startswith("/"):
            self.links.append(has["hx-get"])
        if tag == "form":
            self._inside = Form(has.get("action", ""), has.get("method", "get").lower())
            self.forms.append(self._inside)
            if "id" in has:
                self._by_id[has["id"]] = self._inside
        elif tag in {"input", "button", "select", "textarea"} and has.get("name"):
            self._control(tag, has)
        elif tag == "option" and self._select:
            self._option(has)

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if tag == "form":
            self._inside = None
        elif tag == "select" and self._select:
            self._choose(self._select)
            self._select = None
        elif tag == "textarea" and self._area:
            name, form, text = self._area
            if form:
                form.fields.append((name, "".join(text).removeprefix("\n")))
            self._area = None

    def handle_data(self, data: str) -> None:
        """Keep what a text area holds."""
        if self._area:
            self._area[2].append(data)

    def _control(self, tag: str, has: dict[str, str]) -> None:
        form = self._by_id.get(has["form"]) if "form" in has else self._inside
        name, value, kind = has["name"], has.get("value", ""), has.get("type", "text")
        if tag == "select":
            self._select = _Select(name, form)
        elif tag == "textarea":
            self._area = (name, form, [])
        elif form is None:
            return
        elif tag == "button" or kind in _PRESSED:
            form.offered.append((name, value))
        elif kind == "file":
            form.files.append(name)
        elif kind in {"checkbox", "radio"} and "checked" not in has:
            form.offered.append((name, value or "on"))
        else:
            form.fields.append((name, value))

    def _option(self, has: dict[str, str]) -> None:
        assert self._select
        value = has.get("value", "")
        self._select.options.append(value)
        if "selected" in has and self._select.chosen is None:
            self._select.chosen = value

    def _choose(self, select: _Select) -> None:
        if select.form is None or not select.options:
            return
        chosen = select.options[0] if select.chosen is None else select.chosen
        select.form.fields.append((select.name, chosen))
        select.form.offered += [(select.name, each) for each in select.options if each != chosen]


def read_page(text: str, page: str = "") -> PageReader:
    """Everything in a page, which was at ``page``."""
    reader = PageReader()
    reader.feed(text)
    for form in reader.forms:
        form.page = page
        form.action = form.action or page
    return reader
