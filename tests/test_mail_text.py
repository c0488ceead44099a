"""What authors write is read or refused when saved; nothing of it is ever a template."""

from dataclasses import replace

import pytest

from bot.rules.mail_check import SenderFacts, findings, stops
from bot.rules.mail_source import Unreadable, read_source
from bot.rules.mail_text import Link, is_followable, read_body
from models.enums import CustomerClass, Language, MailKind
from tests.mail_world import SOURCE

SENDER = SenderFacts(
    email="info@aoba.example",
    name="株式会社青葉",
    postal_address="東京都千代田区",
    contact="03-0000-0000",
    public_url="https://callfirst.example",
    has_secret_key=True,
)
FRONT = "---\nsubject: 件名\nkind: case_study\n---\n"
THREE_LINKS = "[a](https://a.example/1) [b](https://a.example/2)"


def test_a_source_is_read_with_all_its_settings() -> None:
    mail = read_source(SOURCE)

    assert mail.subject == "{{name}}様へ：電気代を下げた3社の工夫"
    assert mail.kind is MailKind.CASE_STUDY
    assert mail.language is Language.JA
    assert mail.classes == (CustomerClass.C2, CustomerClass.D, CustomerClass.E)
    assert (mail.cost_money, mail.cost_hours) == (30000, 6)
    assert mail.key_links["https://www.aoba.example/price"] == 5
    assert mail.body.startswith("# 電気代")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(line_end: str) -> None:
    mail = read_source("\ufeff" + SOURCE.replace("\n", line_end))

    assert len(read_body(mail.body).links) == 3


@pytest.mark.parametrize(
    ("source", "key"),
    [
        ("only a body", "mail.fault.front_matter"),
        ("---\n[\n---\nbody", "mail.fault.front_matter"),
        ("---\n- list\n---\nbody", "mail.fault.front_matter"),
        ("---\n!!python/object/apply:os.system [x]\n---\nbody", "mail.fault.front_matter"),
        ("---\nkind: case_study\n---\nbody", "mail.fault.subject"),
        ('---\nsubject: " "\nkind: case_study\n---\nbody', "mail.fault.subject"),
        ('---\nsubject: "a\\r\\nBcc: x"\nkind: case_study\n---\nb', "mail.fault.subject_line"),
        ('---\nsubject: "a\\nb"\nkind: case_study\n---\nbody', "mail.fault.subject_line"),
        ('---\nsubject: "a\\0b"\nkind: case_study\n---\nbody', "mail.fault.subject_line"),
        ('---\nsubject: "a\\u2028b"\nkind: case_study\n---\nb', "mail.fault.subject_line"),
        (f"---\nsubject: {'あ' * 201}\nkind: case_study\n---\nb", "mail.fault.subject_long"),
        ("---\nsubject: a\n---\nbody", "mail.fault.kind"),
        ("---\nsubject: a\nkind: advert\n---\nbody", "mail.fault.kind"),
        ("---\nsubject: a\nkind: case_study\nlanguage: fr\n---\nb", "mail.fault.language"),
        ("---\nsubject: a\nkind: case_study\nclasses: [Z]\n---\nb", "mail.fault.classes"),
        ("---\nsubject: a\nkind: case_study\nclasses: 3\n---\nb", "mail.fault.classes"),
        ("---\nsubject: a\nkind: case_study\ncost: much\n---\nb", "mail.fault.value"),
        ("---\nsubject: a\nkind: case_study\ncost: .inf\n---\nb", "mail.fault.value"),
        ("---\nsubject: {a: b}\nkind: case_study\n---\nb", "mail.fault.value"),
        ("---\nsubject: a\nkind: case_study\nsender: me\n---\nb", "mail.fault.key"),
        ("---\nsubject: a\nkind: case_study\nkey_links: {x: 1}\n---\nb", "mail.fault.key_link"),
        (
            "---\nsubject: a\nkind: case_study\nkey_links: {https://a.example/: 5}\n---\nb",
            "mail.fault.key_link_absent",
        ),
        (FRONT, "mail.fault.body"),
        (FRONT + " \n\n", "mail.fault.body"),
        (FRONT + "a\x00b", "mail.fault.sign"),
        (FRONT + "{{ ''.__class__ }}", "mail.fault.placeholder"),
        (FRONT + "{{ 'a'*10**10 }}", "mail.fault.placeholder"),
        (FRONT + "{{nmae}}", "mail.fault.placeholder"),
        (FRONT + "{% for x in y %}", "mail.fault.placeholder"),
        (FRONT + "[[cf-unsubscribe]]", "mail.fault.placeholder"),
        (FRONT + "{{survey}}", "mail.fault.placeholder"),
        (FRONT.replace("件名", '"{{x}}"') + "body", "mail.fault.placeholder"),
        (FRONT + "a" * 200_001, "mail.fault.too_long"),
    ],
)
def test_what_could_never_be_sent_is_refused_when_saved(source: str, key: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_source(source)

    assert caught.value.key == key


def test_tracked_links_come_in_order_once_each_as_they_stand_in_the_mail() -> None:
    body = read_body(
        "[一](https://a.example/x?b=1&c=2) [二](https://a.example/日本) [again](https://a.example/x?b=1&c=2)"
        " [mail](mailto:a@a.example) [答える](survey)"
    )

    assert body.links == (
        Link("https://a.example/x?b=1&c=2", "一"),
        Link("https://a.example/%E6%97%A5%E6%9C%AC", "二"),
    )
    assert body.tracked == 3
    assert body.has_survey
    assert body.broken == ()


@pytest.mark.parametrize(
    "written",
    [
        "[x](javascript:alert(1))",
        "[x](ftp://a.example/)",
        "[x](www.a.example)",
        "[x](https://)",
        "[x](https://a.example:port/)",
        "[x](https://a.example/{{name}})",
        "[x](https://a.example/a b)",
    ],
)
def test_a_link_nobody_can_follow_stops_the_mail(written: str) -> None:
    found = findings(read_body(f"{THREE_LINKS} {written}"), SENDER)

    assert [finding.key for finding in stops(found)] == ["mail.finding.link"]


@pytest.mark.parametrize("url", ["https://[", "http://.", "//a.example", "https:evil", "\\evil"])
def test_odd_addresses_are_not_followable(url: str) -> None:
    assert not is_followable(url)


def test_html_and_scripts_are_shown_never_run() -> None:
    body = read_body('<script>alert(1)</script> <img src=x onerror="x"> ![a](data:text/html,x)')

    assert "<script" not in body.html
    assert "<img src=x" not in body.html.replace('"', "")
    assert 'src="data:' not in body.html


def test_the_text_part_is_readable_with_links_written_out() -> None:
    body = read_body(
        "# 題\n\n一 **二** [三](https://a.example/)\n次\n\n"
        "- い\n- ろ\n  1. は\n\n終\n\n```\nx\n```\n\n---\n"
    )

    assert body.title == "題"
    assert body.text == (
        "題\n\n一 二 三 <https://a.example/>\n次\n\n- い\n- ろ\n  1. は\n\n終\n\nx\n\n"
        + "-" * 20
        + "\n"
    )


def test_fewer_than_three_tracked_links_stop_a_mail_and_the_survey_is_one() -> None:
    one, two = read_body("[a](https://a.example/1)"), read_body(THREE_LINKS)

    assert [found.key for found in findings(one, SENDER)] == ["mail.finding.few_links"]
    assert findings(two, SENDER) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", ""),
        ("email", "info"),
        ("email", "情報@aoba.example"),
        ("name", " "),
        ("postal_address", ""),
        ("contact", ""),
        ("public_url", ""),
        ("public_url", "callfirst.example"),
        ("has_secret_key", False),
        ("reply_to", "nobody"),
    ],
)
def test_without_any_one_thing_the_law_wants_no_mail_goes_out(field: str, value: object) -> None:
    found = findings(read_body(THREE_LINKS), replace(SENDER, **{field: value}))

    assert len(stops(found)) == 1


def test_plain_http_pages_are_only_warned_about() -> None:
    found = findings(read_body(THREE_LINKS), replace(SENDER, public_url="http://127.0.0.1:8000"))

    assert [(one.key, one.level) for one in found] == [("mail.finding.https", "warn")]


def test_a_lines_end_is_no_blank_between_japanese_letters() -> None:
    body = read_body("費用を下げた。\n例です。\n\nLower cost.\nAn example.")

    assert "下げた。例です。" in body.html
    assert "cost.\nAn" in body.html
