"""Text generation beside llama.cpp and transformers, in one run: prefill, decode, loading, first token, memory.

    python bench/generate.py --peers .venv-oracle/bin/python [--rounds 3] [--threads 2] [--model FILE.gguf]
                             [--prompt 512] [--new 128] [--only Q4 bf16 f32] [--batch 1 4 16]

Every figure comes from a fresh process; the contestants take turns, round after round, so that a machine that slows down
slows all of them. Printed are medians (and the best) over the rounds, our ratio to each peer, and for decoding the share
of the memory-read limit: weight bytes a second, over what a probe (256 MB summed by all threads) reads in the same
process. `--peers` is a Python that has llama-cpp-python, torch and transformers; without it only we are measured.
llama.cpp runs with flash attention and without (which is faster depends on model and length); each ratio is to the better.
`--batch` measures only us: total tokens a second when so many sequences decode together, and how often those of one.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from contestants import (
    answer,
    at_least,
    file_path,
    llama_cpp_model,
    peak_memory_mb,
    prompt_ids,
    python_program,
)

# name → (python: ours or the peers', what to run); "Q4" stands for the file as it is
CONTESTANTS = {
    "ours Q4": ("ours", {"kind": "eigenformers", "dtype": None}),
    "llama.cpp Q4": ("peers", {"kind": "llama.cpp", "flash": False}),
    "llama.cpp flash Q4": ("peers", {"kind": "llama.cpp", "flash": True}),
    "ours bf16": ("ours", {"kind": "eigenformers", "dtype": "bfloat16"}),
    "transformers bf16": ("peers", {"kind": "transformers", "dtype": "bfloat16"}),
    "ours f32": ("ours", {"kind": "eigenformers", "dtype": "float32"}),
    "transformers f32": ("peers", {"kind": "transformers", "dtype": "float32"}),
}


def memory_read_gb_s() -> float:
    """What all threads together read from memory: the best of ten sums over 256 MB."""
    import eigenformers as ef

    x = ef.zeros(256, 1 << 18)
    best = 1e9
    for _ in range(10):
        start = time.perf_counter()
        x.sum(-1)
        best = min(best, time.perf_counter() - start)
    return x.numel() * 4 / best / 1e9


def run_eigenformers(task: dict[str, Any]) -> dict[str, float]:
    """Measured inside the process: loading, the first token, prefill and decode."""
    import eigenformers as ef

    start = time.perf_counter()
    options = {"dtype": task["dtype"]} if task["dtype"] else {}
    model = ef.AutoModelForCausalLM.from_pretrained(task["model"], **options)
    loaded = time.perf_counter() - start
    prompt, new, batch = task["prompt"], task["new"], task.get("batch", 1)
    vocabulary = model.config.vocab_size
    model.generate(ef.tensor([prompt_ids(vocabulary, 8)]), max_new_tokens=1, do_sample=False, eos_token_id=None)
    first = time.time() - task["started"]
    ids = ef.tensor([prompt_ids(vocabulary, prompt, row) for row in range(batch)])
    out: dict[str, float] = {"load": loaded, "first": first}
    for _ in range(2):  # the second is kept: caches and buffers are warm, as after a chat's first turn
        model.generate(ids, max_new_tokens=new, min_new_tokens=new, do_sample=False)
        took = model._last_generation
        out["prefill"] = batch * prompt / took["prefill_seconds"]
        out["decode"] = batch * (new - 1) / took["decode_seconds"]
    out["memory"] = peak_memory_mb()
    out["share"] = out["decode"] / batch * model.get_memory_footprint() / 1e9 / memory_read_gb_s()
    return out


def run_llama_cpp(task: dict[str, Any]) -> dict[str, float]:
    """The same through llama-cpp-python's low-level loop."""
    import llama_cpp  # noqa: F401  its own loading is not the model's

    start = time.perf_counter()
    prompt, new = task["prompt"], task["new"]
    llm = llama_cpp_model(task["model"], prompt + new + 8, task["threads"], task["flash"], n_batch=512)
    loaded = time.perf_counter() - start
    ids = prompt_ids(llm.n_vocab(), prompt)
    llm.eval(ids[:8])
    llm.sample(temp=0.0)
    first = time.time() - task["started"]
    out: dict[str, float] = {"load": loaded, "first": first}
    for _ in range(2):
        llm.reset()
        start = time.perf_counter()
        llm.eval(ids)
        token = llm.sample(temp=0.0)
        out["prefill"] = prompt / (time.perf_counter() - start)
        evaluating = 0.0  # llama.cpp's own part: picking a token from Python would slow it
        for _ in range(new - 1):
            start = time.perf_counter()
            llm.eval([token])
            evaluating += time.perf_counter() - start
            token = llm.sample(temp=0.0)
        out["decode"] = (new - 1) / evaluating
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
    length, new_tokens = task["prompt"], task["new"]
    ids = torch.tensor([prompt_ids(model.config.vocab_size, length)])
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
        run(ids, new_tokens)
        out["prefill"] = length / prefill
        out["decode"] = (new_tokens - 1) / (time.perf_counter() - start - prefill)
    out["memory"] = peak_memory_mb()
    return out


def measure(python: str, task: dict[str, Any]) -> dict[str, float]:
    """One contestant in a process of its own."""
    return answer(python, __file__, {**task, "started": time.time()}, task["threads"])


def batches(args: argparse.Namespace, tasks: list[dict[str, Any]]) -> None:
    """Total decode tokens/s for each batch size, beside one sequence, which is always measured too."""
    sizes = args.batch if 1 in args.batch else [1, *args.batch]
    rates: list[dict[int, list[float]]] = [{size: [] for size in sizes} for _ in tasks]
    for _ in range(args.rounds):
        for task, found in zip(tasks, rates):
            for size in sizes:
                found[size].append(measure(sys.executable, {**task, "batch": size})["decode"])
    print(f"{args.threads} threads, prompt {args.prompt}, {args.rounds} rounds: total decode tokens/s, median (best), "
          "times batch 1\n")  # fmt: skip
    print("| | " + " | ".join(f"batch {size}" for size in sizes) + " |\n|---" + "|---" * len(sizes) + "|")
    for task, found in zip(tasks, rates):
        middle = {size: statistics.median(found[size]) for size in sizes}
        cells = [f"{middle[size]:.4g} ({max(found[size]):.4g}), {middle[size] / middle[1]:.2f}x" for size in sizes]
        print(f"| {task['dtype'] or 'as in the file'} | " + " | ".join(cells) + " |")


def main() -> None:
    """Measure in turns and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--rounds", type=at_least(1), default=3)
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--model", type=file_path)
    parser.add_argument("--prompt", type=at_least(8), default=512)
    parser.add_argument("--new", type=at_least(2), default=128)
    parser.add_argument("--only", nargs="+", choices=["Q4", "bf16", "f32"], default=["Q4", "bf16", "f32"])
    parser.add_argument("--batch", nargs="+", type=at_least(1))
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
        n: (pythons[p], {**t, "model": model, "threads": args.threads, "prompt": args.prompt, "new": args.new})
        for n, (p, t) in CONTESTANTS.items()
        if pythons[p] and n.split()[-1] in args.only
    }
    if args.batch:
        return batches(args, [t for n, t in chosen.values() if t["kind"] == "eigenformers"])
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for _ in range(args.rounds):
        for name, (python, task) in chosen.items():
            rounds[name].append(measure(python, task))
    columns = [("prefill", "prefill tok/s", max), ("decode", "decode tok/s", max), ("load", "load s", min),
               ("first", "start to first token s", min), ("memory", "peak MB", min),
               ("share", "share of memory limit", max)]  # fmt: skip
    print(
        f"{Path(model).name}, prompt {args.prompt}, {args.new} new, {args.threads} threads, "
        f"{args.rounds} rounds: median (best)\n"
    )
    print("| | " + " | ".join(title for _, title, _ in columns) + " |\n|---" * 1 + "|---" * len(columns) + "|")
    middle = {n: {k: statistics.median(r.get(k, 0) for r in runs) for k, _, _ in columns} for n, runs in rounds.items()}
    for name, runs in rounds.items():
        cells = [
            f"{middle[name][k]:.3g} ({best(r.get(k, 0) for r in runs):.3g})" if middle[name][k] else ""
            for k, _, best in columns
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")
    for kind in args.only:
        theirs = [name for name in chosen if name.split()[-1] == kind and not name.startswith("ours")]
        if theirs:
            a, b = middle[f"ours {kind}"], {k: best(middle[name][k] for name in theirs) for k, _, best in columns}
            print(
                f"\nours {kind} / {theirs[0]}{' (the better of both in each figure)' * (len(theirs) > 1)}: "
                f"prefill {a['prefill'] / b['prefill']:.2f}x, decode {a['decode'] / b['decode']:.2f}x, "
                f"load {b['load'] / a['load']:.1f}x faster, first token {b['first'] / a['first']:.1f}x sooner, "
                f"memory {a['memory'] / b['memory']:.2f}x"
            )


if __name__ == "__main__":
    main()
