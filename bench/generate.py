"""Text generation beside llama.cpp and transformers, in one run: prefill, decode, loading, first token, memory.

    python bench/generate.py --peers .venv-oracle/bin/python [--rounds 3] [--threads 2] [--model FILE.gguf]

Every figure comes from a fresh process; the contestants take turns, round after round, so that a machine that slows down
slows all of them. Printed are medians (and the best) over the rounds, and our ratio to each peer. `--peers` is a Python
that has llama-cpp-python, torch and transformers; without it only we are measured.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROMPT, NEW = 512, 128
# name → (python: ours or the peers', what to run)
CONTESTANTS = {
    "ours Q4_1": ("ours", {"kind": "eigenformers", "dtype": None}),
    "llama.cpp Q4_1": ("peers", {"kind": "llama.cpp"}),
    "ours bf16": ("ours", {"kind": "eigenformers", "dtype": "bfloat16"}),
    "transformers bf16": ("peers", {"kind": "transformers", "dtype": "bfloat16"}),
    "ours f32": ("ours", {"kind": "eigenformers", "dtype": "float32"}),
    "transformers f32": ("peers", {"kind": "transformers", "dtype": "float32"}),
}
PAIRS = [("ours Q4_1", "llama.cpp Q4_1"), ("ours bf16", "transformers bf16"), ("ours f32", "transformers f32")]


def peak_memory_mb() -> float:
    """VmHWM of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1000
    return 0.0


def prompt_ids(vocabulary: int) -> list[int]:
    """512 ids spread over the vocabulary, the same for all."""
    return [100 + i * 37 % (vocabulary - 200) for i in range(PROMPT)]


def run_eigenformers(task: dict[str, Any]) -> dict[str, float]:
    """Measured inside the process: loading, the first token, prefill and decode."""
    import eigenformers as ef

    start = time.perf_counter()
    options = {"dtype": task["dtype"]} if task["dtype"] else {}
    model = ef.AutoModelForCausalLM.from_pretrained(task["model"], **options)
    loaded = time.perf_counter() - start
    model.generate(
        ef.tensor([prompt_ids(model.config.vocab_size)[:8]]), max_new_tokens=1, do_sample=False, eos_token_id=None
    )
    first = time.time() - task["started"]
    ids = ef.tensor([prompt_ids(model.config.vocab_size)])
    out: dict[str, float] = {"load": loaded, "first": first}
    for _ in range(2):  # the second is kept: caches and buffers are warm, as after a chat's first turn
        model.generate(ids, max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False)
        took = model._last_generation
        out["prefill"] = PROMPT / took["prefill_seconds"]
        out["decode"] = (NEW - 1) / took["decode_seconds"]
    out["memory"] = peak_memory_mb()
    return out


def run_llama_cpp(task: dict[str, Any]) -> dict[str, float]:
    """The same through llama-cpp-python's low-level loop."""
    import llama_cpp

    start = time.perf_counter()
    llm = llama_cpp.Llama(task["model"], n_ctx=PROMPT + NEW + 8, n_threads=task["threads"],
                          n_threads_batch=task["threads"], n_batch=PROMPT, verbose=False)  # fmt: skip
    loaded = time.perf_counter() - start
    ids = prompt_ids(llm.n_vocab())
    llm.eval(ids[:8])
    llm.sample(temp=0.0)
    first = time.time() - task["started"]
    out: dict[str, float] = {"load": loaded, "first": first}
    for _ in range(2):
        llm.reset()
        start = time.perf_counter()
        llm.eval(ids)
        token = llm.sample(temp=0.0)
        out["prefill"] = PROMPT / (time.perf_counter() - start)
        start = time.perf_counter()
        for _ in range(NEW - 1):
            llm.eval([token])
            token = llm.sample(temp=0.0)
        out["decode"] = (NEW - 1) / (time.perf_counter() - start)
    out["memory"] = peak_memory_mb()
    return out


def run_transformers(task: dict[str, Any]) -> dict[str, float]:
    """The same model, dequantized, through transformers' generate."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(task["threads"])
    start = time.perf_counter()
    folder, file = os.path.split(task["model"])
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=getattr(torch, task["dtype"]))
    loaded = time.perf_counter() - start
    ids = torch.tensor([prompt_ids(model.config.vocab_size)])
    run = lambda prompt, new: model.generate(  # noqa: E731
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=new,
        min_new_tokens=new,
        do_sample=False,
        pad_token_id=0,
    )
    run(ids[:, :8], 1)
    first = time.time() - task["started"]
    out: dict[str, float] = {"load": loaded, "first": first}
    for _ in range(2):
        start = time.perf_counter()
        run(ids, 1)
        prefill = time.perf_counter() - start
        start = time.perf_counter()
        run(ids, NEW)
        out["prefill"] = PROMPT / prefill
        out["decode"] = (NEW - 1) / (time.perf_counter() - start - prefill)
    out["memory"] = peak_memory_mb()
    return out


def measure(python: str, task: dict[str, Any]) -> dict[str, float]:
    """One contestant in a process of its own."""
    environment = {**os.environ, "EIGENFORMERS_NUM_THREADS": str(task["threads"]), "OMP_NUM_THREADS": str(task["threads"]),
                   "HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}  # fmt: skip
    task = {**task, "started": time.time()}
    done = subprocess.run(
        [python, __file__, "--task", json.dumps(task)], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        raise SystemExit(f"{task['kind']}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure in turns and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--model", default=None)
    parser.add_argument("--task", default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        task = json.loads(args.task)
        run = {"eigenformers": run_eigenformers, "llama.cpp": run_llama_cpp, "transformers": run_transformers}[
            task["kind"]
        ]
        print(json.dumps(run(task)))
        return
    model = args.model
    if model is None:
        from eigenformers.default_model import default_model_path

        model = str(default_model_path())
    pythons = {"ours": sys.executable, "peers": args.peers}
    chosen = {
        n: (pythons[p], {**t, "model": model, "threads": args.threads})
        for n, (p, t) in CONTESTANTS.items()
        if pythons[p]
    }
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for _ in range(args.rounds):
        for name, (python, task) in chosen.items():
            rounds[name].append(measure(python, task))
    columns = [("prefill", "prefill tok/s", max), ("decode", "decode tok/s", max), ("load", "load s", min),
               ("first", "start to first token s", min), ("memory", "peak MB", min)]  # fmt: skip
    print(f"{Path(model).name}, {args.threads} threads, {args.rounds} rounds: median (best)\n")
    print("| | " + " | ".join(title for _, title, _ in columns) + " |\n|---" * 1 + "|---" * len(columns) + "|")
    middle = {n: {k: statistics.median(r[k] for r in runs) for k, _, _ in columns} for n, runs in rounds.items()}
    for name, runs in rounds.items():
        cells = [f"{middle[name][k]:.3g} ({best(r[k] for r in runs):.3g})" for k, _, best in columns]
        print(f"| {name} | " + " | ".join(cells) + " |")
    for ours, theirs in PAIRS:
        if ours in middle and theirs in middle:
            a, b = middle[ours], middle[theirs]
            print(
                f"\n{ours} / {theirs}: prefill {a['prefill'] / b['prefill']:.2f}x, decode {a['decode'] / b['decode']:.2f}x, "
                f"load {b['load'] / a['load']:.1f}x faster, first token {b['first'] / a['first']:.1f}x sooner, "
                f"memory {a['memory'] / b['memory']:.2f}x"
            )


if __name__ == "__main__":
    main()
