"""How much staff may send in one request; everybody else is cut off at the shop's ordinary limit,
and before a form is read."""

from __future__ import annotations

from flask import Blueprint, current_app, request

from app.identity.context import bearer

FORM = 2 * 2**20  # bytes of a form's fields: a product with hundreds of variants


def let_staff_send(blueprint: Blueprint, most: int = FORM, *, endpoint: str = "") -> None:
    """Let requests to an area, or to one ``endpoint`` of it, have ``most`` bytes."""

    @blueprint.url_value_preprocessor
    def allow(asked: str | None, _: object) -> None:
        # Before anything reads the form: its token is checked early.
        is_meant = not endpoint or asked == endpoint
        if is_meant and request.method == "POST" and _is_large() and _is_from_staff():
            request.max_content_length = most
            request.max_form_memory_size = FORM


def _is_large() -> bool:
    ordinary: int = current_app.config["MAX_CONTENT_LENGTH"]
    return request.content_length is None or request.content_length > ordinary


def _is_from_staff() -> bool:
    account = bearer()
    return account is not None and account.role.is_staff
