"""Whatever the native module and the layers built on it offer is called with absurd arguments; the process lives on."""

from __future__ import annotations

import importlib
import inspect
import os
import random
import subprocess
import sys

import eigenformers as ef
import numpy as np
from eigenformers import _core

# These may rightly ask for all memory or time, or change what other tests rely on.
SKIPPED = {"repeat", "tile", "repeat_interleave", "tensor_split", "push_to_hub", "set_num_threads", "manual_seed"}
PLACES = ("nn", "nn.functional", "nn.init", "optim", "utils.data")


def offered():
    """(name, callable) of the native module and its parts, then of the places above."""
    seen: set[int] = set()

    def walk(module, prefix):
        for name in sorted(dir(module)):
            found = getattr(module, name, None)
            if name.startswith("__") or name in SKIPPED or name.startswith("adaptive_") or id(found) in seen:
                continue
            seen.add(id(found))
            if inspect.ismodule(found) and found.__name__.startswith("eigenformers"):
                yield from walk(found, f"{prefix}{name}.")
            elif callable(found):
                yield prefix + name, found

    yield from walk(_core, "_core.")
    for place in PLACES:
        yield from walk(importlib.import_module(f"eigenformers.{place}"), f"{place}.")


def absurd():
    tensors = [
        ef.zeros(0), ef.zeros(0, 3), ef.tensor(1.5), ef.arange(6), ef.arange(6).reshape(2, 3).float(), ef.randn(4, 4),
        ef.randn(2, 3, 8), ef.randn(1, 2, 4, 4), ef.zeros(2, 2, dtype=ef.bool), ef.zeros(2, 2, dtype=ef.bfloat16),
        ef.zeros(2, 64, dtype=ef.int8), ef.zeros(2, 32, dtype=ef.uint8), ef.zeros(1).expand(4, 4),
        ef.zeros(2, 3, 4, 2).permute(3, 1, 0, 2), ef.tensor([float("nan")]), ef.arange(-3, 3),
        ef.randn(4, 4, requires_grad=True),
    ]  # fmt: skip
    return [
        0, 1, -1, 2, 3, -5, 100, 64, 2**40, 2**63 - 1, -(2**63), 1.5, float("nan"), float("inf"), None, True, "a",
        "sum", "mean", "nf4", "q4_0", "Q4_K", b"", b"abc" * 20, (0, 1), (1, -1), [0, 0], [2, 3], [-1], [], (2**40, 1),
        ef.float32, ef.int64, ef.bool, slice(0, 1), {}, {"a": 1}, np.zeros((2, 3), "f4"), np.zeros(0), np.arange(4),
        [tensors[5]], [tensors[5], tensors[3]], lambda *_: None, object(), *tensors,
    ]  # fmt: skip


def attempt(call, arguments, what):
    """An error of its own kind is right; one of the interpreter's (SystemError) is not, a crash even less."""
    try:
        return call(*arguments)
    except SystemError:
        raise AssertionError(f"{what}: {arguments!r}") from None
    except Exception:  # noqa: BLE001
        return None


def hunt(seed: int) -> int:
    """How many calls were made."""
    rng, values = random.Random(seed), absurd()
    called = 0
    for name, function in offered():
        for _ in range(20):
            made = attempt(function, [rng.choice(values) for _ in range(rng.randrange(6))], name)
            called += 1
            if made is None or isinstance(made, (ef.Tensor, int, float, str, tuple, list, dict)):
                continue
            for method in dir(made):
                special = method.startswith("__") and method[2:-2] not in ("call", "getitem", "len", "repr", "setstate")
                if special or method in SKIPPED:
                    continue
                bound = attempt(getattr, (made, method), (name, method))
                attempt(bound, [rng.choice(values) for _ in range(rng.randrange(4))], (name, method))
    return called


def test_every_function_and_its_results_with_absurd_arguments(tmp_path):
    # In a process and a folder of their own: some of them write files, some change defaults.
    code = f"import test_hostile_functions as t; print('called', t.hunt({os.environ.get('EF_FUZZ_SEED', '1')}))"
    here = os.pathsep.join([os.path.dirname(__file__), os.path.dirname(os.path.dirname(ef.__file__))])
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": here},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    assert int(run.stdout.split("called")[-1]) > 5000
