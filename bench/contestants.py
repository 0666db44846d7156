"""What the benches share: types of their arguments, contestants in processes of their own, what these say of themselves.

Importing this takes the folder off the module path: tokenize.py beside it is not the standard library's.
"""

from __future__ import annotations

import os
import sys

if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):
    del sys.path[0]

import argparse  # noqa: E402
import json  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, Callable  # noqa: E402


def at_least(least: int) -> Callable[[str], int]:
    """`type=` of an argument: a whole number, no smaller than this."""

    def read(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"found {text!r}, needed a whole number from {least} on")
        return int(text)

    return read


def python_program(text: str) -> str:
    """`type=` of an argument: a Python to run the peers with."""
    if not shutil.which(text):
        raise argparse.ArgumentTypeError(f"found {text!r}, needed a Python that can be run")
    return text


def file_path(text: str) -> str:
    """`type=` of an argument: a file that is there."""
    if not os.path.isfile(text):
        raise argparse.ArgumentTypeError(f"there is no file {text!r}")
    return text


def peak_memory_mb() -> float:
    """VmHWM of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000
    return 0.0


def prompt_ids(vocabulary: int, length: int, row: int = 0) -> list[int]:
    """Ids spread over the vocabulary, the same for all contestants."""
    return [100 + (i + row) * 37 % (vocabulary - 200) for i in range(length)]


def quiet_environment(threads: int) -> dict[str, str]:
    """For a contestant's process: so many threads, no network, no progress bars."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # it slows every start
    return {**kept, "EIGENFORMERS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads),
            "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}  # fmt: skip


def llama_cpp_model(path: str, positions: int, threads: int, flash: bool, **options: Any) -> Any:
    """llama.cpp, with flash attention or without; layers with a window keep just that (llama-cpp-python's default has
    them read every position)."""
    import llama_cpp

    return llama_cpp.Llama(path, n_ctx=positions, n_threads=threads, n_threads_batch=threads, flash_attn=flash,
                           swa_full=False, verbose=False, **options)  # fmt: skip


def answer(python: str, script: str, task: dict[str, Any], threads: int) -> Any:
    """Runs `python script --task TASK`; its last line of output is the answer, as JSON."""
    done = subprocess.run(
        [python, script, "--task", json.dumps(task)], capture_output=True, text=True, env=quiet_environment(threads)
    )
    if done.returncode:
        raise SystemExit(f"{python} {script} {task}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
