"""Cells as people write them → what is kept and what is compared."""

from contextlib import suppress
from datetime import date

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.amounts import clean_date, clean_money
from bot.rules.cleaning import (
    PLAIN_ADDRESS,
    Address,
    BadCell,
    clean_address,
    clean_text,
    company_key,
    is_empty,
    name_key,
)
from bot.rules.phones import Phone, clean_phone


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("  山田　 太郎 ", "山田 太郎"),
        ("ﾔﾏﾀﾞ", "ヤマダ"),
        ("㈱青葉", "(株)青葉"),
        ("A\0B", "AB"),
        ("abc\u202edef\u200f", "abcdef"),
        ("山田\r\n太郎", "山田 太郎"),
        ("太郎🎌", "太郎🎌"),
        ("'=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("'n Sync", "'n Sync"),
    ],
)
def test_text_is_one_clean_line(cell: str, text: str) -> None:
    assert clean_text(cell) == text


@given(st.text(max_size=60))
def test_cleaning_text_twice_changes_nothing_more(cell: str) -> None:
    once = clean_text(cell)

    assert "\0" not in once and "\n" not in once
    assert clean_text(once) == once or once.startswith("'")


@pytest.mark.parametrize("cell", ["", " ", "N/A", "n/a", "なし", "-", "－", "　"])
def test_words_for_nothing_are_nothing(cell: str) -> None:
    assert is_empty(cell)
    assert clean_address(cell) is None
    assert clean_phone(cell) is None
    assert clean_date(cell) is None
    assert clean_money(cell) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("株式会社青葉商事", "青葉商事㈱"),
        ("青葉商事（株）", "青葉 商事"),
        ("有限会社みどり", "みどり(有)"),
        ("㍿青葉", "合同会社青葉"),
        ("Aoba Trading Co., Ltd.", "AOBA TRADING"),
        ("Aoba Inc.", "aoba"),
        ("ＡＢＣ－Ｄ", "abc−d"),
        ("ABCー1", "abc-1"),
        ("ｽｰﾊﾟｰ", "スーパー"),
    ],
)
def test_spellings_of_one_company_have_one_key(one: str, other: str) -> None:
    assert company_key(one) == company_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("スーパー", "スパ"), ("Cisco", "Cis"), ("医療法人青葉", "学校法人青葉"), ("Income", "In")],
)
def test_different_companies_keep_different_keys(one: str, other: str) -> None:
    assert company_key(one) != company_key(other)


@given(st.text(min_size=1, max_size=40))
def test_no_company_key_has_a_space(company: str) -> None:
    assert " " not in company_key(company)


def test_a_company_named_like_a_legal_form_keeps_its_name() -> None:
    assert company_key("株式会社") == "株式会社"


def test_names_are_compared_without_spaces_and_case() -> None:
    assert name_key("山田　太郎") == name_key("山田太郎")
    assert name_key("Taro Yamada") == name_key("taro yamada")


@pytest.mark.parametrize(
    ("cell", "email", "key"),
    [
        ("Yamada@Aoba.Example", "Yamada@aoba.example", "yamada@aoba.example"),
        ("ｙａｍａｄａ＠ａｏｂａ．ｅｘａｍｐｌｅ", "yamada@aoba.example", "yamada@aoba.example"),
        ("山田 太郎 <yamada@aoba.example>", "yamada@aoba.example", "yamada@aoba.example"),
        ("yamada@aoba.example、", "yamada@aoba.example", "yamada@aoba.example"),
        (" mailto:yamada@aoba.example ", "yamada@aoba.example", "yamada@aoba.example"),
        ("a@例え.jp", "a@xn--r8jz45g.jp", "a@xn--r8jz45g.jp"),
        ("o'neil@aoba.example", "o'neil@aoba.example", "o'neil@aoba.example"),
    ],
)
def test_addresses_are_taken_out_of_what_surrounds_them(cell: str, email: str, key: str) -> None:
    assert clean_address(cell) == Address(email, key)


@pytest.mark.parametrize("between", ["; ", "、", " / ", ", ", " "])
def test_of_two_addresses_the_first_counts(between: str) -> None:
    assert clean_address(f"a@b.example{between}c@d.example") == Address(
        "a@b.example", "a@b.example", more=True
    )


@pytest.mark.parametrize("cell", ["a..b@docomo.ne.jp", ".a@ezweb.ne.jp", "a.@docomo.ne.jp"])
def test_old_mobile_addresses_are_kept_and_have_no_key(cell: str) -> None:
    assert clean_address(cell) == Address(cell, None)


@pytest.mark.parametrize(
    "cell",
    [
        "a@b",
        "yamada",
        "a@b.example\r\nBcc: x@y.example",
        "a@b.local",
        "@b.example",
        "a b@",
        "a@-b.example",
        "\u202ea@b.example",
        '"a b"@c.example',
        "山田@aoba.example",
    ],
)
def test_what_is_no_address_is_refused(cell: str) -> None:
    with pytest.raises(BadCell) as caught:
        clean_address(cell)

    assert caught.value.key == "import.bad_address"


@given(st.from_regex(PLAIN_ADDRESS, fullmatch=True))
def test_the_fast_way_says_what_the_validator_says(cell: str) -> None:
    try:
        expected = validate_email(cell, check_deliverability=False, allow_smtputf8=False).normalized
    except EmailNotValidError:
        with pytest.raises(BadCell):
            clean_address(cell)
    else:
        assert clean_address(cell) == Address(expected, expected.lower())


@pytest.mark.parametrize(
    ("cell", "phone"),
    [
        ("03-1234-5678", Phone("+81312345678")),
        ("０３（１２３４）５６７８", Phone("+81312345678")),
        ("03ー1234ー5678", Phone("+81312345678")),
        ("+81(0)3-1234-5678", Phone("+81312345678")),
        ("090-1234-5678", Phone("+819012345678")),
        ("0120-123-456", Phone("+81120123456")),
        ("+1 415-555-2671", Phone("+14155552671")),
        ("312345678", Phone("+81312345678")),
        ("9012345678.0", Phone("+819012345678")),
        ("'+81312345678", Phone("+81312345678")),
        ("03-1234-5678(代)", Phone("+81312345678", note="代")),
        ("代表 03-1234-5678 内線12", Phone("+81312345678", note="代表 内線12")),
        ("03-1234-5678 ext. 12", Phone("+81312345678", note="ext. 12")),
        (
            "03-1234-5678 / 090-1111-2222",
            Phone("+81312345678", second="+819011112222"),
        ),
        ("03-1234-567", Phone("03-1234-567", doubtful=True)),
        ("090-1234-567", Phone("090-1234-567", doubtful=True)),
    ],
)
def test_phones_become_e164_and_keep_what_else_stood_there(cell: str, phone: Phone) -> None:
    assert clean_phone(cell) == phone


@given(st.from_regex(r"0[1-9][0-9]{8,9}", fullmatch=True))
def test_the_fast_way_says_what_phonenumbers_says(cell: str) -> None:
    number = phonenumbers.parse(cell, "JP")

    phone = clean_phone(cell)

    assert phone is not None
    assert phone.doubtful is not phonenumbers.is_valid_number(number)


@pytest.mark.parametrize(
    "cell",
    [
        "2026/11/03",
        "2026-11-3",
        "2026年11月3日",
        "２０２６／１１／０３",
        "2026/11/03 10:22",
        "20261103",
        "R8.11.3",
        "令和8年11月3日",
        "46329",
    ],
)
def test_dates_are_read_as_people_write_them(cell: str) -> None:
    assert clean_date(cell) == date(2026, 11, 3)


def test_first_years_of_an_era_are_read() -> None:
    assert clean_date("令和元年5月1日") == date(2019, 5, 1)
    assert clean_date("H1.1.8") == date(1989, 1, 8)


@pytest.mark.parametrize("cell", ["2026/02/30", "11/03/2026", "soon", "0001-01-01", "R99.13.1"])
def test_what_is_no_date_is_refused(cell: str) -> None:
    with pytest.raises(BadCell, match="bad_date"):
        clean_date(cell)


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1200000", 1_200_000),
        ("¥1,200,000", 1_200_000),
        ("￥１，２００", 1_200),
        ("1,200円", 1_200),
        ("120万円", 1_200_000),
        ("1.5億円", 150_000_000),
        ("300千円", 300_000),
        ("△300", -300),
        ("▲1,000", -1_000),
        ("(300)", -300),
        ("-300", -300),
        ("0", 0),
    ],
)
def test_money_is_read_as_people_write_it(cell: str, amount: int) -> None:
    assert clean_money(cell) == amount


@pytest.mark.parametrize("cell", ["many", "1e5", "1.2.3", "9" * 30, "--3"])
def test_what_is_no_money_is_refused(cell: str) -> None:
    with pytest.raises(BadCell, match="bad_money"):
        clean_money(cell)


@given(st.text(max_size=30))
def test_no_cell_breaks_a_cleaner(cell: str) -> None:
    clean_phone(cell)
    for clean in (clean_address, clean_date, clean_money):
        with suppress(BadCell):
            clean(cell)
