"""The environment that has to be set before JAX is imported.

The entry points of the app and of the command line call `prepare()` first. The libraries never set such flags.
"""

import os
import sys
from pathlib import Path

SWITCH = 0.0005
"""Seconds after which a thread that runs Python yields to another: a tenth of Python's default."""
LOOP = "xla_cpu_small_while_loop_byte_threshold=262144"
"""Loops over arrays of up to so many bytes are one function of the processor's code, in which XLA starts no kernel for
each operation of a step. A sweep takes half of the time; its results are rounded differently. By default the limit is
a kilobyte, and JAX has no option that sets it for a single program."""


def prepare() -> None:
    """Give JAX one host device per core and a folder for compiled programs, unless the user has set them.

    Threads switch more often than by default: a thread that returns from a short computation a hundred times a second
    would otherwise wait 5 ms for a busy thread each time, and a training of half a second took up to 30 s.

    Calling this again has no effect, nor has calling it in a child process that inherits the environment.
    """
    sys.setswitchinterval(SWITCH)
    flag = "--xla_force_host_platform_device_count"
    flags = os.environ.get("XLA_FLAGS", "")
    if flag not in flags:
        flags = f"{flags} {flag}={_cores()}"
    if "--xla_backend_extra_options" not in flags:
        flags = f"{flags} --xla_backend_extra_options={LOOP}"
    os.environ["XLA_FLAGS"] = flags.strip()

    # The server and the trainer share an accelerator, so neither may reserve its memory in advance.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = _user_cache() / "optiscope" / "jax"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:  # a read-only or missing home folder: every start compiles again
            return
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    # JAX keeps only programs that took a second to compile; ours take 0.1 to 0.6 s, and there are dozens.
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def _cores() -> int:
    """Return the number of cores that this process may use, which in a container may be fewer than the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)  # only Linux has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _user_cache() -> Path:
    """Return the folder in which programs of this user keep their caches."""
    home = Path.home()
    elsewhere = {
        "darwin": home / "Library" / "Caches",
        "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"),
    }
    return elsewhere.get(sys.platform) or Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
