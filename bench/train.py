"""A training step beside torch + peft, in one run: time, peak memory, share of the machine's multiply peak.

    python bench/train.py --model FILE.gguf [--peers .venv-oracle/bin/python] [--rounds 2] [--steps 4] [--threads 2]
                          [--only lora-bf16 lora-f32 full-f32] [--batch 4] [--length 256] [--rank 16]

Several values of --batch, --length and --rank give a curve: a row for each combination.

Every contestant runs in a fresh process; contestants take turns, round after round, so that a machine that slows down
slows all of them. A step is forward, backward and AdamW on the same batch of ids. LoRA has the given rank on all seven
projections. "bf16" is a model loaded in bfloat16, "amp" float32 weights with autocast to bfloat16. Printed are the
median step over the rounds (the first step of a process is not counted), the peak of resident memory over the whole
process, the ratio to torch, and how many of the multiplications a second that a large product reaches the step needs:
forward and backward of a frozen matrix cost 4 operations a weight and token, of a trained one 6.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from typing import Any

from contestants import answer, at_least, peak_memory_mb, python_program

CASES = {  # name -> (LoRA or all weights, how the model is loaded, autocast)
    "lora-bf16": ("lora", "bfloat16", False),
    "lora-f32": ("lora", "float32", False),
    "lora-amp": ("lora", "float32", True),
    "full-f32": ("full", "float32", False),
    "full-amp": ("full", "float32", True),
}
PROJECTIONS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]



def multiply_gflops(lib: Any, dtype: str) -> float:
    """What one large product reaches: the best of ten."""
    a, b = lib.ones(1024, 2048), lib.ones(2048, 2048)
    if dtype == "bfloat16":
        a, b = a.to(lib.bfloat16), b.to(lib.bfloat16)
    best = 1e9
    for _ in range(10):
        start = time.perf_counter()
        lib.matmul(a, b.t())
        best = min(best, time.perf_counter() - start)
    return 2 * 1024 * 2048 * 2048 / best / 1e9


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Measured inside the process."""
    if task["who"] == "ours":
        import eigenformers as lib
        from eigenformers import AutoModelForCausalLM
        from eigenformers.peft import LoraConfig, get_peft_model

        optimizer_class, inside = lib.optim.AdamW, lib.autocast
    else:
        import torch as lib
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM

        lib.set_num_threads(task["threads"])
        optimizer_class = lib.optim.AdamW

        def inside(device: str, dtype: Any, enabled: bool) -> Any:
            return lib.autocast(device, dtype=dtype, enabled=enabled)

    kind, dtype, amp = CASES[task["case"]]
    folder, file = os.path.split(task["model"])
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=dtype)
    if task["who"] != "ours":
        model = model.to(getattr(lib, dtype))
    if kind == "lora":
        model = get_peft_model(
            model, LoraConfig(r=task["rank"], lora_alpha=2 * task["rank"], target_modules=PROJECTIONS)
        )
    model.train()
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = optimizer_class(params, lr=1e-4)
    vocabulary = model.config.vocab_size
    rows = [
        [100 + (i * 37 + row * 911) % (vocabulary - 200) for i in range(task["length"])] for row in range(task["batch"])
    ]
    ids = lib.tensor(rows)
    times, losses = [], []
    for _ in range(task["steps"] + 1):
        start = time.perf_counter()
        with inside("cpu", dtype=lib.bfloat16, enabled=amp):
            loss = model(input_ids=ids, labels=ids, use_cache=False).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        times.append(time.perf_counter() - start)
        losses.append(float(loss.item()))
    weights = sum(p.numel() for n, p in model.named_parameters() if "lora_" not in n)
    trained = sum(p.numel() for p in params)
    operations = task["batch"] * task["length"] * (4 * weights + (6 if kind == "lora" else 2) * trained)
    peak = multiply_gflops(lib, "bfloat16" if amp else dtype) if task["who"] == "ours" else 0.0
    return {"times": times[1:], "peak": peak_memory_mb(), "losses": losses, "operations": operations, "gflops": peak}


def measure(task: dict[str, Any], peers: str) -> dict[str, Any]:
    """One contestant in a process of its own."""
    return answer(sys.executable if task["who"] == "ours" else peers, __file__, task, task["threads"])


def table_row(ours: list[dict[str, Any]], torch: list[dict[str, Any]]) -> str:
    """Medians of a row of the table; without a peer its columns hold a dash."""

    def middle(runs: list[dict[str, Any]]) -> tuple[float, float]:
        return statistics.median(t for r in runs for t in r["times"]), statistics.median(r["peak"] for r in runs)

    time_, memory = middle(ours)
    share = ours[0]["operations"] / time_ / 1e9 / max(r["gflops"] for r in ours)
    if not torch:
        return f"{time_:8.2f} {'-':>8} {'-':>6} {memory:8.0f} {'-':>8} {'-':>6} {share:8.0%}"
    peer_time, peer_memory = middle(torch)
    return (
        f"{time_:8.2f} {peer_time:8.2f} {time_ / peer_time:6.2f} "
        f"{memory:8.0f} {peer_memory:8.0f} {memory / peer_memory:6.2f} {share:8.0%}"
    )


def contest(options: argparse.Namespace) -> None:
    """All contestants in turn, and the table."""
    whos = ["ours"] + (["torch"] if options.peers else [])
    rows = list(itertools.product(options.only or CASES, options.batch, options.length, options.rank))
    seen: dict[Any, list[dict[str, Any]]] = {(row, who): [] for row in rows for who in ("ours", "torch")}
    for _ in range(options.rounds):
        for row, who in itertools.product(rows, whos):
            task = dict(zip(("case", "batch", "length", "rank"), row), who=who)
            task.update({k: getattr(options, k) for k in ("steps", "threads", "model")})
            seen[row, who].append(measure(task, options.peers))
    heads = ("ours s", "torch s", "ratio", "ours MB", "torch MB", "ratio", "of peak")
    print(f"{options.threads} threads")
    print(f"{'':12} {'batch':>12} {'rank':>4} " + " ".join(f"{h:>{6 if h == 'ratio' else 8}}" for h in heads))
    for row in rows:
        case, batch, length, rank = row
        print(f"{case:12} {f'{batch} x {length}':>12} {rank:4} " + table_row(seen[row, "ours"], seen[row, "torch"]))


def main() -> None:
    """Parse the command line; `--task` is what a child process is given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a GGUF file")
    parser.add_argument("--peers", type=python_program, help="a Python with torch, transformers and peft")
    parser.add_argument("--rounds", type=at_least(1), default=2)
    parser.add_argument("--steps", type=at_least(1), default=3)
    parser.add_argument("--threads", type=at_least(1), default=2)
    parser.add_argument("--batch", type=at_least(1), nargs="+", default=[4])
    parser.add_argument("--length", type=at_least(1), nargs="+", default=[256])
    parser.add_argument("--rank", type=at_least(1), nargs="+", default=[16])
    parser.add_argument("--only", nargs="+", choices=sorted(CASES))
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(run(json.loads(options.task))))
    elif not options.model:
        parser.error("--model is needed")
    else:
        contest(options)


if __name__ == "__main__":
    main()
