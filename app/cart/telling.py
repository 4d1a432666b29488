"""What is told of a line that was brought into a cart, in whole sentences."""

from __future__ import annotations

from app.shared.texts import Text


def told(
    title: str, *, outcome: str, wanted: int, before: int, got: int, why: str, saved: bool
) -> Text:
    """What became of ``wanted`` units of something: ``got`` came to the ``before`` that the cart,
    or with ``saved`` the list for later, had."""
    match outcome:
        case "added" if saved:
            told = Text("%(title)s: %(got)s added to your saved list.")
        case "added":
            told = Text("%(title)s: %(got)s added.")
        case "raised" if saved:
            told = Text("%(title)s: raised from %(before)s to %(now)s on your saved list.")
        case "raised":
            told = Text("%(title)s: raised from %(before)s to %(now)s.")
        case "clamped":
            told = _clamped(got=bool(got), before=bool(before), saved=saved)
        case _ if saved:
            told = Text("%(title)s: not added to your saved list, %(why)s.")
        case _:
            told = Text("%(title)s: not added, %(why)s.")
    return told % {
        "title": title,
        "got": got,
        "wanted": wanted,
        "before": before,
        "now": before + got,
        "why": why,
    }


def _clamped(*, got: bool, before: bool, saved: bool) -> Text:
    if saved:
        return Text("%(title)s: %(got)s of %(wanted)s added to your saved list, %(why)s.")
    if got and before:
        return Text(
            "%(title)s: %(got)s of %(wanted)s added, %(why)s, and you had %(before)s already."
        )
    if got:
        return Text("%(title)s: %(got)s of %(wanted)s added, %(why)s.")
    if before:
        return Text("%(title)s: none of %(wanted)s added, %(why)s, and you had %(before)s already.")
    return Text("%(title)s: none of %(wanted)s added, %(why)s.")
