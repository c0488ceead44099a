"""Rows per second of a 100,000-row CP932 import, beside bare sqlite3 storing the ready rows.

Run: .venv/bin/python -m tests.bench.bench_import [rows]
Only the ratio counts: both run here, one after the other, on the same machine.
"""

import random
import resource
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlmodel import SQLModel

from bot.import_leads import import_leads
from models import Database
from models.enums import Basis

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SIGNS = "青葉松本山田東京都商事工業製作所電機食品物流建設情報"
HEADER = (
    "会社名,部署,役職,氏名,メールアドレス,電話番号,携帯電話,最終取引日,年間利益,年間売上,名刺交換日"
)
TABLES = ("account", "lead", "consent")


def a_file(rows: int, seed: int = 1) -> bytes:
    """A customer file as Excel writes it: about three people a company, CP932, CRLF."""
    chance = random.Random(seed)
    companies = ["".join(chance.choices(SIGNS, k=5)) for _ in range(rows // 3 + 1)]
    lines = [HEADER]
    for number in range(rows):
        day = date(2020, 1, 1) + timedelta(days=chance.randrange(2400))
        local = f"{chance.randrange(1000, 9999)}-{chance.randrange(10_000):04d}"
        lines.append(
            f"株式会社{companies[number // 3]},営業部,課長,{chance.choice(SIGNS)}田 "
            f"{chance.choice(SIGNS)}郎,user{number}@c{number // 3}.example,03-{local},090-{local},"
            f'{day:%Y/%m/%d},{chance.randrange(10**7)},"{chance.randrange(10**8):,}",{day:%Y/%m/%d}'
        )
    return "\r\n".join([*lines, ""]).encode("cp932")


def timed_import(path: Path, data: bytes) -> float:
    database = Database(f"sqlite:///{path}")
    SQLModel.metadata.create_all(database.engine)
    started = time.perf_counter()
    report = import_leads(
        database,
        data,
        file_name="bench.csv",
        by="bench",
        now=NOW,
        basis=Basis.CONSENT,
        dry_run=False,
        progress=lambda done, total: None,
    )
    spent = time.perf_counter() - started
    database.dispose()
    assert report.new and not report.rejected, report.rejected[:3]
    return spent


def timed_bare(ready: Path, path: Path) -> float:
    """The same rows into the same tables and indexes by bare executemany, in one transaction."""
    source = sqlite3.connect(ready)
    schema = [row[0] for row in source.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL")]
    rows = {name: source.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}
    source.close()
    target = sqlite3.connect(path, isolation_level=None)
    target.execute("PRAGMA journal_mode=WAL")
    target.execute("PRAGMA synchronous=FULL")
    for statement in schema:
        target.execute(statement)
    started = time.perf_counter()
    target.execute("BEGIN IMMEDIATE")
    for name, values in rows.items():
        marks = ",".join("?" * len(values[0]))
        target.executemany(f"INSERT INTO {name} VALUES ({marks})", values)
    target.execute("COMMIT")
    spent = time.perf_counter() - started
    target.close()
    return spent


def main(rows: int) -> None:
    data = a_file(rows)
    with tempfile.TemporaryDirectory() as folder:
        ours = timed_import(Path(folder, "ours.db"), data)
        again = timed_import(Path(folder, "ours2.db"), data)
        bare = timed_bare(Path(folder, "ours.db"), Path(folder, "bare.db"))
    best = min(ours, again)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{rows} rows, {len(data) / 1e6:.1f} MB cp932\n"
        f"import            {best:6.2f} s  {rows / best:9.0f} rows/s\n"
        f"bare executemany  {bare:6.2f} s  {rows / bare:9.0f} rows/s\n"
        f"ratio             {best / bare:6.2f} x\n"
        f"peak memory       {peak:6.0f} MiB\n"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
