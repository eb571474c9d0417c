"""What has to be in the environment before JAX is imported.

The entry points of app and command line call `prepare()` first; the libraries never set such flags.
"""

import os
import sys
from pathlib import Path

SWITCH = 0.0005
"""Seconds after which a thread that runs Python gives way to another, a tenth of Python's default."""


def prepare() -> None:
    """Give JAX a host device for each core and a folder for compiled programs, unless the user has set them.

    Threads change hands sooner than by Python's default: a thread that returns from a short computation a hundred times
    a second would wait 5 ms each time for a busy one, and a training of half a second took up to thirty.

    Calling it again changes nothing, and neither does a child process that inherits the result.
    """
    sys.setswitchinterval(SWITCH)
    flag = "--xla_force_host_platform_device_count"
    flags = os.environ.get("XLA_FLAGS", "")
    if flag not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}={_cores()}".strip()

    # The server and the process that trains share an accelerator: neither may take its memory in advance.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = _user_cache() / "optiscope" / "jax"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:  # a read-only or missing home: every start compiles anew
            return
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    # JAX keeps only programs that took a second to compile; ours take 0.1 to 0.6 s, and there are dozens.
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def _cores() -> int:
    """Cores this process may use, which in a container is not all that the machine has."""
    affinity = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _user_cache() -> Path:
    home = Path.home()
    elsewhere = {
        "darwin": home / "Library" / "Caches",
        "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"),
    }
    return elsewhere.get(sys.platform) or Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
