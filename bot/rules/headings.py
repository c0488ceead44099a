"""Which heading means what: Japanese and English names of the columns callfirst reads."""

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum

HYPHENS = re.compile("[\u2010-\u2015\u2212\u2043\ufe58\ufe63\uff0d]")  # never ー: メール has one
SPACES = re.compile(r"\s+")


class Column(StrEnum):
    """What a column of an imported file says."""

    COMPANY = "company"
    NAME = "name"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    DEPARTMENT = "department"
    TITLE = "title"
    EMAIL = "email"
    PHONE = "phone"
    PHONE_COMPANY = "phone_company"
    PHONE_DEPARTMENT = "phone_department"
    PHONE_DIRECT = "phone_direct"
    MOBILE = "mobile"
    LAST_DEAL = "last_deal"
    PROFIT = "profit"
    SALES = "sales"
    SALESPERSON = "salesperson"
    CARD = "card"
    BASIS = "basis"
    SOURCE = "source"
    LANGUAGE = "language"


# As people write them; compared after `normalised`, so width, case and spaces do not matter.
NAMES: dict[Column, tuple[str, ...]] = {
    Column.COMPANY: ("会社名", "会社", "企業名", "社名", "取引先", "取引先名", "法人名",
                     "company", "company name", "account", "account name", "organization"),
    Column.NAME: ("氏名", "名前", "お名前", "name", "full name", "contact", "contact name"),
    Column.FAMILY_NAME: ("姓", "氏名_姓", "氏名[姓]", "last name", "family name", "surname"),
    Column.GIVEN_NAME: ("名", "氏名_名", "氏名[名]", "first name", "given name"),
    Column.DEPARTMENT: ("部署", "部署名", "所属", "department", "division"),
    Column.TITLE: ("役職", "役職名", "肩書", "title", "job title", "position"),
    Column.EMAIL: ("メールアドレス", "メール", "Eメール", "電子メール", "e-mail", "email", "e_mail",
                   "mail", "email address", "e-mail address", "mail address"),
    Column.PHONE: ("電話番号", "電話", "TEL", "TEL_1", "phone", "phone number", "telephone"),
    Column.PHONE_COMPANY: ("TEL会社", "会社電話", "代表電話", "company phone"),
    Column.PHONE_DEPARTMENT: ("TEL部門", "部門電話", "department phone"),
    Column.PHONE_DIRECT: ("TEL直通", "直通電話", "direct phone", "direct line"),
    Column.MOBILE: ("携帯電話", "携帯", "携帯番号", "携帯電話番号", "mobile", "mobile phone",
                    "cell phone"),
    Column.LAST_DEAL: ("最終取引日", "最終購入日", "last deal", "last deal date", "last deal on",
                       "last trade date", "last order date"),
    Column.PROFIT: ("年間利益", "年間粗利", "yearly profit", "annual profit", "profit"),
    Column.SALES: ("年間売上", "年間売上高", "yearly sales", "annual sales", "annual revenue",
                   "sales"),
    Column.SALESPERSON: ("担当者", "担当営業", "営業担当", "営業担当者", "自社担当者",
                         "salesperson", "sales rep", "owner", "rep"),
    Column.CARD: ("名刺交換日", "card exchanged", "card exchanged on", "card date",
                  "business card date"),
    Column.BASIS: ("同意の根拠", "送信の根拠", "basis", "consent basis"),
    Column.SOURCE: ("流入元", "獲得経路", "source", "lead source"),
    Column.LANGUAGE: ("言語", "language"),
}  # fmt: skip


def normalised(heading: str) -> str:
    """A heading as compared: NFKC, no spaces, one kind of hyphen, lower case."""
    compact = SPACES.sub("", unicodedata.normalize("NFKC", heading))
    return HYPHENS.sub("-", compact).casefold()


KNOWN = {normalised(name): column for column, names in NAMES.items() for name in names}


def recognised(headings: Sequence[str]) -> list[tuple[int, Column]]:
    """The columns we know, with their places; a column that stands twice is there twice."""
    found = ((place, KNOWN.get(normalised(heading))) for place, heading in enumerate(headings))
    return [(place, column) for place, column in found if column]
