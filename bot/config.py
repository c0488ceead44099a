"""Settings from the environment. README's table lists them all; a test holds the two equal."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.rules.settings import (
    ClassSettings,
    ListSettings,
    MailSettings,
    OutcomeSettings,
)
from models.enums import Language, Team

CommaList = Annotated[list[str], NoDecode]


class Config(BaseSettings):
    """Frozen; built once in a composition root, from keywords in tests."""

    model_config = SettingsConfigDict(
        frozen=True, env_file=".env", env_file_encoding="utf-8", extra="ignore"
    )

    database_url: str = "sqlite:///callfirst.db"
    public_url: str = ""
    callfirst_secret_key: Annotated[list[SecretStr], NoDecode] = []
    callfirst_admins: CommaList = []
    tz_default: str = "Asia/Tokyo"
    language_default: Language = Language.JA
    holiday_country: str = "JP"
    company_holidays: CommaList = []
    host: str = "127.0.0.1"
    port: int = 8000

    slack_bot_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"

    sendgrid_api_key: SecretStr | None = None
    sendgrid_api_url: str = "https://api.sendgrid.com"
    sendgrid_webhook_public_key: CommaList = []

    mail_from: str = ""
    mail_from_name: str = ""
    mail_reply_to: str = ""
    mail_postal_address: str = ""
    mail_contact: str = ""
    privacy_policy_url: str = ""
    mail_batch_size: int = Field(default=500, ge=1, le=1000)
    mail_gap_days: int = Field(default=21, ge=0)
    mail_classes: CommaList = ["C2", "D", "E"]

    class_by: Literal["profit", "sales"] = "profit"
    class_a_share: float = Field(default=0.80, gt=0, lt=1)
    class_b_share: float = Field(default=0.95, gt=0, le=1)
    class_trade_days: int = Field(default=365, ge=1)
    c1_team: Team = Team.FIELD
    c2_team: Team = Team.INSIDE

    list_time: str = "08:30"
    list_capacity: int = Field(default=50, ge=1, le=200)
    list_address_count: int = Field(default=5, ge=0)
    list_fill: Literal["best_chance", "not_mailed", "none"] = "best_chance"
    interested_days: int = Field(default=3, ge=1)
    not_now_days: int = Field(default=30, ge=1)
    no_answer_tries: int = Field(default=6, ge=1)
    undo_minutes: int = Field(default=15, ge=1)

    @field_validator(
        "callfirst_secret_key",
        "callfirst_admins",
        "company_holidays",
        "sendgrid_webhook_public_key",
        "mail_classes",
        mode="before",
    )
    @classmethod
    def split_at_commas(cls, value: object) -> object:
        """Lists are written with commas in the environment."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    def missing(self) -> list[str]:
        """The names a real installation needs and does not have, all at once."""
        needed = {
            "PUBLIC_URL": self.public_url,
            "CALLFIRST_SECRET_KEY": self.callfirst_secret_key,
            "SLACK_BOT_TOKEN": self.slack_bot_token,
            "SLACK_SIGNING_SECRET or SLACK_APP_TOKEN": self.slack_signing_secret
            or self.slack_app_token,
            "SENDGRID_API_KEY": self.sendgrid_api_key,
            "SENDGRID_WEBHOOK_PUBLIC_KEY": self.sendgrid_webhook_public_key,
            "MAIL_FROM": self.mail_from,
            "MAIL_FROM_NAME": self.mail_from_name,
            "MAIL_POSTAL_ADDRESS": self.mail_postal_address,
            "MAIL_CONTACT": self.mail_contact,
        }
        return [name for name, value in needed.items() if not value]

    @property
    def secret_keys(self) -> list[str]:
        """Signing keys for links, oldest first as itsdangerous wants them; the last one signs."""
        return [key.get_secret_value() for key in reversed(self.callfirst_secret_key)]

    @property
    def class_settings(self) -> ClassSettings:
        return ClassSettings(
            by=self.class_by,
            a_share=self.class_a_share,
            b_share=self.class_b_share,
            trade_days=self.class_trade_days,
            c1_team=self.c1_team,
            c2_team=self.c2_team,
        )

    @property
    def mail_settings(self) -> MailSettings:
        return MailSettings(gap=timedelta(days=self.mail_gap_days), batch_size=self.mail_batch_size)

    @property
    def list_settings(self) -> ListSettings:
        return ListSettings(address_count=self.list_address_count, fill=self.list_fill)

    @property
    def outcome_settings(self) -> OutcomeSettings:
        return OutcomeSettings(
            interested_days=self.interested_days,
            not_now_days=self.not_now_days,
            no_answer_tries=self.no_answer_tries,
            undo=timedelta(minutes=self.undo_minutes),
        )
