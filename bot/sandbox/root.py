"""The sandbox put together: the real bot between two stand-ins, on a clock of its own."""

import os
import secrets
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from starlette.applications import Starlette

from bot import schedule
from bot.config import Config
from bot.migrate_database import migrate
from bot.parts import Parts
from bot.redraw_lists import redraw_lists
from bot.rules.workdays import calendar
from bot.sandbox import wire
from bot.sandbox.clock import SimulatedClock
from bot.sandbox.company import COMPANY, DOMAIN, MARKETER, PEOPLE, sample_contacts
from bot.sandbox.errands import Errands
from bot.sandbox.later import Later
from bot.sandbox.passing import Passing
from bot.sandbox.sendgrid_api import SendGridApi
from bot.sandbox.sendgrid_hook import Hook
from bot.sandbox.server import LocalServer
from bot.sandbox.short_way import NearSlack, into_sendgrid, into_slack
from bot.sandbox.slack_api import SlackApi
from bot.sandbox.slack_press import SlackSender
from bot.sandbox.slack_state import Workspace
from bot.sandbox.world import World
from bot.services.sendgrid import Mailer
from bot.services.slack import Slack
from handlers.slack_app import build_slack_app
from handlers.web_app import build_web
from models import Database

PROXIES = ("http_proxy", "https_proxy", "all_proxy")


class SandboxConfig(Config):
    """The real settings, filled by keywords alone: no environment, no .env file."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


class Sandbox:
    """Everything `callfirst demo` runs. A context manager: leaving it stops and deletes all."""

    def __init__(self, seed: int, port: int = 0, near: bool = False) -> None:
        self.seed, self.near = seed, near
        self._folder = tempfile.TemporaryDirectory(prefix="callfirst-demo-")
        self.clock = SimulatedClock()
        self.front, self._product = LocalServer(port), LocalServer()
        self.page_url, self.product_url = self.front.url, self._product.url
        now = self.clock.now
        self.workspace = Workspace(now, PEOPLE)
        token, signing, key = (secrets.token_hex(16) for _ in range(3))
        self.slack_api = SlackApi(self.workspace, f"xoxb-{token}")
        self.sender = SlackSender(self.slack_api, self.front.url, signing, self.send_slack)
        self.sendgrid = SendGridApi(f"SG.{key}", now)
        self.hook = Hook(now, self.send_events)
        self.errands = Errands(now)
        self.contacts = sample_contacts(seed, self.clock.local().date())
        self.world = World(seed, self.contacts, self.hook, self.errands)
        self.sendgrid.on_mail = self.world.receive
        self.config = self._config(signing)
        self.database = _throwaway_database(self.config.database_url)
        self.later = Later()
        self.parts = Parts(
            config=self.config,
            database=self.database,
            slack=self._slack(),
            mailer=Mailer(self.sendgrid.key, self.config.sendgrid_api_url),
            now=now,
            later=self.later,
        )
        days = calendar(self.config.holiday_country, self.config.company_holidays)
        self.passing = Passing(self.clock, self.hook, self.errands, self.tick, days)

    def start(self, page: Callable[["Sandbox"], list[Any]] = lambda sandbox: []) -> None:
        """Serve the stand-ins (and `page`'s routes), then start the bot between them."""
        migrate(self.database)
        standins = [*self.slack_api.routes(), *self.sendgrid.routes(), *page(self)]
        self.front.start(Starlette(routes=standins))
        self.slack_app = build_slack_app(self.parts)
        self._product.start(build_web(self.parts, self.slack_app))
        if self.near:
            self.sender.send = partial(into_slack, self.parts, self.slack_app)
            self.hook.send = partial(into_sendgrid, self.parts)

    def _slack(self) -> Slack:
        """Over HTTP, or `near`: the same calls and answers without the socket between."""
        if self.near:
            return NearSlack(self.slack_api, self.config.slack_api_url)
        return Slack(self.slack_api.token, self.config.slack_api_url)

    def tick(self) -> None:
        """One tick of the real schedule, and what it left to do."""
        schedule.tick(self.parts)
        self.settle()

    def settle(self) -> None:
        """Wait for what the bot does after its answers, and bring the lists up to date."""
        self.later.wait()
        if self.parts.stale.is_set():
            self.parts.stale.clear()
            redraw_lists(self.database, self.parts.slack, self.config, self.clock.now())

    def send_slack(self, body: bytes, headers: dict[str, str]) -> wire.Answer:
        return wire.request("POST", f"{self.product_url}/slack/events", body, headers)

    def send_events(self, body: bytes, headers: dict[str, str]) -> wire.Answer:
        return wire.request("POST", f"{self.product_url}/sendgrid/events", body, headers)

    def stop(self) -> None:
        for server in (self.front, self._product):
            server.end()  # both at once, then wait for each
        self.front.stop()
        self._product.stop()
        self.later.stop()
        self.database.dispose()
        self._folder.cleanup()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _config(self, signing: str) -> Config:
        return SandboxConfig(
            database_url=f"sqlite:///{Path(self._folder.name) / 'callfirst.db'}",
            public_url=self.product_url,
            callfirst_secret_key=[SecretStr(secrets.token_hex(32))],
            callfirst_admins=[MARKETER],
            slack_bot_token=SecretStr(self.slack_api.token),
            slack_signing_secret=SecretStr(signing),
            slack_api_url=f"{self.front.url}/slack/api/",
            sendgrid_api_key=SecretStr(self.sendgrid.key),
            sendgrid_api_url=f"{self.front.url}/sendgrid",
            sendgrid_webhook_public_key=[self.hook.public_key],
            mail_from=f"info@{DOMAIN}",
            mail_from_name=COMPANY,
            mail_postal_address="〒000-0000 東京都見本区青空台1-2-3",
            mail_contact=f"info@{DOMAIN}",
            privacy_policy_url=f"https://www.{DOMAIN}/privacy",
        )


def forget_proxies() -> None:
    """All of the demo is on this machine, so no proxy may stand between."""
    for name in PROXIES:
        os.environ.pop(name, None)
        os.environ.pop(name.upper(), None)


def _throwaway_database(url: str) -> Database:
    """The real database class; its file is deleted at the end, so it need not survive a crash."""
    database = Database(url)
    for engine in (database.engine, database._writer):
        sa.event.listen(engine, "connect", _no_fsync)
    return database


def _no_fsync(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")
