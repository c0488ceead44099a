"""Signed links. A token names one delivery for one purpose; nothing in it is personal or secret.

Unsubscribe links never expire (the law knows no expiry); whoever reads a survey token looks at
the delivery's own date.
"""

import hashlib
from enum import StrEnum
from functools import lru_cache

from itsdangerous import BadData, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from bot.config import Config
from bot.errors import CallfirstError

LONGEST = 200  # letters; ours have about 50, anything longer is not worth a hash


class Purpose(StrEnum):
    """A token of one purpose is worthless for another: each has its own salt."""

    SURVEY = "survey"
    UNSUBSCRIBE = "unsubscribe"


class BadToken(CallfirstError):
    """Not a token of ours, or of another purpose, or altered."""


def sign(purpose: Purpose, delivery_id: int, config: Config) -> str:
    """The token for a delivery; the same one each time while the newest key stays.

    Raises ValueError without CALLFIRST_SECRET_KEY: an unsigned link would let anyone act.
    """
    keys = config.secret_keys
    if not keys:
        raise ValueError("CALLFIRST_SECRET_KEY is not set")
    signed = _serializer(purpose, tuple(keys)).dumps(delivery_id)
    return signed.decode("ascii") if isinstance(signed, bytes) else signed


def read(purpose: Purpose, token: str, config: Config) -> int:
    """The delivery id in a token signed with any of the keys. Raises BadToken."""
    keys = config.secret_keys
    if not keys or not token.isascii() or len(token) > LONGEST:
        raise BadToken
    try:
        found = _serializer(purpose, tuple(keys)).loads(token)
        signature = token.rpartition(".")[2]
        canonical = base64_encode(base64_decode(signature)).decode("ascii")
    except BadData as error:
        raise BadToken from error
    if type(found) is not int or signature != canonical:  # base64 has spare bits at its end
        raise BadToken
    return found


@lru_cache(maxsize=16)
def _serializer(purpose: Purpose, keys: tuple[str, ...]) -> URLSafeSerializer:
    return URLSafeSerializer(
        list(keys),
        salt=f"callfirst.{purpose}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
