"""A customer file becomes accounts, leads and consents: once, whole, and in words."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, select

from bot.errors import UserMistake
from bot.import_accounts import import_accounts
from bot.import_leads import import_leads
from bot.import_suppressions import import_suppressions
from bot.views.import_report import ImportReport
from models import Account, Consent, Database, ImportRun, Lead, Salesperson, Suppression, Task
from models.enums import (
    Basis,
    CallState,
    Language,
    Outcome,
    SuppressionReason,
    TaskKind,
    Team,
)
from tests.builders import T0, a_lead, a_salesperson, an_account, days

HEADER = (
    "会社名,氏名,部署,役職,メールアドレス,電話番号,携帯電話,"
    "最終取引日,年間利益,年間売上,担当者,名刺交換日"
)


def a_row(**cells: str) -> str:
    return ",".join(cells.get(name, "") for name in HEADER.split(","))


def a_file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def imported(database: Database, data: bytes, **given: Any) -> ImportReport:
    values: dict[str, Any] = {
        "file_name": "customers.csv",
        "by": "Tanaka",
        "now": T0,
        "basis": None,
        "dry_run": False,
        "progress": lambda done, total: None,
    }
    return import_leads(database, data, **values | given)


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    return (report.new, report.changed, report.same, report.duplicate, len(report.rejected))


def the_lead(session: Session, **where: Any) -> Lead:
    return session.exec(select(Lead).filter_by(**where)).one()


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table but the log of imports."""
    with database.reading() as session:
        return {
            name: [tuple(row) for row in session.connection().execute(table.select())]
            for name, table in SQLModel.metadata.tables.items()
            if name != "importrun"
        }


YAMADA = a_row(
    会社名="株式会社青葉商事",
    氏名="山田 太郎",
    部署="営業部",
    役職="課長",
    メールアドレス="Yamada@Aoba.Example",
    電話番号="03-1234-5678(代)",
    携帯電話="090-1234-5678",
    最終取引日="2026/04/01",
    年間利益="¥1;200;000".replace(";", ""),
    年間売上="5000000",
    名刺交換日="2024/01/02",
)


def test_a_row_becomes_a_lead_at_an_account_with_a_basis(any_database: Database) -> None:
    report = imported(any_database, a_file(YAMADA))

    assert counts(report) == (1, 0, 0, 0, 0)
    with any_database.reading() as session:
        lead = the_lead(session)
        account = session.get_one(Account, lead.account_id)
        consent = session.get_one(Consent, "yamada@aoba.example")
    assert (lead.name, lead.department, lead.title) == ("山田 太郎", "営業部", "課長")
    assert (lead.email, lead.email_key) == ("Yamada@aoba.example", "yamada@aoba.example")
    assert (lead.phone, lead.phone_note, lead.mobile) == ("+81312345678", "代", "+819012345678")
    assert (lead.card_on, lead.language, lead.import_id) == (date(2024, 1, 2), Language.JA, 1)
    assert (lead.call_state, lead.unanswered, lead.created_at) == (CallState.OPEN, 0, T0)
    assert (account.name, account.last_deal_on) == ("株式会社青葉商事", date(2026, 4, 1))
    assert (account.yearly_profit, account.yearly_sales) == (1_200_000, 5_000_000)
    assert (consent.basis, consent.given_on) == (Basis.BUSINESS_CARD, date(2024, 1, 2))
    assert (consent.source, consent.recorded_by) == ("customers.csv", "Tanaka")


def test_the_same_file_twice_is_nothing_new(any_database: Database) -> None:
    data = a_file(YAMADA, a_row(会社名="みどり", 氏名="佐藤"), a_row(氏名="鈴木"))
    imported(any_database, data)
    before = contents(any_database)

    report = imported(any_database, data)

    assert counts(report) == (0, 0, 3, 0, 0)
    assert contents(any_database) == before


def test_an_eight_export_is_read_as_it_comes(database: Database) -> None:
    notes = ["名刺データ出力", "", *["※会社名・氏名は登録時のものです"] * 5, "----"]
    header = (
        "会社名,部署名,役職,氏名,e-mail,郵便番号,住所,TEL会社,TEL部門,TEL直通,Fax,携帯電話,URL,"
        "名刺交換日,Eightでつながっている人,再データ化中の名刺,'?'を含んだデータ"
    )
    rows = [
        "㈱青葉商事,営業部,課長,髙橋 一郎,takahashi@aoba.example,100-0001,東京都,"
        "03-1234-5678,,,03-1234-5679,090-1234-5678,http://aoba.example,2026/05/01,1,,",
        "青葉商事株式会社,営業部,部長,髙橋 一郎,TAKAHASHI@aoba.example,,,,,,,,,2026/06/01,,,",
        "有限会社みどり,,,﨑山 花子,,,,,03-2222-3333,,,,,2025/01/31,,,",
        "赤坂商店,,,岡田,okada@akasaka,,,,,,,,,2025/01/31,,,",
    ]
    data = "\r\n".join([*notes, header, *rows, ""]).encode("cp932")

    first = imported(database, data, file_name="eight.csv")
    second = imported(database, data, file_name="eight.csv")

    assert counts(first) == (2, 0, 0, 1, 1)
    assert counts(second) == (0, 0, 2, 1, 1)
    assert first.as_json(Language.EN)["rejected"] == [
        {
            "line": 13,
            "column": "e-mail",
            "value": "okada@akasaka",
            "reason": "This is not an e-mail address.",
        }
    ]
    with database.reading() as session:
        takahashi = the_lead(session, email_key="takahashi@aoba.example")
        sakiyama = the_lead(session, email_key=None)
        assert len(session.exec(select(Account)).all()) == 2
    assert (takahashi.name, takahashi.title) == ("髙橋 一郎", "部長")
    assert (takahashi.phone, takahashi.card_on) == ("+81312345678", date(2026, 6, 1))
    assert (sakiyama.name, sakiyama.phone) == ("﨑山 花子", "+81322223333")


def test_english_headings_and_first_and_last_names_are_read(database: Database) -> None:
    data = a_file(
        "Aoba Trading Co.,Taro,Yamada,taro@aoba.example,2026-01-02",
        header="Company,First Name,Last Name,E-mail,Last Deal",
    )

    imported(database, data, language=Language.EN)

    with database.reading() as session:
        lead = the_lead(session)
        assert (lead.name, lead.language) == ("Taro Yamada", Language.EN)
        assert session.get_one(Consent, "taro@aoba.example").basis is Basis.TRADE


def test_new_values_win_and_empty_cells_erase_nothing(any_database: Database) -> None:
    imported(any_database, a_file(YAMADA))

    report = imported(
        any_database,
        a_file(
            a_row(
                会社名="青葉商事", メールアドレス="yamada@aoba.example", 役職="部長", 年間利益="7"
            )
        ),
    )

    assert counts(report) == (0, 1, 0, 0, 0)
    with any_database.reading() as session:
        lead = the_lead(session)
        account = session.exec(select(Account)).one()
    assert (lead.name, lead.title, lead.phone) == ("山田 太郎", "部長", "+81312345678")
    assert (account.yearly_profit, account.yearly_sales) == (7, 5_000_000)


def test_a_dry_run_counts_the_same_and_writes_nothing(any_database: Database) -> None:
    imported(any_database, a_file(YAMADA, a_row(会社名="みどり", 氏名="佐藤")))
    before = contents(any_database)
    data = a_file(
        YAMADA, a_row(会社名="みどり", 氏名="佐藤", 役職="店長"), a_row(会社名="赤坂"), ""
    )

    dry = imported(any_database, data, dry_run=True)
    after_dry = contents(any_database)
    real = imported(any_database, data)

    assert after_dry == before
    assert dry.import_id is None
    assert counts(dry) == counts(real) == (1, 1, 1, 0, 0)


def test_someone_without_a_company_stands_alone(database: Database) -> None:
    imported(
        database,
        a_file(
            a_row(氏名="山田 太郎", メールアドレス="one@home.example"),
            a_row(氏名="山田 太郎", メールアドレス="two@home.example"),
            a_row(会社名="山田太郎", 氏名="社員"),
        ),
    )

    with database.reading() as session:
        accounts = session.exec(select(Account).order_by(Account.id)).all()
    assert [account.name for account in accounts] == ["山田 太郎", "山田 太郎", "山田太郎"]
    assert len({account.name_key for account in accounts}) == 3


def test_a_company_without_a_name_gets_a_contact_in_charge(database: Database) -> None:
    data = a_file(a_row(会社名="青葉商事", 電話番号="03-1234-5678"))

    imported(database, data)
    again = imported(database, data)

    assert counts(again) == (0, 0, 1, 0, 0)
    with database.reading() as session:
        assert the_lead(session).name == "ご担当者"


def test_someone_without_an_address_is_found_by_name_and_gets_one(database: Database) -> None:
    imported(database, a_file(a_row(会社名="青葉商事", 氏名="山田 太郎", 電話番号="03-1234-5678")))

    report = imported(
        database,
        a_file(a_row(会社名="㈱青葉商事", 氏名="山田太郎", メールアドレス="y@aoba.example")),
    )

    assert counts(report) == (0, 1, 0, 0, 0)
    with database.reading() as session:
        lead = the_lead(session)
    assert (lead.email_key, lead.phone) == ("y@aoba.example", "+81312345678")


def test_one_address_twice_in_a_file_is_one_person_with_the_newest_values(
    database: Database,
) -> None:
    report = imported(
        database,
        a_file(
            a_row(
                会社名="A",
                氏名="山田",
                メールアドレス="y@a.example",
                役職="部長",
                名刺交換日="2026/5/1",
            ),
            a_row(
                会社名="B",
                氏名="山田",
                メールアドレス="Y@A.example",
                役職="課長",
                名刺交換日="2020/5/1",
                電話番号="03-1234-5678",
            ),
        ),  # fmt: skip
    )

    assert counts(report) == (1, 0, 0, 1, 0)
    with database.reading() as session:
        lead = the_lead(session)
    assert (lead.title, lead.phone, lead.card_on) == ("部長", "+81312345678", date(2026, 5, 1))


def test_every_bad_row_is_named_and_the_good_ones_are_kept(database: Database) -> None:
    report = imported(
        database,
        a_file(
            a_row(メールアドレス="nobody@a.example"),
            a_row(会社名="A", 氏名="　"),
            a_row(会社名="A", 氏名="B", 最終取引日="2026/02/30"),
            a_row(会社名="A", 氏名="B", 年間利益="多い"),
            a_row(会社名="A", 氏名="B") + ",over",
            'A,"B,,',
            a_row(会社名="A", 氏名="Good"),
        ),
    )

    told = [(line["line"], line["column"], line["value"]) for line in report.as_json()["rejected"]]
    assert told == [
        (2, "氏名", ""),
        (3, "氏名", "　"),
        (4, "最終取引日", "2026/02/30"),
        (5, "年間利益", "多い"),
        (6, "", "over"),
        (7, "", ""),
    ]
    assert counts(report) == (1, 0, 0, 0, 6)


def test_reasons_are_said_in_the_readers_language(database: Database) -> None:
    report = imported(database, a_file(a_row(会社名="A", 年間利益="x")), dry_run=True)

    assert report.as_json(Language.JA)["rejected"][0]["reason"] == "金額として読めません。"
    assert report.as_json(Language.EN)["rejected"][0]["reason"].startswith("This is not an amount")


def test_doubtful_cells_are_kept_and_remarked(database: Database) -> None:
    report = imported(
        database,
        a_file(
            a_row(
                会社名="A", 氏名="B" * 300, メールアドレス="a..b@docomo.ne.jp", 電話番号="03-12-34"
            ),
            a_row(会社名="A", 氏名="C", 最終取引日="2030/01/01", 担当者="誰か"),
        ),
    )

    assert [remark.key for remark in report.remarks] == [
        "import.cut",
        "import.bad_phone",
        "import.not_mailable",
        "import.future_date",
        "import.unknown_salesperson",
    ]
    with database.reading() as session:
        lead = the_lead(session, phone="03-12-34")
        assert session.exec(select(Consent)).all() == []
    assert (len(lead.name), lead.email, lead.email_key) == (200, "a..b@docomo.ne.jp", None)


def test_the_salesperson_named_owns_the_lead_and_a_field_one_trades(database: Database) -> None:
    with database.writing() as session:
        sato = a_salesperson(session, "佐藤 健", email="sato@seller.example", team=Team.FIELD)
        suzuki = a_salesperson(session, "Suzuki")
        a_salesperson(session, "Tanaka", active=False)

    imported(
        database,
        a_file(
            a_row(会社名="A", 氏名="a", 担当者="佐藤健"),
            a_row(会社名="B", 氏名="b", 担当者="suzuki@seller.example"),
            a_row(会社名="C", 氏名="c", 担当者="Tanaka"),
        ),
    )

    with database.reading() as session:
        found = session.exec(
            select(Lead.name, Lead.owner_id, Lead.owner_chosen, Account.trades_with_id)
            .join(Account)
            .order_by(Lead.id)
        ).all()
    assert found == [
        ("a", sato.id, True, sato.id),
        ("b", suzuki.id, True, None),
        ("c", None, False, None),
    ]


@pytest.mark.parametrize(
    ("cells", "given_basis", "basis"),
    [
        ({"名刺交換日": "2026/01/01", "最終取引日": "2026/01/01"}, None, Basis.BUSINESS_CARD),
        ({"最終取引日": "2020/01/01"}, Basis.CONSENT, Basis.TRADE),
        ({}, Basis.CONSENT, Basis.CONSENT),
        ({}, None, None),
    ],
)
def test_the_basis_is_the_card_then_the_deal_then_what_the_importer_says(
    database: Database, cells: dict[str, str], given_basis: Basis | None, basis: Basis | None
) -> None:
    data = a_file(a_row(会社名="A", 氏名="B", メールアドレス="b@a.example", **cells))

    report = imported(database, data, basis=given_basis)

    assert report.not_mailable == (basis is None)
    with database.reading() as session:
        consent = session.get(Consent, "b@a.example")
    assert (consent.basis if consent else None) == basis


def test_a_stated_basis_wins_and_a_weaker_guess_never_replaces_it(database: Database) -> None:
    header = "会社名,氏名,メールアドレス,名刺交換日,同意の根拠"
    imported(database, a_file("A,B,b@a.example,2026/01/01,同意", header=header))

    imported(database, a_file("A,B,b@a.example,2026/02/01,", header=header))

    with database.reading() as session:
        assert session.get_one(Consent, "b@a.example").basis is Basis.CONSENT


def test_a_suppressed_address_is_stored_counted_and_stays_suppressed(database: Database) -> None:
    with database.writing() as session:
        session.add(
            Suppression(
                address_key="b@a.example",
                reason=SuppressionReason.UNSUBSCRIBED,
                source="page",
                since=T0,
            )
        )

    report = imported(database, a_file(a_row(会社名="A", 氏名="B", メールアドレス="B@a.example")))

    assert (report.new, report.suppressed) == (1, 1)
    with database.reading() as session:
        assert session.get_one(Suppression, "b@a.example").source == "page"


def test_a_corrected_number_makes_the_lead_callable_again(database: Database) -> None:
    with database.writing() as session:
        sato = a_salesperson(session)
        lead = a_lead(session, email="b@a.example", call_state=CallState.WRONG_NUMBER)
        call = _a_call(session, lead, sato)
        session.add(
            Task(
                lead_id=lead.id,
                salesperson_id=sato.id,
                kind=TaskKind.CORRECT_NUMBER,
                call_id=call.id,
                created_at=T0,
            )
        )

    imported(
        database,
        a_file(a_row(会社名="X", 氏名="B", メールアドレス="b@a.example", 電話番号="03-9999-1111")),
        now=T0 + days(1),
    )

    with database.reading() as session:
        assert the_lead(session, email_key="b@a.example").call_state is CallState.OPEN
        assert session.exec(select(Task.done_at)).one() == T0 + days(1)


def _a_call(session: Session, lead: Lead, person: Salesperson) -> Any:
    from models import Call

    call = Call(
        lead_id=lead.id,
        salesperson_id=person.id,
        outcome=Outcome.WRONG_NUMBER,
        at=T0,
        logged_at=T0,
    )
    session.add(call)
    session.flush()
    return call


def test_an_import_is_logged(database: Database) -> None:
    report = imported(database, a_file(YAMADA, a_row(メールアドレス="x")))

    with database.reading() as session:
        run = session.get_one(ImportRun, report.import_id)
    assert (run.file_name, run.by, run.new, run.rejected) == ("customers.csv", "Tanaka", 1, 1)


def test_a_failure_while_writing_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("power cut")

    before = contents(database)
    monkeypatch.setattr("bot.import_leads._write_consents", fail)

    with pytest.raises(RuntimeError, match="power cut"):
        imported(database, a_file(YAMADA))

    assert contents(database) == before


def test_an_unreadable_file_is_the_persons_mistake(database: Database) -> None:
    with pytest.raises(UserMistake) as caught:
        imported(database, b"a,b\n1,2\n")

    assert caught.value.key == "import.no_header"


def test_progress_ends_at_the_last_line(database: Database) -> None:
    told: list[tuple[int, int]] = []
    data = a_file(*(a_row(会社名=f"C{number}", 氏名="x") for number in range(2500)))

    imported(database, data, progress=lambda done, total: told.append((done, total)))

    assert told[-1][0] == told[-1][1] == 2502
    assert [done for done, _ in told] == sorted(done for done, _ in told)


CELLS = st.fixed_dictionaries(
    {
        "会社名": st.sampled_from(["", "A", "株式会社A", "B"]),
        "氏名": st.sampled_from(["", "x", "y"]),
        "メールアドレス": st.sampled_from(["", "", "x@a.example", "y@a.example", "x..@a.example"]),
        "役職": st.sampled_from(["", "部長", "課長"]),
        "電話番号": st.sampled_from(["", "03-1234-5678", "03-1234-5679 (代)"]),
        "最終取引日": st.sampled_from(["", "2026/01/01", "2020/01/01"]),
        "年間利益": st.sampled_from(["", "0", "5"]),
        "名刺交換日": st.sampled_from(["", "2026/01/01", "2020/01/01"]),
    }
)


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # test_import_plan shrinks faster
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    files=st.lists(st.lists(CELLS, min_size=1, max_size=6), min_size=1, max_size=3),
)
def test_any_file_twice_in_a_row_is_nothing_new_and_every_row_is_counted(
    database: Database, files: list[list[dict[str, str]]]
) -> None:
    with database.writing() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):
            session.connection().execute(sa.delete(table))
    for rows in files:
        data = a_file(*(a_row(**cells) for cells in rows))
        filled = sum(any(cells.values()) for cells in rows)
        if not filled:
            continue

        first = imported(database, data)
        before = contents(database)
        second = imported(database, data)

        assert sum(counts(first)) == filled
        assert (second.new, second.changed) == (0, 0)
        assert contents(database) == before


def test_a_file_of_opt_outs_stops_its_addresses_once(database: Database) -> None:
    data = "メール\nA@b.example\na@b.example\nbad\n\nc..d@docomo.ne.jp\n".encode()
    given: dict[str, Any] = {
        "file_name": "stop.csv",
        "by": "Tanaka",
        "now": T0,
        "progress": lambda done, total: None,
    }

    dry = import_suppressions(database, data, dry_run=True, **given)
    first = import_suppressions(database, data, dry_run=False, **given)
    second = import_suppressions(database, data, dry_run=False, **given)

    assert counts(dry) == counts(first) == (2, 0, 0, 1, 1)
    assert counts(second) == (0, 0, 2, 1, 1)
    with database.reading() as session:
        assert session.get_one(Suppression, "a@b.example").reason is SuppressionReason.IMPORTED


def test_a_file_of_companies_brings_their_figures_and_no_people(database: Database) -> None:
    with database.writing() as session:
        an_account(session, "青葉商事", yearly_profit=1, yearly_sales=9)
    data = "会社名,年間利益,最終取引日\n㈱青葉商事,5,2026/01/01\nみどり,△3,\n,4,\n".encode()
    given: dict[str, Any] = {
        "file_name": "accounts.csv",
        "by": "Tanaka",
        "now": T0,
        "progress": lambda done, total: None,
    }

    dry = import_accounts(database, data, dry_run=True, **given)
    first = import_accounts(database, data, dry_run=False, **given)
    second = import_accounts(database, data, dry_run=False, **given)

    assert counts(dry) == counts(first) == (1, 1, 0, 0, 1)
    assert counts(second) == (0, 0, 2, 0, 1)
    with database.reading() as session:
        found = session.exec(
            select(Account.name, Account.yearly_profit, Account.yearly_sales).order_by(Account.id)
        ).all()
        assert session.exec(select(Lead)).all() == []
    assert found == [("青葉商事", 5, 9), ("みどり", -3, None)]
