"""Pages of the owner's own words: terms, privacy, shipping and returns, who we are."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.content_pages_form import ContentPageForm
from app.admin.differences import Difference, differences
from app.admin.guard import area, changed, needs, only_looked
from app.admin.permissions import Permission
from app.pages.errors import PageTaken
from app.pages.models import ContentPage
from app.pages.service import ContentPages, plain
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.languages import LANGUAGES
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("pages", __name__, "/pages")
_PATH = "/admin/pages"


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def every() -> Response:
    """All of them, in their order."""
    return page(
        "admin/pages/list.html",
        "content",
        pages=service(ContentPages).every(),
        languages=LANGUAGES,
    )


@blueprint.get("/new")
@needs(Permission.CATALOG_EDIT)
def new() -> Response:
    """An empty form."""
    return _show(ContentPageForm(data={"position": "10", "in_footer": True}))


@blueprint.post("/new")
@needs(Permission.CATALOG_EDIT)
def add() -> BaseResponse:
    """Put a page up."""
    form = ContentPageForm(request.form)
    if not form.validate():
        return _show(form, status=422)
    try:
        added = service(ContentPages).add(form.page())
    except Invalid as refusal:
        form.blame(refusal)
        return _show(form, status=422)
    except PageTaken as refusal:
        form.slug.errors = [refusal.message]
        return _show(form, status=409)
    changed(f"page:{added.slug}", added.titles["en"], None, plain(added))
    leave_message(Text("Saved."))
    return leave_to(f"{_PATH}/{added.slug}")


@blueprint.get("/<slug>")
@needs(Permission.CATALOG_VIEW)
def edit(slug: str) -> Response:
    """One page's form."""
    known = service(ContentPages).read(slug)
    return _show(ContentPageForm.of(known), known)


@blueprint.post("/<slug>")
@needs(Permission.CATALOG_EDIT)
def save(slug: str) -> BaseResponse:
    """Change it over the version that was read."""
    pages = service(ContentPages)
    before, form = pages.read(slug), ContentPageForm(request.form)
    if not form.validate():
        return _show(form, before, 422)
    wanted = form.page(slug)
    try:
        after = pages.change(wanted)
    except Invalid as refusal:
        form.blame(refusal)
        return _show(form, before, 422)
    except Conflict:
        theirs = pages.read(slug)
        form.version.data = str(theirs.version)
        return _show(form, theirs, 409, differences(plain(theirs), plain(wanted)))
    changed(f"page:{slug}", after.titles["en"], plain(before), plain(after))
    leave_message(Text("Saved."))
    return leave_to(f"{_PATH}/{slug}")


@blueprint.post("/<slug>/removal")
@needs(Permission.CATALOG_EDIT)
def remove(slug: str) -> BaseResponse:
    """Take it down; the audit log keeps its words."""
    pages = service(ContentPages)
    try:
        before = pages.read(slug)
    except NotFound:
        only_looked()  # it was sent before
        return leave_to(_PATH)
    try:
        pages.remove(slug, whole(request.form.get("version", ""), 0))
    except Conflict as refusal:
        form = ContentPageForm.of(before)
        return _show(form, before, 409, warning=refusal.message)
    changed(f"page:{slug}", before.titles["en"], plain(before), None)
    leave_message(Text("“%(title)s” is taken down.", title=before.titles["en"]))
    return leave_to(_PATH)


def _show(
    form: ContentPageForm,
    known: ContentPage | None = None,
    status: int = 200,
    clash: list[Difference] | None = None,
    warning: str = "",
) -> Response:
    return page(
        "admin/pages/form.html",
        "content",
        status,
        form=form,
        known=known,
        clash=clash or [],
        warning=warning,
    )
