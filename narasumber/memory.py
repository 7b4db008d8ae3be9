"""The most memory that this process has held."""

from __future__ import annotations

import ctypes
import gc
import re
import resource
import sys
from contextlib import suppress
from pathlib import Path


def peak_memory() -> float:
    """MiB."""
    status = Path("/proc/self/status")
    # Linux's getrusage also counts what the parent held when it started this process.
    if status.exists() and (found := re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)):
        return int(found[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def forget_peak_memory() -> None:
    """Lets the peak begin anew, where the system lets it, without what is held for later use alone."""
    gc.collect()
    with suppress(OSError, AttributeError, TypeError):  # of glibc, which keeps what was freed
        ctypes.CDLL(None).malloc_trim(0)
    with suppress(OSError):  # not on every system, nor in every container
        Path("/proc/self/clear_refs").write_text("5")
