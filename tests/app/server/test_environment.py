"""The environment before JAX is imported."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.server import environment


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """A copy of the environment without variables of JAX."""
    own = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    monkeypatch.setattr(os, "environ", own)
    return own


def test_every_core_is_a_device_and_programs_are_cached(variables: dict[str, str], tmp_path: Path) -> None:
    environment.prepare()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    devices, loops = variables["XLA_FLAGS"].split()
    assert devices == f"--xla_force_host_platform_device_count={cores}"
    assert loops == f"--xla_backend_extra_options={environment.LOOP}"
    folder = Path(variables["JAX_COMPILATION_CACHE_DIR"])
    assert folder.is_dir() and tmp_path in folder.parents
    assert variables["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] == "0"
    assert variables["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"  # the trainer uses the same accelerator


def test_threads_switch_more_often(variables: dict[str, str]) -> None:
    before = sys.getswitchinterval()
    try:
        environment.prepare()
        assert sys.getswitchinterval() == pytest.approx(environment.SWITCH)
    finally:
        sys.setswitchinterval(before)


def test_variables_of_the_user_are_not_changed(variables: dict[str, str]) -> None:
    own = {
        "XLA_FLAGS": "--xla_backend_extra_options=a=b --xla_force_host_platform_device_count=7",
        "JAX_COMPILATION_CACHE_DIR": "/elsewhere",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "3",
    }
    variables.update(own)
    environment.prepare()
    assert {key: variables[key] for key in own} == own


def test_other_flags_are_kept_and_a_second_call_changes_nothing(variables: dict[str, str]) -> None:
    variables["XLA_FLAGS"] = "--xla_dump_to=dump"
    environment.prepare()
    once = dict(variables)
    assert once["XLA_FLAGS"].startswith("--xla_dump_to=dump --xla_force_host")
    environment.prepare()
    assert variables == once


@pytest.mark.skipif(sys.platform == "win32", reason="a file in the way of a folder, as POSIX has it")
def test_a_read_only_home_folder_is_no_error(variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    variables["XDG_CACHE_HOME"] = str(tmp_path / "file")
    environment.prepare()
    assert "JAX_COMPILATION_CACHE_DIR" not in variables
