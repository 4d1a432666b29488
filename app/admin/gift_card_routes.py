"""Gift cards and store credit: the ledger, and what staff may do to it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form

from app.admin.amounts import selling_currencies
from app.admin.credit_forms import IssueForm, LookUpForm
from app.admin.customer_forms import new_key
from app.admin.given_up import MOST, try_again
from app.admin.guard import allowed, area, changed, needs, only_looked, staff
from app.admin.lists import ListState, Slice, cut, list_state
from app.admin.orders_forms import Typed, new_email, typed
from app.admin.permissions import Permission
from app.checkout.card_sending import CardSending
from app.credit.codes import show_code
from app.credit.events import GIFT_CARD_ISSUED
from app.credit.models import CreditAccount, CreditFilter, CreditState, ListedCredit, Recipient
from app.credit.service import CreditService
from app.db.cache import Cache
from app.db.outbox import Outbox
from app.identity.service import AccountService
from app.shared.clock import now
from app.shared.credit import CreditKind
from app.shared.errors import Invalid
from app.shared.ids import CreditId
from app.shared.texts import Text, speaking
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("gift_cards", __name__, "/gift-cards")
_PATH = "/admin/gift-cards"
_PAGE = 50
_SHOWN_WITHIN = 600  # seconds in which a new code can be looked at, once
_CHECK = Text("Please check the fields below.")
_CHECK_DAYS = ("1", "7", "30", "365")


# --- the list -------------------------------------------------------------------------------------


def _list(status: int = 200, form: Form | None = None) -> Response:
    state = list_state(
        path=_PATH,
        filters={
            "kind": [each.value for each in CreditKind],
            "state": [each.value for each in CreditState],
            "currency": (),
        },
    )
    found: Slice[ListedCredit] = cut(
        service(CreditService).listed(_wanted(state), _PAGE + 1), _PAGE, "rank"
    )
    owners = {each.account.account_id for each in found.items if each.account.account_id}
    accounts = {each: service(AccountService).find(each) for each in owners}
    return page(
        "admin/gift_cards/list.html",
        "list",
        status,
        state=state,
        found=found,
        owners=accounts,
        currencies=selling_currencies(),
        form=form or LookUpForm(),
        message=_CHECK if status == 422 else "",
        now=now(),
    )


def _wanted(state: ListState) -> CreditFilter:
    """``q`` is the end of a code, or an owner's address."""
    chosen, text = state.filters, state.q
    account_id = last4 = ""
    if "@" in text:
        owner = service(AccountService).find_by_email(text.casefold())
        account_id = owner.id if owner else "none"
    elif text:
        last4 = text.upper()[-4:]
    return CreditFilter(
        kind=CreditKind(chosen["kind"]) if "kind" in chosen else None,
        state=CreditState(chosen["state"]) if "state" in chosen else None,
        currency=chosen.get("currency", ""),
        last4=last4,
        account_id=account_id,
        after=state.after,
    )


@blueprint.get("")
@needs(Permission.CREDIT_VIEW)
def accounts() -> Response:
    """Gift cards and store credit, the newest first."""
    return _list()


@blueprint.post("/lookup")
@needs(Permission.CREDIT_VIEW)
def look_up() -> BaseResponse:
    """Find a gift card by its code, which no address or log ever holds."""
    only_looked()
    form = LookUpForm(request.form)
    if not form.validate():
        return _list(422, form)
    card = service(CreditService).find_by_code(form.code.data or "")
    if card is None:
        form.code.errors = [Text("There is no gift card with this code.")]
        return _list(422, form)
    return leave_to(f"/admin/gift-cards/{card.id}")


# --- issuing --------------------------------------------------------------------------------------


def _issue_form(status: int = 200, form: Form | None = None) -> Response:
    return page(
        "admin/gift_cards/new.html",
        "content",
        status,
        form=form or IssueForm(data={"key": new_key()}),
        message=_CHECK if status == 422 else "",
    )


@blueprint.get("/new")
@needs(Permission.CREDIT_EDIT)
def issue_form() -> Response:
    """The form for a new gift card."""
    return _issue_form()


@blueprint.post("")
@needs(Permission.CREDIT_EDIT)
def issue() -> BaseResponse:
    """Issue a gift card, once for each form, and send it if there is an address."""
    form = IssueForm(request.form)
    if not form.validate():
        return _issue_form(422, form)
    recipient = (
        Recipient(
            email=form.email.data, sender=form.sender.data or "", message=form.message.data or ""
        )
        if form.email.data
        else None
    )
    credit, key = service(CreditService), form.key.data or ""
    was_there = key and credit.has_card(key)
    day = form.expires_on.data
    with speaking(form.language.data or ""):  # so that the card's mail is in it
        card = credit.issue_card(
            form.money,
            by=staff().email,
            expires_at=datetime.combine(day, time(), UTC) + timedelta(days=1) if day else None,
            recipient=recipient,
            key=key,
        )
    if was_there:
        only_looked()
    else:
        changed(_subject(card), str(card.label), None, _plain(card))
        service(Cache).push(_new_card(card.id), b"1", _SHOWN_WITHIN, 1)
    return leave_to(f"/admin/gift-cards/{card.id}")


def _new_card(credit_id: CreditId) -> str:
    """Where it stands that a card's code was not shown to who issued it yet; not the code."""
    return f"new-gift-card:{staff().id}:{credit_id}"


def _subject(account: CreditAccount) -> str:
    return f"gift-card:{account.id}"


def _plain(account: CreditAccount) -> dict[str, object]:
    return {
        "balance": f"{account.balance.to_major()} {account.currency}",
        "state": account.state.value,
        "expires_at": account.expires_at,
    }


# --- the ledger -----------------------------------------------------------------------------------


@blueprint.get("/check")
@needs(Permission.CREDIT_VIEW)
def check() -> Response:
    """Compare balances that changed lately with their entries, as ``credit check`` does."""
    state = list_state(filters={"days": _CHECK_DAYS})
    days = int(state.filters.get("days", _CHECK_DAYS[0]))
    faults = service(CreditService).check(now() - timedelta(days=days))
    return page(
        "admin/gift_cards/check.html",
        "content",
        state=state,
        days=days,
        choices=_CHECK_DAYS,
        faults=faults,
    )


@blueprint.get("/<credit_id>")
@needs(Permission.CREDIT_VIEW)
def account(credit_id: str) -> Response:
    """An account and everything that happened to it; who issued a card sees its code once."""
    found = service(CreditService).get(CreditId(credit_id))
    is_new = allowed(Permission.CREDIT_EDIT) and service(Cache).take(_new_card(found.id))
    return _account_page(found, show_code(service(CreditService).code_of(found)) if is_new else "")


def _account_page(
    found: CreditAccount, code: str = "", status: int = 200, email: Typed | None = None
) -> Response:
    credit, given_up = service(CreditService), service(Outbox).given_up(MOST, credit_id=found.id)
    entries = credit.history(found.id)
    return page(
        "admin/gift_cards/account.html",
        "content",
        status,
        account=found,
        owner=service(AccountService).find(found.account_id) if found.account_id else None,
        entries=entries,
        sold=next((each.order_id for each in entries if each.order_id and each.amount), None),
        given_up=given_up,
        refused=next((each.id for each in given_up if each.topic == GIFT_CARD_ISSUED), ""),
        email=email or Typed(),
        fault=credit.fault_of(found.id),
        code=code,
        now=now(),
    )


@blueprint.post("/<credit_id>/state")
@needs(Permission.CREDIT_EDIT)
def set_state(credit_id: str) -> BaseResponse:
    """Disable an account, or let it be spent again."""
    before = service(CreditService).get(CreditId(credit_id))
    wanted = CreditState.ACTIVE if request.form.get("state") == "active" else CreditState.DISABLED
    if before.state is wanted:
        only_looked()
    else:
        after = service(CreditService).set_state(before.id, wanted)
        changed(_subject(before), str(before.label), _plain(before), _plain(after))
    active = wanted is CreditState.ACTIVE
    leave_message(
        Text("It can be spent again.")
        if active
        else Text("It cannot be spent any more; refunds still go onto it.")
    )
    return leave_to(f"/admin/gift-cards/{before.id}")


@blueprint.post("/<credit_id>/void")
@needs(Permission.CREDIT_EDIT)
def void(credit_id: str) -> BaseResponse:
    """Take all the money off a card of which nothing was spent."""
    credit = service(CreditService)
    before = credit.get(CreditId(credit_id))
    after = credit.void_card(before.id, by=staff().email)
    if after == before:
        only_looked()
    else:
        changed(_subject(before), str(before.label), _plain(before), _plain(after))
    leave_message(Text("The gift card is void."))
    return leave_to(f"/admin/gift-cards/{before.id}")


@blueprint.post("/<credit_id>/given-up")
@needs(Permission.CREDIT_EDIT)
def send_again(credit_id: str) -> BaseResponse:
    """Try once more to send a card that nobody took."""
    card = service(CreditService).get(CreditId(credit_id))
    try_again(
        request.form.get("event", ""),
        subject=_subject(card),
        label=str(card.label),
        credit_id=card.id,
    )
    return leave_to(f"/admin/gift-cards/{card.id}")


@blueprint.post("/<credit_id>/recipient")
@needs(Permission.CREDIT_EDIT)
def send_elsewhere(credit_id: str) -> BaseResponse:
    """Send a card that nobody took to the address that was meant. To which stands on the timeline
    of the order that sold it, not in the log, which outlives persons who are erased."""
    card, event_id = service(CreditService).get(CreditId(credit_id)), request.form.get("event", "")
    try:
        email = new_email(request.form)
    except Invalid as refusal:
        return _account_page(card, status=422, email=typed(request.form, refusal))
    if service(CardSending).send_elsewhere(card, event_id, email, by=staff().email):
        changed(_subject(card), str(card.label), {"given up": event_id}, {"sent to": "elsewhere"})
        leave_message(Text("The card is on its way to %(email)s.", email=email))
    else:
        only_looked()
        leave_message(Text("Nothing is left to be sent again there: it went out, or is about to."))
    return leave_to(f"/admin/gift-cards/{card.id}")
