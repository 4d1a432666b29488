"""Settings: what there is to set, and what the shop says of itself."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.differences import Difference, differences
from app.admin.form_pictures import takes_uploads
from app.admin.guard import area, changed, needs, only_looked
from app.admin.permissions import Permission
from app.admin.shop_forms import ProfileForm
from app.markets.service import MarketService
from app.payments.gateways.switchboard import Switchboard
from app.payments.keys import FIELDS
from app.shared.errors import Conflict, Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.shop.profile import ShopProfiles, plain
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("settings", __name__, "/settings")
takes_uploads(blueprint)
_SHOP = "/admin/settings/shop"


@blueprint.get("")
@needs(Permission.SETTINGS_VIEW)
def overview() -> Response:
    """Every sort of setting, with how it stands."""
    keyring = service(Switchboard).keyring
    return page(
        "admin/settings/overview.html",
        "content",
        markets=service(MarketService).every(),
        profile=service(ShopProfiles).current,
        gateways=[keyring.of(name) for name in FIELDS],
    )


@blueprint.get("/shop")
@needs(Permission.SETTINGS_VIEW)
def shop() -> Response:
    """Who sells, by which rules, and what everybody is told."""
    return _shop_page(ProfileForm.of(service(ShopProfiles).read()))


@blueprint.post("/shop")
@needs(Permission.SETTINGS_EDIT)
def save_shop() -> BaseResponse:
    """Store it, for every process and page at once."""
    form, profiles = ProfileForm(request.form), service(ShopProfiles)
    form.validate()
    form.keep_logo(request.files.get("image"))
    if form.errors:
        return _shop_page(form, 422)
    before, wanted = profiles.read(), form.profile()
    try:
        stored = profiles.store(wanted)
    except Invalid as refusal:
        form.blame(refusal)
        return _shop_page(form, 422)
    except Conflict:
        now = profiles.read()
        form.version.data = str(now.version)
        return _shop_page(form, 409, differences(plain(now), plain(wanted)))
    changed("settings:shop", "Shop", plain(before), plain(stored))
    leave_message(Text("Saved."))
    return leave_to(_SHOP)


@blueprint.post("/shop/defaults")
@needs(Permission.SETTINGS_EDIT)
def use_defaults() -> BaseResponse:
    """Let the environment's word hold again."""
    profiles = service(ShopProfiles)
    before, read = profiles.read(), request.form.get("version", "")
    if not before.by_hand:
        only_looked()  # it was sent before
        return leave_to(_SHOP)
    try:
        after = profiles.use_defaults(whole(read, 0))
    except Conflict:
        now = profiles.read()
        return _shop_page(
            ProfileForm.of(now), 409, differences(plain(now), plain(profiles.default))
        )
    changed("settings:shop", "Shop", plain(before), plain(after))
    leave_message(Text("The shop’s defaults hold again."))
    return leave_to(_SHOP)


def _shop_page(
    form: ProfileForm, status: int = 200, clash: list[Difference] | None = None
) -> Response:
    return page(
        "admin/settings/shop.html",
        "content",
        status,
        form=form,
        clash=clash or [],
        status=status,
        by_hand=service(ShopProfiles).read().by_hand,
    )
