"""Decoding with a mixture of experts: only the chosen experts are read.

    python bench/moe.py [--peers .venv-oracle/bin/python] [--experts 16] [--chosen 2] [--dtype bfloat16] [--new 32]
                        [--rounds 3] [--threads 2]

Small Mixtral-like models with random weights, each in a process of its own, in turns: the mixture; the same with all
experts chosen; a model whose only expert is as wide as the chosen ones together. Printed are decode tokens a second, the
bytes of weights that a token needs and those that the model has, and the share of the memory-read limit (what a probe
that sums 256 MB reads in the same process) for both: a model that read all its experts would need more than the machine
gives. With `--peers`, a Python with torch and transformers, the mixture runs there too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from typing import Any

from contestants import answer, at_least, python_program

SIZES = {
    "vocab_size": 4096, "hidden_size": 768, "num_hidden_layers": 8, "num_attention_heads": 12, "num_key_value_heads": 4,
    "max_position_embeddings": 512, "initializer_range": 0.02, "pad_token_id": 0, "tie_word_embeddings": False,
}  # fmt: skip


def shapes(experts: int, chosen: int) -> dict[str, tuple[int, int, int]]:
    """name -> (experts, chosen, width of one)."""
    return {
        f"{chosen} of {experts}": (experts, chosen, 1536),
        f"{experts} of {experts}": (experts, experts, 1536),
        "one, as wide as the chosen": (1, 1, 1536 * chosen),
    }


def expert_bytes(model: Any) -> int:
    """Bytes of all experts' matrices."""
    return sum(p.nbytes for name, p in model.named_parameters() if ".experts." in name)


def run_ours(task: dict[str, Any]) -> dict[str, float]:
    """Decode speed, and the bytes that it takes."""
    import eigenformers as ef

    model = ef.AutoModelForCausalLM.from_pretrained(task["folder"], dtype=task["dtype"])
    ids = ef.tensor([[5, 6, 7, 8, 9, 10, 11, 12]])
    best = 0.0
    for _ in range(3):
        model.generate(ids, max_new_tokens=task["new"], min_new_tokens=task["new"], do_sample=False)
        best = max(best, (task["new"] - 1) / model._last_generation["decode_seconds"])
    x = ef.zeros(256, 1 << 18)
    read = 1e9
    for _ in range(10):
        start = time.perf_counter()
        x.sum(-1)
        read = min(read, time.perf_counter() - start)
    experts, table = expert_bytes(model), model.model.embed_tokens.weight.nbytes
    rest = model.get_memory_footprint() - experts - table
    return {"rate": best, "all": rest + experts, "needed": rest + experts * task["chosen"] / task["experts"],
            "limit": x.numel() * 4 / read}  # fmt: skip


def run_transformers(task: dict[str, Any]) -> dict[str, float]:
    """The same through transformers."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(task["threads"])
    model = AutoModelForCausalLM.from_pretrained(task["folder"], dtype=getattr(torch, task["dtype"])).eval()
    ids = torch.tensor([[5, 6, 7, 8, 9, 10, 11, 12]])
    options = {"attention_mask": torch.ones_like(ids), "do_sample": False}
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        model.generate(ids, max_new_tokens=1, min_new_tokens=1, **options)
        prefill = time.perf_counter() - start
        start = time.perf_counter()
        model.generate(ids, max_new_tokens=task["new"], min_new_tokens=task["new"], **options)
        best = max(best, (task["new"] - 1) / (time.perf_counter() - start - prefill))
    return {"rate": best}


def main() -> None:
    """Write the models, measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--experts", type=at_least(1), default=16)
    parser.add_argument("--chosen", type=at_least(1), default=2)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--new", type=at_least(1), default=32)
    parser.add_argument("--rounds", type=at_least(1), default=3)
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--task", default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        task = json.loads(args.task)
        print(json.dumps((run_transformers if task["peer"] else run_ours)(task)))
        return
    import eigenformers as ef

    with tempfile.TemporaryDirectory() as folder:
        tasks = {}
        for number, (name, (experts, chosen, width)) in enumerate(shapes(args.experts, args.chosen).items()):
            sizes = {**SIZES, "num_local_experts": experts, "num_experts_per_tok": chosen, "intermediate_size": width}
            model = ef.MixtralForCausalLM(ef.MixtralConfig(**sizes)).to(getattr(ef, args.dtype))
            model.save_pretrained(f"{folder}/{number}")
            task = {"folder": f"{folder}/{number}", "dtype": args.dtype, "new": args.new, "threads": args.threads,
                    "experts": experts, "chosen": chosen}  # fmt: skip
            tasks[name] = (sys.executable, {**task, "peer": False})
            if args.peers and not number:
                tasks[f"{name}, transformers"] = (args.peers, {**task, "peer": True})
        runs: dict[str, list[dict[str, float]]] = {name: [] for name in tasks}
        for _ in range(args.rounds):
            for name, (python, task) in tasks.items():
                runs[name].append(answer(python, __file__, task, task["threads"]))
    print(f"{args.dtype}, {args.threads} threads, {args.new} new tokens, {args.rounds} rounds: median (best)\n")
    print("| experts | tokens/s | MB needed a token | MB of the model | share of the limit, if needed | if all |")
    print("|---|---|---|---|---|---|")
    for name, found in runs.items():
        rates = [run["rate"] for run in found]
        rate = statistics.median(rates)
        cells = [f"{rate:.4g} ({max(rates):.4g})"]
        if "needed" in found[0]:
            limit = statistics.median(run["limit"] for run in found)
            sizes = [found[0]["needed"], found[0]["all"]]
            cells += [f"{size / 1e6:.0f}" for size in sizes] + [f"{rate * size / limit:.2f}" for size in sizes]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
