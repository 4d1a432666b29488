"""What every form of the shop shares: messages in the reader's language."""

from __future__ import annotations

from typing import Any

from wtforms import Form

from app.shared.texts import Text

TOO_LONG = Text("Please use at most %(max)s characters.")  # WTForms fills in the limit
_OWN_WORDS = {"Not a valid choice.": Text("Not a valid choice.")}


class _Messages:
    """The messages that WTForms brings along, as far as a form of the shop can show them."""

    def gettext(self, message: str) -> str:
        return _OWN_WORDS.get(message, message)

    def ngettext(self, one: str, many: str, count: int) -> str:
        return one if count == 1 else many


class ShopForm(Form):
    """A form whose labels and messages are texts of the shop."""

    class Meta:
        """What WTForms asks of a form."""

        def get_translations(self, form: Any) -> _Messages:
            """WTForms' own messages, in the shop's words."""
            return _Messages()
