"""SendGrid's v3 Mail Send through the sendgrid package."""

from typing import Any


class Mailer:
    """`send` hands one prepared request body to SendGrid and returns its X-Message-Id."""

    def __init__(self, api_key: str, api_url: str) -> None:
        self._key, self._url = api_key, api_url

    def send(self, body: dict[str, Any]) -> str:
        raise NotImplementedError
