"""What an import says when it is done: counts, rejected rows, remarks."""

from dataclasses import dataclass
from typing import Any

from bot.rules.lead_rows import Fault
from bot.texts import text
from models.enums import ImportKind, Language


@dataclass(frozen=True)
class ImportReport:
    """Every row of the file is in exactly one of new, changed, same, duplicate and rejected.

    `suppressed` and `not_mailable` count stored people who get no mail: stopped, or without a
    usable address or a basis. `import_id` is None when nothing was written (a dry run).
    """

    import_id: int | None
    kind: ImportKind
    new: int
    changed: int
    same: int
    duplicate: int
    suppressed: int
    not_mailable: int
    rejected: tuple[Fault, ...]
    remarks: tuple[Fault, ...]

    def as_json(self, language: Language = Language.JA) -> dict[str, Any]:
        """The document of `callfirst import --json`, reasons in one language."""
        return {
            "import_id": self.import_id,
            "kind": self.kind.value,
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "duplicate": self.duplicate,
            "suppressed": self.suppressed,
            "not_mailable": self.not_mailable,
            "rejected": [fault_as_json(fault, language) for fault in self.rejected],
            "remarks": [fault_as_json(fault, language) for fault in self.remarks],
        }


def fault_as_json(fault: Fault, language: Language) -> dict[str, Any]:
    return {
        "line": fault.line,
        "column": fault.column,
        "value": fault.value,
        "reason": text(fault.key, language),
    }
