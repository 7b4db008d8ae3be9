"""Modules of the checkout run in processes of their own, so that one does not measure what another has left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from narasumber.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


def told(module: str, *words: str, **environment: str) -> str:
    """What a module of the checkout prints, run in a process of its own. Raises InputError if it fails."""
    command = [sys.executable, "-m", module, *words]
    places = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": places} | environment
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise InputError(" ".join(command), f"failed:\n{done.stderr[-2000:]}")
    return done.stdout
