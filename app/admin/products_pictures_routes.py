"""A product's pictures: put in, described, ordered, taken out."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Response, request
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from app.admin.body_limits import let_staff_send
from app.admin.guard import area, needs, note
from app.admin.permissions import Permission
from app.admin.products_pages import Clash, note_saved, path_of
from app.admin.products_pictures_form import (
    PicturesInput,
    choice_of,
    choices_of,
    with_pictures,
)
from app.catalog.editing import ProductEditing, ProductMoved
from app.catalog.models import Image, Product
from app.catalog.product_parts import Part
from app.media.picture import MOST_BYTES
from app.media.service import MediaService
from app.shared.errors import Invalid, ShopError
from app.shared.ids import ProductId, new_id
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("pictures", __name__, "/products/<product_id>/pictures")
_MOST_AT_ONCE = 20
_MOST_BODY = 100 * 2**20
let_staff_send(blueprint, _MOST_BODY, endpoint="admin_pictures.upload")


@blueprint.get("")
@needs(Permission.CATALOG_VIEW)
def show(product_id: str) -> Response:
    """The pictures in their order."""
    return _form(service(ProductEditing).get(product_id))


@blueprint.post("")
@needs(Permission.CATALOG_EDIT)
def save(product_id: str) -> BaseResponse:
    """Save texts and order; the arrows move one picture beside."""
    given, seen = PicturesInput(request.form), request.form.get("seen", "")
    editing = service(ProductEditing)
    product = editing.get(product_id)
    try:
        saved = editing.save(product_id, given.edit, Part.PICTURES, seen)
    except ProductMoved as moved:
        clash = Clash(Part.PICTURES, moved)
        return _form(moved.theirs, 409, given=given, clash=clash)
    except Invalid as refusal:
        return _form(product, 422, given=given, seen=seen, problems=refusal.fields)
    note_saved(saved)
    path = path_of(product_id, "/pictures")
    if given.moves:
        ticked = urlencode([("remove", each) for each in given.removed])
        return leave_to(f"{path}?{ticked}" if ticked else path)
    leave_message(Text("Saved."))
    return leave_to(path)


@blueprint.post("/files")
@needs(Permission.CATALOG_EDIT)
def upload(product_id: str) -> BaseResponse:
    """Put pictures in, each verified and encoded anew; bad ones are named, good ones are kept."""
    product = service(ProductEditing).get(product_id)
    files = [each for each in request.files.getlist("files") if each.filename]
    if not files or len(files) > _MOST_AT_ONCE:
        message = (
            Text("At most %(most)s pictures at once.", most=_MOST_AT_ONCE)
            if files
            else Text("Please choose at least one picture.")
        )
        return _form(product, 422, refused=[message])
    added, refused = _take_in(files, product)
    more = 0  # without those that it has already
    if added:
        try:
            saved = service(ProductEditing).change(
                ProductId(product_id), lambda each: with_pictures(each, added)
            )
        except Invalid as refusal:
            return _form(product, 422, refused=[refusal.message])
        note_saved(saved)
        more = len(saved.after.images) - len(saved.before.images)
    if refused and not added:
        return _form(product, 422, refused=refused)
    for problem in refused:
        leave_message(problem)
    note(" ".join(map(str, refused)))
    leave_message(Text.counted("%(num)s picture added.", "%(num)s pictures added.", more))
    return leave_to(path_of(product_id, "/pictures"))


def _take_in(files: list[FileStorage], product: Product) -> tuple[list[Image], list[str]]:
    """The pictures that are good, and what is to be said of each file that is not."""
    added: list[Image] = []
    refused: list[str] = []
    for file in files:
        try:
            stored = service(MediaService).put(file.read(MOST_BYTES + 1), product.slug)
        except ShopError as refusal:
            refused.append(f"{file.filename}: {refusal.message}")
            continue
        image = Image(src=stored.src, alt="", width=stored.width, height=stored.height)
        added.append(image)
    return added, refused


def _form(
    product: Product,
    status: int = 200,
    *,
    given: PicturesInput | None = None,
    seen: str = "",
    problems: Mapping[str, str] | None = None,
    clash: Clash | None = None,
    refused: list[str] | None = None,
) -> Response:
    return page(
        "admin/products/pictures.html",
        "form",
        status,
        product=product,
        given=given,
        ticked=given.removed if given else request.args.getlist("remove"),
        seen=seen or Part.PICTURES.print_of(product),
        problems=problems or {},
        clash=clash,
        refused=refused or [],
        choices=choices_of(product),
        choice_of=choice_of,
        copy_key=new_id("prd"),
    )
