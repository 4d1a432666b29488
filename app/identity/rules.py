"""What a password must be."""

from __future__ import annotations

from threading import Lock

from zxcvbn import zxcvbn

from app.identity.errors import WeakPassword

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 200
_LEAST_SCORE = 1  # beyond a thousand guesses, which the rate limits make hard enough

# What zxcvbn is asked to look at. It takes at most 72 characters, in time that grows with their
# square and with every choice between signs for the same letter: seconds, for a chosen text.
_GUESSED = 48
_SAME_SIGNS = str.maketrans("{[<|", "(((!")
_one_at_a_time = Lock()  # zxcvbn keeps the words about the person in a global


def check_password(password: str, about: tuple[str, ...]) -> None:
    """Check a new password, after NIST SP 800-63B: long enough, not easily guessed, no rules on
    kinds of letters. ``about`` are words that belong to the person.

    Raises ``WeakPassword``.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise WeakPassword(f"Please use at least {SHORTEST_PASSWORD} characters.")
    if len(password) > LONGEST_PASSWORD:
        raise WeakPassword(f"Please use at most {LONGEST_PASSWORD} characters.")
    words = [part for text in about for part in (text, *text.replace("@", " ").split()) if part]
    with _one_at_a_time:
        guess = zxcvbn(password[:_GUESSED].translate(_SAME_SIGNS), user_inputs=words)
    if guess["score"] < _LEAST_SCORE:
        hint = guess["feedback"]["warning"] or "It is easy to guess."
        raise WeakPassword(f"Please choose another password. {hint}")
