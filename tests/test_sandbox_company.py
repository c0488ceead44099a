"""The sample company is the same for a seed, looks like a customer's file, and is nobody's."""

import csv
import io
import string
from datetime import date

from bot.sandbox.company import HEADINGS, LEADS, as_csv, sample_contacts
from bot.sandbox.words import words

TODAY = date(2026, 6, 1)


def test_one_seed_gives_one_file() -> None:
    first, again, other = (as_csv(sample_contacts(seed, TODAY), seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_the_file_is_cp932_with_japanese_headings_and_all_leads() -> None:
    rows = list(csv.reader(io.StringIO(as_csv(sample_contacts(1, TODAY), 1).decode("cp932"))))

    assert tuple(rows[0]) == HEADINGS
    assert len(rows) - 1 == LEADS + 4  # four rows that nobody can read
    assert all(len(row) == len(HEADINGS) for row in rows)


def test_every_address_is_an_example_and_nobody_has_two() -> None:
    contacts = sample_contacts(1, TODAY)
    addresses = [one.email for one in contacts if one.email]

    assert all(address.endswith(".example") for address in addresses)
    assert len(set(addresses)) == len(addresses)
    assert 0.9 < len(addresses) / len(contacts) < 0.96


def test_every_number_is_dialled_once_so_a_call_reaches_one_person() -> None:
    contacts = sample_contacts(1, TODAY)
    numbers = [one.dialled for one in contacts] + [one.dialled_mobile for one in contacts]
    dialled = [number for number in numbers if number]

    assert len(set(dialled)) == len(dialled)


def test_the_page_speaks_both_languages_alike() -> None:
    japanese, english = words("ja"), words("en")

    assert japanese.keys() == english.keys()
    for key in japanese:
        assert slots(japanese[key]) == slots(english[key]), key


def slots(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}
