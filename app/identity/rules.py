"""What a password must be."""

from __future__ import annotations

from threading import Lock

from zxcvbn import zxcvbn

from app.identity.errors import WeakPassword
from app.shared.texts import Text

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200
_OF_THE_SHOP = ("mossx", "moss shop")  # what everybody here thinks of first
_LEAST_SCORE = 1  # beyond a thousand guesses, which the rate limits make hard enough

# What zxcvbn is asked to look at. It takes at most 72 characters, in time that grows with their
# square and with every choice between signs for the same letter: seconds, for a chosen text.
_GUESSED = 48
_SAME_SIGNS = str.maketrans("{[<|", "(((!")
_HINTS = {
    hint.english: hint
    for hint in (
        Text("Straight rows of keys are easy to guess."),
        Text("Short keyboard patterns are easy to guess."),
        Text('Repeats like "aaa" are easy to guess.'),
        Text('Repeats like "abcabcabc" are only slightly harder to guess than "abc".'),
        Text('Sequences like "abc" or "6543" are easy to guess.'),
        Text("Recent years are easy to guess."),
        Text("Dates are often easy to guess."),
        Text("This is a top-10 common password."),
        Text("This is a top-100 common password."),
        Text("This is a very common password."),
        Text("This is similar to a commonly used password."),
        Text("A word by itself is easy to guess."),
        Text("Names and surnames by themselves are easy to guess."),
        Text("Common names and surnames are easy to guess."),
    )
}
_one_at_a_time = Lock()  # zxcvbn keeps the words about the person in a global


def check_password(password: str, about: tuple[str, ...]) -> None:
    """Check a new password, after NIST SP 800-63B: long enough, not easily guessed, no rules on
    kinds of letters. ``about`` are words that belong to the person.

    Raises ``WeakPassword``.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(
            Text(
                "Please use at least %(min)s characters.",
                min=SHORTEST_PASSWORD,
            )
        )
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(Text("Please use at most %(max)s characters.", max=LONGEST_PASSWORD))
    about = (*about, *_OF_THE_SHOP)
    words = [part for text in about for part in (text, *text.replace("@", " ").split()) if part]
    with _one_at_a_time:
        guess = zxcvbn(password[:_GUESSED].translate(_SAME_SIGNS), user_inputs=words)
    if guess["score"] < _LEAST_SCORE:
        hint = _HINTS.get(guess["feedback"]["warning"], Text("It is easy to guess."))
        raise WeakPassword(Text("Please choose another password. %(hint)s", hint=hint))
