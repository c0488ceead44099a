"""The sample company: its people, and 5,000 leads written as the CSV a customer would bring."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from bot.sandbox import names
from bot.sandbox.slack_state import Person

LEADS = 5_000
BIG_PROFIT = 400_000  # from here on a field salesperson looks after an account
DOMAIN = "aozora-kizai.example"
COMPANY = "あおぞら機材株式会社"

FIRM_FORMS = ("株式会社{}{}", "{}{}株式会社", "有限会社{}{}")
HEADINGS = (
    "会社名", "氏名", "部署", "役職", "メールアドレス", "電話番号", "携帯電話",
    "最終取引日", "年間利益", "年間売上", "担当者", "名刺交換日", "言語",
)  # fmt: skip

INSIDE = [
    Person("U0SATO", "佐藤 美咲", f"sato@{DOMAIN}", "D0SATO", "job.inside"),
    Person("U0SUZUKI", "鈴木 健太", f"suzuki@{DOMAIN}", "D0SUZUKI", "job.inside"),
    Person("U0TAKAHASHI", "高橋 由紀", f"takahashi@{DOMAIN}", "D0TAKAHASHI", "job.inside"),
    Person("U0CLARKE", "Emma Clarke", f"clarke@{DOMAIN}", "D0CLARKE", "job.inside", "en"),
]
FIELD = Person("U0WATANABE", "渡辺 剛", f"watanabe@{DOMAIN}", "D0WATANABE", "job.field")
MARKETER = f"nakano@{DOMAIN}"  # approves the mails; calls nobody, so has no list
PEOPLE = [*INSIDE, FIELD]


@dataclass(frozen=True)
class Firm:
    """An account of the sample: what its leads' rows say about it."""

    name: str
    domain: str
    prefix: str  # of its telephone numbers
    language: str
    last_deal: date | None
    profit: int | None
    sales: int | None
    field: bool  # a field salesperson looks after it


@dataclass(frozen=True)
class Contact:
    """A lead of the sample, as its row says; `email` may be empty."""

    number: int
    name: str
    firm: Firm
    department: str
    title: str
    email: str
    phone: str
    mobile: str
    card_on: date | None

    @property
    def dialled(self) -> str:
        """The number in E.164: what a salesperson dials."""
        return _international(self.phone)

    @property
    def dialled_mobile(self) -> str:
        return _international(self.mobile)


def sample_contacts(seed: int, today: date) -> list[Contact]:
    """5,000 leads of about 1,300 firms; the same for the same seed."""
    chance = Random(f"company {seed}")
    firms = _firms(chance, today)
    contacts: list[Contact] = []
    used: set[str] = set()
    weights = [chance.paretovariate(1.4) for _ in firms]
    for number in range(LEADS):
        firm = firms[number] if number < len(firms) else chance.choices(firms, weights)[0]
        contacts.append(_contact(chance, number, firm, today, used))
    return contacts


def as_csv(contacts: list[Contact], seed: int) -> bytes:
    """The customer's file in CP932, as spreadsheets here save it, with the usual dirt in it."""
    chance = Random(f"dirt {seed}")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADINGS)
    for contact in contacts:
        writer.writerow(_dirty(chance, _row(contact)))
    writer.writerows(_broken_rows())
    return out.getvalue().encode("cp932", "replace")


def _international(number: str) -> str:
    return "+81" + number.replace("-", "")[1:] if number else ""


def _firms(chance: Random, today: date) -> list[Firm]:
    pool = [(place, trade) for place in names.PLACES for trade in names.TRADES]
    chance.shuffle(pool)
    firms = [
        _firm(
            chance,
            today,
            chance.choice(FIRM_FORMS).format(place[0], trade[0]),
            f"{place[1]}-{trade[1]}.example",
            "ja",
            number,
        )
        for number, (place, trade) in enumerate(pool[:1240])
    ]
    english = [(p, t) for p in names.ENGLISH_PLACES for t in names.ENGLISH_TRADES]
    firms += [
        _firm(
            chance,
            today,
            f"{place} {trade} {chance.choice(('Ltd.', 'K.K.', 'Inc.'))}",
            f"{place.lower().replace(' ', '')}-{trade.lower()}.example",
            "en",
            2_000 + number,
        )
        for number, (place, trade) in enumerate(english)
    ]
    chance.shuffle(firms)
    return firms


def _firm(chance: Random, today: date, name: str, domain: str, language: str, number: int) -> Firm:
    """A third trade now, a third traded long ago, a third never did."""
    kind = chance.choices(("now", "before", "never"), (14, 36, 50))[0]
    deal, profit, sales = None, None, None
    if kind == "now":
        deal = today - timedelta(days=chance.randrange(2, 350))
        profit = int(chance.lognormvariate(13.2, 1.3)) // 1000 * 1000
        sales = profit * chance.randrange(3, 9)
    elif kind == "before":
        deal = today - timedelta(days=chance.randrange(400, 2_600))
    # 03-1xxx and 06-1xxx are in no use: nobody answers there
    prefix = f"{chance.choice(('03', '06'))}-1{number // 10 % 1000:03d}-{number % 10}"
    return Firm(name, domain, prefix, language, deal, profit, sales, (profit or 0) >= BIG_PROFIT)


def _contact(chance: Random, number: int, firm: Firm, today: date, used: set[str]) -> Contact:
    english = firm.language == "en"
    name, local = _english_name(chance) if english else _japanese_name(chance)
    while (person := f"{firm.domain} {name}") in used:
        name, local = _english_name(chance) if english else _japanese_name(chance)
    used.add(person)
    phone = _unused(used, lambda _: f"{firm.prefix}{chance.randrange(1000):03d}")
    email = _unused(used, lambda count: f"{local}{count or ''}@{firm.domain}")
    card = None if chance.random() < 0.12 else today - timedelta(days=chance.randrange(20, 2_000))
    mobile = f"090-0{chance.randrange(1000):03d}-{number:04d}" if chance.random() < 0.3 else ""
    return Contact(
        number=number,
        name=name,
        firm=firm,
        department=chance.choice(names.ENGLISH_DEPARTMENTS if english else names.DEPARTMENTS),
        title=chance.choice(names.ENGLISH_TITLES if english else names.TITLES),
        email="" if chance.random() < 0.07 else email,
        phone=phone,
        mobile=mobile,
        card_on=card,
    )


def _english_name(chance: Random) -> tuple[str, str]:
    given, family = chance.choice(names.ENGLISH_GIVEN), chance.choice(names.ENGLISH_FAMILY)
    return f"{given} {family}", f"{given}.{family}".lower().replace("'", "")


def _japanese_name(chance: Random) -> tuple[str, str]:
    family, family_spelled = chance.choice(names.FAMILY)
    given, given_spelled = chance.choice(names.GIVEN)
    return f"{family} {given}", f"{given_spelled[0]}.{family_spelled}"


def _unused(used: set[str], make: Callable[[int], str]) -> str:
    """The first of `make(0)`, `make(2)`, `make(3)`, … that nobody has yet."""
    count = 0
    while (value := make(count)) in used:
        count = max(2, count + 1)
    used.add(value)
    return value


def _row(contact: Contact) -> list[str]:
    firm = contact.firm
    return [
        firm.name,
        contact.name,
        contact.department,
        contact.title,
        contact.email,
        contact.phone,
        contact.mobile,
        f"{firm.last_deal:%Y/%m/%d}" if firm.last_deal else "",
        str(firm.profit) if firm.profit is not None else "",
        str(firm.sales) if firm.sales is not None else "",
        FIELD.name if firm.field else "",
        f"{contact.card_on:%Y/%m/%d}" if contact.card_on else "",
        "英語" if firm.language == "en" else "日本語",
    ]


def _dirty(chance: Random, row: list[str]) -> list[str]:
    """One row in twelve was typed by somebody in a hurry."""
    if chance.random() < 1 / 12:
        place = chance.choice((0, 1, 4, 5))
        row[place] = {
            0: lambda cell: cell.replace("株式会社", "㈱"),
            1: lambda cell: cell.replace(" ", "　") + "　",
            4: lambda cell: cell.upper(),
            5: lambda cell: cell.translate(str.maketrans("0123456789-", "０１２３４５６７８９－")),
        }[place](row[place])
    return row


def _broken_rows() -> list[list[str]]:
    """Rows no program can read; the import says why."""
    firm = "株式会社見本台商会"
    return [
        [firm, "見本 一郎", "", "", "ichiro＠＠mihon.example", "", "", "", "", "", "", "", ""],
        [firm, "見本 二郎", "", "", "jiro@mihon.example", "", "", "2026/13/45", "", "", "", "", ""],
        ["", "", "", "", "dare@mihon.example", "", "", "", "", "", "", "", ""],
        [firm, "見本 三郎", "", "", "saburo@mihon.example", "", "", "", "たくさん", "", "", "", ""],
    ]
