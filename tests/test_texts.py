"""Two catalogues that say the same things, and code that says nothing else."""

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.texts import catalogue
from models.enums import (
    Basis,
    CallState,
    Language,
    MailState,
    MightUse,
    Outcome,
    Section,
    SkipReason,
    TaskKind,
)

ROOT = Path(__file__).parent.parent
KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
JAPANESE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef、。]")

# Keys that the code puts together: the f-string with {} for each slot, and what it may become.
PUT_TOGETHER: dict[str, set[str]] = {
    "outcome.{}": {f"outcome.{outcome}" for outcome in Outcome},
    "section.{}": {f"section.{section}" for section in Section},
    "kept_off.{}": {
        f"kept_off.{reason}"
        for reason in set(CallState) - {CallState.OPEN, CallState.RESTING} | {"not_now", "called"}
    },
    "reason.survey.{}": {f"reason.survey.{answer}" for answer in MightUse},
    "reason.said.{}": {"reason.said.interested", "reason.said.not_now"},
    "mail.skip.{}": {f"mail.skip.{reason}" for reason in SkipReason},
    "task.{}": {f"task.{kind}" for kind in TaskKind},
    "list.column.{}": {
        f"list.column.{column}"
        for column in ("place", "section", "name", "company", "phone", "score", "reasons")
    },
    "why.basis.{}": {f"why.basis.{basis}" for basis in Basis},
    "{}_chosen": {"class.why.no_profit_chosen", "class.why.share_chosen"},
    "mail.is.{}": {f"mail.is.{state}" for state in MailState},
    "reason.unanswered.{}": {"reason.unanswered.try_morning", "reason.unanswered.try_afternoon"},
    "reason.traded_{}": {"reason.traded_now", "reason.traded_before"},
}
NOT_KEYS = {"mail.html", "mail.txt"}
NO_TOPIC = {"callfirst.{}"}  # f-strings that look like keys and are none
SAME_IN_BOTH: set[str] = set()  # sentences that need no translation
JAPANESE_IN_ENGLISH: set[str] = set()  # words one may type in Japanese whatever one's language


def test_both_languages_have_the_same_keys() -> None:
    assert catalogue(Language.JA).keys() == catalogue(Language.EN).keys()


def test_every_sentence_has_the_same_slots_in_both_languages() -> None:
    english = catalogue(Language.EN)

    differing = {
        key
        for key, sentence in catalogue(Language.JA).items()
        if key in english and slots(sentence) != slots(english[key])
    }

    assert not differing, "\n".join(sorted(differing))


def test_the_keys_are_grouped_in_the_same_order() -> None:
    assert list(catalogue(Language.JA)) == list(catalogue(Language.EN))


def test_no_japanese_stands_in_the_english_catalogue() -> None:
    found = {key for key, text in catalogue(Language.EN).items() if JAPANESE.search(text)}

    assert found == JAPANESE_IN_ENGLISH


def test_no_english_stands_in_the_japanese_catalogue() -> None:
    english = catalogue(Language.EN)

    same = {
        key
        for key, text in catalogue(Language.JA).items()
        if text == english.get(key) and has_words(text)
    }

    assert same == SAME_IN_BOTH


def test_every_key_in_the_code_is_in_the_catalogue() -> None:
    missing = {
        f"{file}: {key}"
        for file, key in literals()
        if key not in catalogue(Language.JA) and key not in NOT_KEYS
    }

    assert not missing, "\n".join(sorted(missing))


def test_every_key_in_the_catalogue_is_in_the_code() -> None:
    used = {key for _file, key in literals()}
    for keys in PUT_TOGETHER.values():
        used |= keys

    unused = catalogue(Language.JA).keys() - used
    assert not unused, "\n".join(sorted(unused))


def test_every_key_put_together_is_known_and_complete() -> None:
    in_code = {pattern for _file, pattern in put_together()} - NO_TOPIC

    assert in_code == set(PUT_TOGETHER)
    for keys in PUT_TOGETHER.values():
        assert keys <= catalogue(Language.JA).keys()


def test_every_sentence_is_given_what_its_slots_need() -> None:
    wrong = [
        f"{file}:{line} {key} is given {sorted(given)}"
        for file, line, key, given in sayings()
        if key in catalogue(Language.JA) and slots(catalogue(Language.JA)[key]) != given
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", Language)
def test_every_sentence_can_be_filled(language: Language) -> None:
    for sentence in catalogue(language).values():
        assert sentence.format(**dict.fromkeys(slots(sentence), 1))


def slots(sentence: str) -> set[str]:
    return {name for _text, name, _spec, _how in string.Formatter().parse(sentence) if name}


def has_words(sentence: str) -> bool:
    around = re.sub(r"\{[^}]*\}|<[^>]*>", "", sentence)
    return re.search(r"[A-Za-z]{2}", around) is not None


@cache
def topics() -> set[str]:
    return {key.partition(".")[0] for key in catalogue(Language.JA)}


@cache
def trees() -> list[tuple[str, ast.Module]]:
    """The product's modules. The sandbox has its own words and is not part of it."""
    files = [file for top in ("bot", "handlers") for file in sorted((ROOT / top).rglob("*.py"))]
    return [
        (file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8")))
        for file in files
        if "sandbox" not in file.relative_to(ROOT).parts
    ]


def literals() -> Iterator[tuple[str, str]]:
    """Every quoted string that reads like a key of one of our topics, with its file."""
    for file, tree in trees():
        parts = {
            part for node in ast.walk(tree) if type(node) is ast.JoinedStr for part in node.values
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and is_key(node.value) and node not in parts:
                yield file, node.value
    for template in sorted((ROOT / "bot/views/templates").glob("*.*")):
        for quoted in re.findall(r"""["']([a-z0-9_.]+)["']""", template.read_text("utf-8")):
            if is_key(quoted):
                yield template.name, quoted


def is_key(value: object) -> bool:
    if not isinstance(value, str) or not KEY.fullmatch(value):
        return False
    return value.partition(".")[0] in topics()


def put_together() -> Iterator[tuple[str, str]]:
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                pattern = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
                if re.fullmatch(r"[a-z_]+\.[a-z_.{}]+|\{\}_[a-z]+", pattern):
                    yield file, pattern


def sayings() -> Iterator[tuple[str, int, str, set[str]]]:
    """Calls of text() and UserMistake() with a literal key and named values only."""
    for file, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            key = node.args[0]
            if called in {"text", "UserMistake"} and isinstance(key, ast.Constant):
                names = {keyword.arg for keyword in node.keywords}
                if None not in names:  # **values: not known before it runs
                    yield file, node.lineno, str(key.value), {name for name in names if name}
