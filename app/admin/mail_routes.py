"""Mails: what the shop writes, as it looks, and in the owner's own words."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from flask import Response, make_response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.admin.differences import differences
from app.admin.guard import area, changed, needs, note, only_looked, staff
from app.admin.permissions import Permission
from app.config import Settings
from app.notifications.kinds import KINDS, MailKind, get_kind
from app.notifications.samples import sample
from app.notifications.service import NotificationService, Written
from app.notifications.wording import MailWordings, Wording, check_wording
from app.shared.errors import Conflict, Invalid
from app.shared.languages import LANGUAGES
from app.shared.numbers import whole
from app.shared.texts import Text, speaking
from app.web.limits import limiter
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("mails", __name__, "/settings/mails")
_PATH = "/admin/settings/mails"
_NAMES = ("subject", "heading", "closing")
# A mail's page is shown inside the panel's: it may draw itself, and nothing else.
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@blueprint.get("")
@needs(Permission.SETTINGS_VIEW)
def mails() -> Response:
    """Every mail, with the languages in which it has words of its own."""
    wordings = service(MailWordings)
    own = {
        (kind.key, language)
        for kind in KINDS.values()
        for language in kind.languages
        if wordings.find(kind.key, language).is_own
    }
    return page(
        "admin/settings/mails.html",
        "content",
        kinds=list(KINDS.values()),
        own=own,
        languages=LANGUAGES,
    )


@blueprint.get("/<kind>/<language>")
@needs(Permission.SETTINGS_VIEW)
def mail(kind: str, language: str) -> Response:
    """One mail in one language."""
    known = get_kind(kind, language)
    return _mail_page(known, language, service(MailWordings).read(kind, language))


@blueprint.get("/<kind>/<language>/html")
@needs(Permission.SETTINGS_VIEW)
def html(kind: str, language: str) -> BaseResponse:
    """The mail's own page, with the words of the address in the place of the stored ones."""
    known = get_kind(kind, language)
    written = _written(known, language, _given(request.args))
    response = make_response(written.html)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.post("/<kind>/<language>")
@needs(Permission.SETTINGS_EDIT)
def save(kind: str, language: str) -> BaseResponse:
    """Store the mail's own words, look at them, or go back to the shop's."""
    known, wordings = get_kind(kind, language), service(MailWordings)
    action, wanted = request.form.get("do", "save"), _given(request.form)
    if action == "reset":
        wanted = Wording(version=wanted.version)
    before = wordings.read(kind, language)
    try:
        if action == "preview":
            only_looked()
            check_wording(known, wanted)
            return _mail_page(known, language, wanted)
        stored = wordings.store(known, language, wanted)
    except Invalid as refusal:
        return _mail_page(known, language, wanted, 422, problems=refusal.fields)
    except Conflict:
        clash = differences(before.texts, wanted.texts)
        yours = Wording(**wanted.texts, version=before.version)
        return _mail_page(known, language, yours, 409, clash=clash)
    label = f"{known.title} ({LANGUAGES[language]})"
    changed(f"mail:{kind}:{language}", label, before.texts, stored.texts)
    leave_message(Text("The shop's words stand again.") if action == "reset" else Text("Saved."))
    return leave_to(f"{_PATH}/{kind}/{language}")


@blueprint.post("/<kind>/<language>/test")
@needs(Permission.SETTINGS_EDIT)
@limiter.limit("5 per minute;30 per hour", key_func=lambda: f"test-mail:{staff().id}")
def send_test(kind: str, language: str) -> BaseResponse:
    """Send the mail as it is stored to whoever asks."""
    get_kind(kind, language)
    key = f"test-{staff().id}-{request.form.get('key', '')[:40] or uuid4()}"
    with speaking(language):
        made = sample(kind, service(Settings).base_url)
        service(NotificationService).send(
            key=key,
            to=staff().email,
            subject=made.subject,
            template=made.template,
            kind=kind,
            **made.context,
        )
    note(f"Test of {kind} ({language}) to {staff().email}")
    leave_message(Text("A test is on its way to %(email)s.", email=staff().email))
    return leave_to(f"{_PATH}/{kind}/{language}")


def _given(form: MultiDict[str, str]) -> Wording:
    texts = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in _NAMES}
    return Wording(**texts, version=whole(form.get("version", ""), 0))


def _written(kind: MailKind, language: str, wording: Wording) -> Written:
    with speaking(language):
        made = sample(kind.key, service(Settings).base_url)
        return service(NotificationService).write(
            kind.key, made.subject, made.template, made.context, wording
        )


def _mail_page(
    kind: MailKind, language: str, wording: Wording, status: int = 200, **said: Any
) -> Response:
    shown = Wording() if status == 422 else wording
    return page(
        "admin/settings/mail.html",
        "content",
        status,
        kind=kind,
        language_code=language,
        language_name=LANGUAGES[language],
        languages={code: LANGUAGES[code] for code in kind.languages},
        wording=wording,
        written=_written(kind, language, shown),
        usual=_written(kind, language, Wording()).subject,
        frame=shown.texts,
        problems=said.get("problems", {}),
        clash=said.get("clash", []),
        test_key=uuid4().hex,
    )
