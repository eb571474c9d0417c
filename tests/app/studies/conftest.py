"""Fixtures of the tests of the Studies page."""

from __future__ import annotations

import pytest

from app.studies import job
from surfaces.caching import Cache


@pytest.fixture(autouse=True)
def _no_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds the results of another."""
    monkeypatch.setattr(job, "RESULTS", Cache(job.RESULTS.limit))
