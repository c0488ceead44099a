"""Matching and comparing without a database: no file can make anything of itself twice."""

from dataclasses import dataclass, field
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.cleaning import name_key
from bot.rules.headings import Column
from bot.rules.import_plan import (
    AccountFacts,
    Colleagues,
    LeadFacts,
    Plan,
    Stored,
    Terms,
    plan_leads,
)
from bot.rules.lead_rows import LeadRow, read_leads
from bot.rules.merging import Known, Person, drafts
from bot.rules.reading import read_table
from models.enums import Basis, Language

TODAY = date(2026, 11, 24)
TERMS = Terms(basis=None, language=Language.JA, no_name="someone")
ROW = st.fixed_dictionaries(
    {
        "会社名": st.sampled_from(["", "A", "B"]),
        "氏名": st.sampled_from(["", "x", "y"]),
        "メールアドレス": st.sampled_from(["", "", "x@a.example", "y@a.example", "x..@a.example"]),
        "役職": st.sampled_from(["", "部長", "課長"]),
        "電話番号": st.sampled_from(["", "03-1234-5678", "03-1234-5678(代)", "03-1234-5679"]),
        "最終取引日": st.sampled_from(["", "2026/01/01", "2020/01/01"]),
        "年間利益": st.sampled_from(["", "0", "5"]),
        "名刺交換日": st.sampled_from(["", "2026/01/01", "2020/01/01"]),
    }
)


@dataclass
class Memory:
    """What a database would remember."""

    leads: dict[int, LeadFacts] = field(default_factory=dict)
    accounts: dict[str, AccountFacts] = field(default_factory=dict)
    consents: dict[str, Basis] = field(default_factory=dict)

    def take(self, rows: list[LeadRow]) -> Plan:
        stored = Stored(self.leads, self.accounts, self.consents, frozenset())
        plan = plan_leads(drafts(rows, self.known()), stored, Colleagues([]), TERMS)
        self.leads.update(plan.changed_leads)
        self.leads.update(enumerate(plan.new_leads, start=len(self.leads) + 1))
        self.accounts |= plan.new_accounts | plan.changed_accounts
        news = plan.new_consents | plan.changed_consents
        self.consents |= {key: consent.basis for key, consent in news.items()}
        return plan

    def known(self) -> Known:
        by_person: dict[Person, list[int]] = {}
        without_address: dict[Person, int] = {}
        person_of: dict[int, Person] = {}
        for lead_id, lead in self.leads.items():
            company = "" if " " in lead.account_key else lead.account_key
            person = company, "" if lead.name == TERMS.no_name else name_key(lead.name)
            person_of[lead_id] = person
            by_person.setdefault(person, []).append(lead_id)
            if not lead.email_key:
                without_address.setdefault(person, lead_id)
        by_address = {lead.email_key: number for number, lead in self.leads.items()}
        addresses = {key: number for key, number in by_address.items() if key}
        return Known(addresses, by_person, without_address, person_of)


def rows_of(cells: list[dict[str, str]]) -> list[LeadRow]:
    lines = [",".join(cells[0]), *(",".join(row.values()) for row in cells)]
    table = read_table("\n".join(lines).encode(), (Column.COMPANY,))
    return [read.lead for read in read_leads(table, TODAY) if read.lead]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(ROW, min_size=1, max_size=6).map(rows_of), min_size=1, max_size=3))
def test_any_file_twice_in_a_row_is_nothing_new_and_every_row_is_counted(
    files: list[list[LeadRow]],
) -> None:
    memory = Memory()
    for rows in files:
        first = memory.take(rows)

        second = memory.take(rows)

        assert first.new + first.changed + first.same + first.duplicate == len(rows)
        assert (second.new, second.changed) == (0, 0)


def test_a_name_without_address_is_found_under_what_the_rest_of_the_file_makes_of_it() -> None:
    memory = Memory()
    blank = dict.fromkeys(["会社名", "氏名", "メールアドレス", "役職"], "")
    rows = rows_of(
        [
            blank | {"会社名": "A", "メールアドレス": "y@a.example"},
            blank | {"氏名": "x", "メールアドレス": "y@a.example"},
            blank | {"会社名": "A", "氏名": "x", "役職": "部長"},
        ]
    )

    plan = memory.take(rows)

    assert (plan.new, plan.duplicate) == (1, 2)
    assert memory.leads[1].title == "部長"
