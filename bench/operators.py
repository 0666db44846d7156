"""Products and attention as a model calls them, beside torch: the same shapes, two processes that take turns.

    python bench/operators.py --peer .venv-oracle/bin/python [--threads 2] [--rounds 3] [--only linear]

Both sides call their public functions without gradients; the times are the medians of the rounds' best, each the mean
over at least 0.05 s. Linear: y = x Wᵀ with W of (n, k). Attention: SmolLM2's heads (9 query, 3 key heads of 64) over a
causal prompt of T positions, and one new token against T; torch in the fastest of its forms: grouped or repeated key
heads, in the type named or in float32.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any, Callable

from contestants import at_least, python_program, quiet_environment

LINEAR = [(m, n, k) for n, k in ((1536, 576), (576, 1536), (4096, 4096)) for m in (1, 4, 8, 128, 512)]
ATTENTION = [("prefill", 512), ("prefill", 2048), ("decode", 2048), ("decode", 8192)]
DTYPES = ("bfloat16", "float32")


def best_seconds(call: Callable[[], Any]) -> float:
    """The shorter of two means over at least 0.05 s."""
    call()
    times = []
    for _ in range(2):
        count, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < 0.05:
            call()
            count += 1
        times.append((time.perf_counter() - begin) / count)
    return min(times)


def measure(library: Any, only: str | None) -> dict[str, float]:
    """Name of a case → seconds, for a module with torch's names (torch itself, or eigenformers)."""
    functional, seconds = library.nn.functional, {}
    library.manual_seed(0)
    for dtype in DTYPES:
        of = {"dtype": getattr(library, dtype)}
        for m, n, k in LINEAR if only != "attention" else []:
            layer, x = library.nn.Linear(k, n, bias=False).to(of["dtype"]), library.randn(m, k).to(**of)
            seconds[f"linear {dtype} m={m} n={n} k={k}"] = best_seconds(lambda layer=layer, x=x: layer(x))
        for kind, positions in ATTENTION if only != "linear" else []:
            q = library.randn(1, 9, positions if kind == "prefill" else 1, 64).to(**of)
            k, v = (library.randn(1, 3, positions, 64).to(**of) for _ in "kv")
            shared = {"is_causal": kind == "prefill", "enable_gqa": True}
            call = lambda q=q, k=k, v=v, s=shared: functional.scaled_dot_product_attention(q, k, v, **s)  # noqa: E731
            seconds[f"attention {dtype} {kind} T={positions}"] = best_seconds(call)
            if library.__name__ != "torch":
                continue
            # Torch's other forms: the key heads repeated before, outside the time; and both in float32, which its bf16
            # decoding is far behind.
            for again in {of["dtype"], library.float32}:
                Q, K, V = (t.to(again) for t in (q, k, v))
                forms = [(Q, K, V, shared), (Q, *(t.repeat_interleave(3, 1) for t in (K, V)), {"is_causal": kind == "prefill"})]
                for *inputs, options in forms:
                    call = lambda i=inputs, o=options: functional.scaled_dot_product_attention(*i, **o)  # noqa: E731
                    name = f"attention {dtype} {kind} T={positions}"
                    seconds[name] = min(seconds[name], best_seconds(call))
    return seconds


def run(side: str, threads: int, only: str | None) -> None:
    """One side's process: prints its times as JSON."""
    if side == "torch":
        import torch as library

        library.set_num_threads(threads)
    else:
        import eigenformers as library
    with library.no_grad():
        print(json.dumps(measure(library, only)))


def main() -> None:
    """Prints one line a case: ours, torch's, the ratio, and our rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=python_program, default=sys.executable, help="a Python that has torch")
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=at_least(1), default=3)
    parser.add_argument("--only", choices=("linear", "attention"))
    parser.add_argument("--side", choices=("eigenformers", "torch"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        return run(args.side, args.threads, args.only)
    environment = quiet_environment(args.threads)
    times: dict[str, dict[str, list[float]]] = {"eigenformers": {}, "torch": {}}
    for _ in range(args.rounds):
        for side, python in (("eigenformers", sys.executable), ("torch", args.peer)):
            command = [python, __file__, "--side", side, "--threads", str(args.threads)]
            command += ["--only", args.only] if args.only else []
            out = subprocess.run(command, env=environment, capture_output=True, text=True)
            if out.returncode:
                sys.exit(f"{side} failed:\n{out.stderr}")
            for name, value in json.loads(out.stdout).items():
                times[side].setdefault(name, []).append(value)
    print(f"{'':<40}{'ours us':>10}{'torch us':>10}{'ratio':>8}{'GF/s':>8}")
    for name, ours in times["eigenformers"].items():
        mine, peer = statistics.median(ours), statistics.median(times["torch"][name])
        rate = ""
        if name.startswith("linear"):
            m, n, k = (int(part[2:]) for part in name.split()[2:])
            rate = f"{2e-9 * m * n * k / mine:8.0f}"
        print(f"{name:<40}{1e6 * mine:10.1f}{1e6 * peer:10.1f}{peer / mine:8.2f}{rate}")


if __name__ == "__main__":
    main()
