"""CSV as people have it: encodings, notes above the header, broken quotes, line numbers."""

import pytest

from bot.rules.headings import Column, recognised
from bot.rules.reading import Table, Unreadable, read_table

NEEDED = (Column.COMPANY, Column.NAME, Column.FAMILY_NAME)
PLAIN = "会社名,氏名\n㈱青葉,髙橋 一郎\n"


def read(data: bytes | str) -> Table:
    return read_table(data if isinstance(data, bytes) else data.encode(), NEEDED)


def refusal(data: bytes | str) -> tuple[str, dict[str, object]]:
    with pytest.raises(Unreadable) as caught:
        read(data)
    return caught.value.key, caught.value.values


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_japanese_files_are_read_in_the_encodings_people_have(encoding: str) -> None:
    data = PLAIN.encode(encoding)

    rows = list(read(data).rows())

    assert rows == [(2, ["㈱青葉", "髙橋 一郎"])]


def test_a_file_in_euc_jp_is_named_and_refused_with_its_line() -> None:
    data = "company,name\nAoba,Sato\n青葉商事,高橋\n".encode("euc_jp")

    assert refusal(data) == ("import.euc_jp", {"line": 3})


@pytest.mark.parametrize("broken", [b"\xe3\x81,x\n", b"\xff,x\n"])
def test_a_damaged_utf8_file_is_refused_with_its_line(broken: bytes) -> None:
    assert refusal(PLAIN.encode() + broken) == ("import.undecodable", {"line": 3})


@pytest.mark.parametrize("broken", [b"\xff,x\n", b"\x81\x20,x\n"])
def test_a_damaged_cp932_file_is_refused_with_its_line(broken: bytes) -> None:
    assert refusal(PLAIN.encode("cp932") + broken) == ("import.undecodable", {"line": 3})


def test_damage_beyond_the_first_chunk_still_names_its_line() -> None:
    lines = 100_000
    data = PLAIN.encode("cp932") + "青葉商事,山田\n".encode("cp932") * lines + b"\xfd,x\n"

    assert refusal(data) == ("import.undecodable", {"line": lines + 3})


def test_the_header_is_found_below_eight_lines_of_notes() -> None:
    notes = "名刺データ\n".join(["", *[f"注{n}、会社名は登録時のもの" for n in range(7)], ""])

    table = read(notes + PLAIN)

    assert table.header_line == notes.count("\n") + 1
    assert list(table.rows())[0][0] == table.header_line + 1


def test_a_header_after_line_20_is_not_looked_for() -> None:
    assert refusal("note\n" * 20 + PLAIN)[0] == "import.no_header"


@pytest.mark.parametrize("data", ["", "a,b\n1,2\n"])
def test_a_file_without_headings_is_refused(data: str) -> None:
    assert refusal(data)[0] == "import.no_header"


def test_a_file_without_company_and_name_is_refused() -> None:
    assert refusal("e-mail,電話番号\na@b.example,\n") == ("import.no_column", {"line": 1})


def test_a_doubled_column_is_refused_by_its_name() -> None:
    key, values = refusal("会社名,氏名,ｅ－ｍａｉｌ,メールアドレス\n")

    assert (key, values["column"], values["line"]) == ("import.column_doubled", "メールアドレス", 1)


def test_a_workbook_is_told_apart_from_csv() -> None:
    assert refusal(b"PK\x03\x04....")[0] == "import.not_csv"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_other_delimiters_are_recognised(delimiter: str) -> None:
    data = PLAIN.replace(",", delimiter)

    assert list(read(data).rows()) == [(2, ["㈱青葉", "髙橋 一郎"])]


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("会社名", Column.COMPANY),
        ("Company Name", Column.COMPANY),
        ("氏　名", Column.NAME),
        ("ｅ－ｍａｉｌ", Column.EMAIL),
        ("E‐Mail", Column.EMAIL),
        ("メールアドレス", Column.EMAIL),
        ("ＴＥＬ会社", Column.PHONE_COMPANY),
        ("携帯電話", Column.MOBILE),
        ("最終取引日", Column.LAST_DEAL),
        ("Yearly Profit", Column.PROFIT),
        ("担当者", Column.SALESPERSON),
        ("名刺交換日", Column.CARD),
    ],
)
def test_headings_are_known_whatever_their_width_case_and_hyphen(
    heading: str, column: Column
) -> None:
    assert recognised([heading]) == [(0, column)]


def test_rows_keep_their_physical_line_through_quoted_newlines() -> None:
    data = '会社名,氏名\r\n"A\r\n社",B\r\n\r\n,\r\nC,D\r\n'

    assert list(read(data).rows()) == [(2, ["A\r\n社", "B"]), (6, ["C", "D"])]


def test_a_row_with_broken_quotes_does_not_swallow_the_next_ones() -> None:
    data = '会社名,氏名\n"open,x\nA,B\n"C"x,D\nE,"F\n'

    assert list(read(data).rows()) == [(2, None), (3, ["A", "B"]), (4, None), (5, None)]


def test_a_quote_that_is_never_closed_costs_one_row_only() -> None:
    data = '会社名,氏名\n"open,x\n' + "A,B\n" * 500

    rows = list(read(data).rows())

    assert rows[0] == (2, None)
    assert len(rows) == 501


def test_a_line_of_a_hundred_megabytes_is_one_bad_row() -> None:
    data = "会社名,氏名\nA,B\n" + "x" * 10_000_000 + "\nC,D\n"

    assert [cells for _, cells in read(data).rows()] == [["A", "B"], None, ["C", "D"]]


def test_nul_bytes_are_dropped() -> None:
    assert list(read("会社名,氏名\nA\0B,C\n").rows()) == [(2, ["AB", "C"])]
