"""A link names one delivery for one purpose and cannot be made or changed by anyone else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from bot.tokens import BadToken, Purpose, read, sign
from tests.mail_world import a_config

CONFIG = a_config()


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_token_comes_back_as_its_delivery(purpose: Purpose) -> None:
    token = sign(purpose, 5000, CONFIG)

    assert read(purpose, token, CONFIG) == 5000
    assert sign(purpose, 5000, CONFIG) == token
    assert token.replace("_", "").replace("-", "").replace(".", "").isalnum()


def test_a_token_of_one_purpose_is_worthless_for_the_other() -> None:
    with pytest.raises(BadToken):
        read(Purpose.UNSUBSCRIBE, sign(Purpose.SURVEY, 1, CONFIG), CONFIG)


def test_old_keys_are_read_and_the_first_one_signs() -> None:
    old, both = a_config(callfirst_secret_key="old"), a_config(callfirst_secret_key="new,old")

    assert read(Purpose.SURVEY, sign(Purpose.SURVEY, 1, old), both) == 1
    with pytest.raises(BadToken):
        read(Purpose.SURVEY, sign(Purpose.SURVEY, 1, both), old)


def test_no_bit_of_a_token_may_change() -> None:
    token = sign(Purpose.UNSUBSCRIBE, 123456, CONFIG)

    for place in range(len(token)):
        for bit in range(7):
            changed = token[:place] + chr(ord(token[place]) ^ (1 << bit)) + token[place + 1 :]
            with pytest.raises(BadToken):
                read(Purpose.UNSUBSCRIBE, changed, CONFIG)


@given(st.text(max_size=300))
def test_nothing_else_is_a_token(guess: str) -> None:
    with pytest.raises(BadToken):
        read(Purpose.SURVEY, guess, CONFIG)


@pytest.mark.parametrize("payload", [True, None, "1", [1], {"id": 1}, 1.0])
def test_only_a_number_is_a_delivery(payload: object) -> None:
    from bot.tokens import _serializer

    forged = _serializer(Purpose.SURVEY, tuple(CONFIG.secret_keys)).dumps(payload)

    with pytest.raises(BadToken):
        read(Purpose.SURVEY, forged, CONFIG)


def test_another_salt_or_key_is_refused() -> None:
    for made in (
        URLSafeSerializer("a key of the tests").dumps(1),
        sign(Purpose.SURVEY, 1, a_config(callfirst_secret_key="other")),
        "x" * 10_000,
        "",
    ):
        with pytest.raises(BadToken):
            read(Purpose.SURVEY, made, CONFIG)


def test_without_a_key_nothing_is_signed_or_read() -> None:
    bare = a_config(callfirst_secret_key="")

    with pytest.raises(ValueError):
        sign(Purpose.SURVEY, 1, bare)
    with pytest.raises(BadToken):
        read(Purpose.SURVEY, "anything", bare)
