"""Exports a study as a Python script that computes it with Optiscope."""

from __future__ import annotations

from app.common.scripts import head, record
from app.studies import link
from app.studies.captions import caption
from app.studies.settings import Settings


def script(settings: Settings) -> str:
    """A script that computes the study, and prints its table."""
    return "\n".join(
        [
            *head(caption(settings), "studies", link.query(settings), "It needs Optiscope."),
            "from optimizers.studies import STUDIES",
            "",
            f"study = {record('STUDIES', settings.study)}",
            f"for share, found in study.run(seed={settings.seed}):",
            '    print(f"{share:.0%}")',
            "",
            "table = study.table(found)",
            "print(*table.columns, sep=', ')",
            "for row in table.rows:",
            "    print(*row, sep=', ')",
            "",
        ]
    )
