"""Passwords, signing keys, ways back into the shop, device names and codes: the pure parts."""

from __future__ import annotations

import time
from urllib.parse import urljoin, urlsplit

import jwt
import pyotp
import pytest
from argon2 import PasswordHasher, Type
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from app.identity.agents import device_name
from app.identity.errors import WeakPassword
from app.identity.passwords import Passwords
from app.identity.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD, check_password
from app.identity.signing import SigningKeys
from app.identity.two_factor import matching_step, plain_code
from app.shared.emails import normal_email
from app.web.rendering import local_path
from tests.support.quick_hashes import own_hasher

ABOUT = ("ann.shopper@example.com", "Ann Shopper")
SIGNS = "4@8({[<69341!|10$57+%2"  # each stands for a letter, which is what makes zxcvbn slow


# --- what a password must be -----------------------------------------------------------------


@pytest.mark.parametrize("password", ["", "short", "1234567", "ünïcödé"])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match=f"at least {SHORTEST_PASSWORD}"):
        check_password(password, ABOUT)


def test_a_password_longer_than_anybody_types_is_refused() -> None:
    with pytest.raises(WeakPassword, match=f"at most {LONGEST_PASSWORD}"):
        check_password("three quiet herons " * 20, ABOUT)


@pytest.mark.parametrize(
    "password", ["password", "12345678", "qwertyuiop", "aaaaaaaaaaaa", "ann.shopper@example.com"]
)
def test_what_everybody_guesses_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match="choose another"):
        check_password(password, ABOUT)


@pytest.mark.parametrize("length", [8, 48, 72, 73, 100, LONGEST_PASSWORD])
def test_a_password_of_any_allowed_length_is_taken(length: int) -> None:
    check_password(("k7#wq two herons, " * 12)[:length], ABOUT)


@pytest.mark.parametrize("password", ["drei stille Reiher", "три тихие цапли", "🦩🦩🪿🦢🦆🦅🦉🦚"])
def test_any_script_will_do(password: str) -> None:
    check_password(password, ABOUT)


def test_judging_a_password_takes_no_attacker_far() -> None:
    began = time.process_time()
    check_password((SIGNS * 10)[:LONGEST_PASSWORD], ABOUT)
    assert time.process_time() - began < 1.5


@given(st.text(max_size=LONGEST_PASSWORD + 20))
@settings(max_examples=60, deadline=None)
def test_every_text_is_judged_without_a_crash(password: str) -> None:
    try:
        check_password(password, ABOUT)
    except WeakPassword:
        return
    assert SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD


# --- hashes ------------------------------------------------------------------------------------


def test_a_password_fits_its_own_hash_alone() -> None:
    passwords = Passwords()
    known = passwords.hash("three quiet herons")
    assert known.startswith("$argon2id$")
    assert passwords.fits("three quiet herons", known)
    assert not passwords.fits("three quiet heron", known)


def test_nobody_has_the_password_of_an_account_that_is_not_there() -> None:
    assert not Passwords().fits("nobody has this password", None)


def test_a_hash_that_is_none_fits_nothing() -> None:
    assert not Passwords().fits("three quiet herons", "not a hash")


def test_two_keyboards_type_the_same_password() -> None:
    passwords = Passwords()
    assert passwords.fits("u\u0308ber drei Reiher", passwords.hash("über drei Reiher"))


def test_a_hash_costs_what_owasp_asks_for() -> None:
    shops = own_hasher()
    assert (shops.memory_cost, shops.time_cost, shops.parallelism) == (19_456, 2, 1)
    assert shops.type is Type.ID


def test_a_hash_of_older_parameters_is_dated() -> None:
    passwords = Passwords()
    assert passwords.is_dated(PasswordHasher(time_cost=1, memory_cost=8192).hash("x"))
    assert not passwords.is_dated(passwords.hash("x"))


# --- signing keys ------------------------------------------------------------------------------


def test_the_newest_key_signs_and_the_older_ones_verify() -> None:
    before, after = SigningKeys(["old"]), SigningKeys(["new", "old"])
    assert after.current == "new"
    assert after.find(before.current_id) == "old"
    assert after.find(after.current_id) == "new"


@pytest.mark.parametrize("key_id", ["", "nothing", None, 7, ["x"], {"$ne": ""}])
def test_an_unknown_key_id_has_no_key(key_id: object) -> None:
    assert SigningKeys(["new", "old"]).find(key_id) is None


def test_a_retired_key_is_unknown() -> None:
    assert SigningKeys(["new"]).find(SigningKeys(["old"]).current_id) is None


def test_a_key_id_says_nothing_of_its_key() -> None:
    assert "old" not in SigningKeys(["old"]).current_id


def test_one_key_does_not_verify_what_another_signed() -> None:
    keys = SigningKeys(["n" * 32, "o" * 32])
    token = jwt.encode({"sub": "acc"}, "o" * 32, "HS256")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token, keys.current, ["HS256"])


# --- the way back into the shop ------------------------------------------------------------------

WAYS_OUT = (
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
    "/\\/evil.example", "http://evil.example/", "https:evil.example", "HTTPS://evil.example/x",
    "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "vbscript:x",
    "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example",
    "/\x00/evil.example", "\x01//evil.example", "http://shop.example@evil.example/",
    "http://shop.example.evil.example/", "http://shop.example:81/", "//shop.example:81/x",
    "http://[", "http://shop.example\\@evil.example", "//evil.example\\@shop.example/",
    "//user@shop.example/", "/\u2028/evil.example", "/\u200b/evil.example", "evil.example", "?x",
    "/.//\\evil.example", "//\u2100.example", "\ud800//evil.example",
)  # fmt: skip


def _leads_to(path: str) -> str:
    """The host a browser goes to when it is sent to ``path``."""
    plain = path.replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/").strip()
    return urlsplit(urljoin("http://shop.example/account", plain)).netloc


@pytest.fixture(scope="module")
def here() -> Flask:
    return Flask("shop")


@pytest.mark.parametrize("url", WAYS_OUT)
def test_no_way_leads_out_of_the_shop(here: Flask, url: str) -> None:
    with here.test_request_context(base_url="http://shop.example"):
        path = local_path(url)
    assert path.startswith("/")
    assert not path.startswith(("//", "/\\"))
    assert _leads_to(path) == "shop.example"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("/account/orders?page=2", "/account/orders?page=2"),
        ("http://shop.example/cart", "/cart"),
        ("/search?q=a//b&next=//x", "/search?q=a//b&next=//x"),
        ("/products#reviews", "/products"),
        ("", "/"),
    ],
)
def test_a_way_within_the_shop_is_kept(here: Flask, url: str, path: str) -> None:
    with here.test_request_context(base_url="http://shop.example"):
        assert local_path(url) == path


_PIECES = st.sampled_from(
    ["/", "//", "\\", ":", "@", "http:", "https://", "javascript:", "evil.example", "shop.example",
     "%2f", "%5c", "%09", "\t", "\r\n", "\x00", "?", "#", ".", "..", " ", "[", "]", "80", "\u2028",
     "\uff0f", "\u2044", "\ufeff", "\u202e", "\x7f", "\xa0"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=9).map("".join)))
@settings(max_examples=600, deadline=None)
def test_whatever_is_asked_for_stays_in_the_shop(url: str) -> None:
    with Flask("shop").test_request_context(base_url="http://shop.example"):
        path = local_path(url)
    assert path.startswith("/")
    assert not path.startswith("//")
    assert "\\" not in path
    assert all(letter.isprintable() for letter in path)
    assert _leads_to(path) == "shop.example"


# --- names of devices ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1", "Mobile Safari on iOS"),
        ("", "Unknown browser"),
        ("\x00<script>", "Unknown browser"),
    ],
)  # fmt: skip
def test_a_device_is_called_what_its_owner_calls_it(agent: str, name: str) -> None:
    assert device_name(agent) == name


# --- codes -----------------------------------------------------------------------------------------

SECRET = pyotp.random_base32()


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_phone_may_be_half_a_minute_off(off: int) -> None:
    moment = 1_800_000_000
    code = pyotp.TOTP(SECRET).at(moment + 30 * off)
    assert matching_step(SECRET, code, moment) == moment // 30 + off


@pytest.mark.parametrize("off", [-20, -2, 2, 20])
def test_an_old_or_early_code_has_no_step(off: int) -> None:
    moment = 1_800_000_000
    assert matching_step(SECRET, pyotp.TOTP(SECRET).at(moment + 30 * off), moment) is None


@pytest.mark.parametrize("code", ["", "0", "00000", "0000000", "abcdef", "١٢٣٤٥٦", "\x00" * 6])
def test_what_is_no_code_has_no_step(code: str) -> None:
    assert matching_step(SECRET, code, 1_800_000_000) is None


@pytest.mark.parametrize("typed", ["123456", "123 456", " 123-456 ", "123\u00a0456"])
def test_a_code_may_be_typed_as_the_app_shows_it(typed: str) -> None:
    assert plain_code(typed) == "123456"


# --- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Ann@Example.COM", " ann@example.com\n", "ann@\uff45xample.com"])
def test_an_address_has_one_spelling(typed: str) -> None:
    assert normal_email(typed) == "ann@example.com"


@pytest.mark.parametrize("typed", ["", "ann", "ann@", "@x.example", "a@b@c.example", "ann@x.example\x00", "a b@x.example", "ann@localhost", "x" * 2_000_000 + "@x.example"])  # fmt: skip
def test_what_is_no_address_is_said_at_once(typed: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match="valid e-mail"):
        normal_email(typed)
    assert time.process_time() - began < 0.2
