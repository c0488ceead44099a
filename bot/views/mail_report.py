"""An info mail's state and the ledger's proof, in words for the command line."""

from collections.abc import Mapping
from typing import Any

from bot.texts import text
from models.enums import Language

PROOFS = {
    "doubled": "verify.doubled",
    "over_cap": "verify.over_cap",
    "after_refusal": "verify.after_refusal",
    "without_state": "verify.without_state",
    "unsure": "verify.unsure",
}
STATES = {
    "planned": "mail.state.planned",
    "sending": "mail.state.sending",
    "accepted": "mail.state.accepted",
    "confirmed": "mail.state.confirmed",
    "rejected": "mail.state.rejected",
    "unknown": "mail.state.unknown",
    "unconfirmed": "mail.state.unconfirmed",
    "skipped": "mail.state.skipped",
}
REASONS = {
    "no_address": "mail.skip.no_address",
    "no_basis": "mail.skip.no_basis",
    "suppressed": "mail.skip.suppressed",
    "inactive": "mail.skip.inactive",
    "slot_taken": "mail.skip.slot_taken",
    "too_soon": "mail.skip.too_soon",
    "too_late": "mail.skip.too_late",
    "product_news_cap": "mail.skip.product_news_cap",
    "cancelled": "mail.skip.cancelled",
}


def mail_report(document: Mapping[str, Any], language: Language) -> str:
    """The mail document as lines: its state, what is wrong, what became of the deliveries."""
    state = text(f"mail.is.{document['state']}", language)
    lines = [text("mail.report.title", language, mail=document["mail_id"], state=state)]
    if document["stop_reason"]:
        key, _, detail = document["stop_reason"].partition(" ")
        lines.append(text(key, language, detail=detail))
    lines += [f"- {finding['text']}" for finding in document["findings"]]
    lines += _counts(document["deliveries"], STATES, language)
    lines += [f"  {line}" for line in _counts(document["skipped"], REASONS, language)]
    return "\n".join(lines)


def proof_report(proof: Mapping[str, Any], language: Language) -> str:
    """The proof as lines: a count for each, and the people behind every count above zero."""
    lines: list[str] = []
    for name, key in PROOFS.items():
        lines.append(text(key, language, count=len(proof[name])))
        lines += [f"  {_one_line(row)}" for row in proof[name]]
    return "\n".join(lines)


def _counts(counts: Mapping[str, int], keys: Mapping[str, str], language: Language) -> list[str]:
    return [
        text("mail.report.count", language, what=text(keys[name], language), count=count)
        for name, count in counts.items()
        if count
    ]


def _one_line(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items())
