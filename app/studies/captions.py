"""Sentences on a study."""

from __future__ import annotations

from app.common.digits import percent
from app.common.names import spelled_values
from app.studies.job import Job
from app.studies.settings import Settings


def caption(settings: Settings, job: Job | None = None) -> str:
    """The study with its parameters and its seed, and the computed share if it is incomplete."""
    declared = settings.declared
    numbers = {name: spec for name, spec in declared.parameters().items() if not spec.choices}
    parts = [declared.name + spelled_values(numbers, settings.study)]
    for name, spec in declared.parameters().items():
        if spec.choices:
            parts.append(f"{spec.title.lower()}: {spec.label(str(settings.study.get(name, spec.default)))}")
    parts.append(f"seed {settings.seed}")
    if job is not None and not job.complete:
        parts.append(f"{percent(round(job.share, 2))} computed")
    return " · ".join(parts)


def finding(settings: Settings, job: Job) -> str:
    """What the result shows, in sentences that the study computes; an empty text before it is complete."""
    return settings.built().finding(job.found) if job.complete and job.found is not None else ""
