"""Encoder-decoder generation beside CTranslate2 and transformers, in one run.

    python bench/seq2seq.py --peers .venv-oracle/bin/python [--model FOLDER] [--batch 1 8 32] [--beams 1 4]
                            [--source 32] [--new 32] [--rounds 3] [--threads 2] [--only f32 bf16 int8]

`--peers` is a Python that has torch, transformers and ctranslate2. Without `--model`, a T5 of the size of T5 small with
random weights is written first; with it, that folder (T5, Marian, BART, …) is measured. Every source has `--source`
tokens and every output exactly `--new`. Each figure comes from a fresh process; the contestants take turns. Printed are
output tokens a second over encoding and decoding together, medians (best), and our ratio to each peer.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from contestants import answer, at_least, python_program

# name → (python: ours or the peers', what runs, dtype)
CONTESTANTS = {
    "ours f32": ("ours", "eigenformers", "float32"),
    "CTranslate2 f32": ("peers", "ctranslate2", "float32"),
    "transformers f32": ("peers", "transformers", "float32"),
    "ours bf16": ("ours", "eigenformers", "bfloat16"),
    "transformers bf16": ("peers", "transformers", "bfloat16"),
    "CTranslate2 int8": ("peers", "ctranslate2", "int8"),
}
PAIRS = [("ours f32", "CTranslate2 f32"), ("ours f32", "transformers f32"), ("ours bf16", "transformers bf16"),
         ("ours bf16", "CTranslate2 f32"), ("ours bf16", "CTranslate2 int8")]  # fmt: skip


def sources(vocabulary: int, batch: int, length: int) -> list[list[int]]:
    """Ids spread over the vocabulary, the same for all contestants."""
    return [[100 + (i + 11 * row) * 37 % (vocabulary - 200) for i in range(length)] for row in range(batch)]


def timed(run: Any, batch: int, new: int) -> float:
    """Output tokens a second: the best of three after a first, which warms buffers up."""
    run()
    best = 1e9
    for _ in range(3):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return batch * new / best


def run_eigenformers(task: dict[str, Any]) -> float:
    """Our own `generate`."""
    import eigenformers as ef

    model = ef.AutoModelForSeq2SeqLM.from_pretrained(task["model"], dtype=task["dtype"])
    ids = ef.tensor(sources(model.config.vocab_size, task["batch"], task["source"]))
    options = {"max_new_tokens": task["new"], "min_new_tokens": task["new"], "num_beams": task["beams"]}
    return timed(lambda: model.generate(ids, do_sample=False, **options), task["batch"], task["new"])


def run_transformers(task: dict[str, Any]) -> float:
    """transformers' `generate`."""
    import torch
    from transformers import AutoModelForSeq2SeqLM

    torch.set_num_threads(task["threads"])
    model = AutoModelForSeq2SeqLM.from_pretrained(task["model"], dtype=getattr(torch, task["dtype"])).eval()
    ids = torch.tensor(sources(model.config.vocab_size, task["batch"], task["source"]))
    options = {"max_new_tokens": task["new"], "min_new_tokens": task["new"], "num_beams": task["beams"]}
    mask = torch.ones_like(ids)
    run = lambda: model.generate(ids, attention_mask=mask, do_sample=False, **options)  # noqa: E731
    return timed(run, task["batch"], task["new"])


def run_ctranslate2(task: dict[str, Any]) -> float:
    """CTranslate2's `translate_batch`."""
    import ctranslate2

    translator = ctranslate2.Translator(
        task["converted"], compute_type=task["dtype"], intra_threads=task["threads"], inter_threads=1
    )
    words = json.loads(next(Path(task["converted"]).glob("*vocabulary.json")).read_text())
    texts = [[words[i] for i in row] for row in sources(len(words), task["batch"], task["source"])]
    options = {"beam_size": task["beams"], "max_batch_size": 0}
    lengths = {"min_decoding_length": task["new"], "max_decoding_length": task["new"]}
    return timed(lambda: translator.translate_batch(texts, **options, **lengths), task["batch"], task["new"])


PREPARE = """
import sys, torch, transformers
folder, converted, random = sys.argv[1:]
if random == "1":
    torch.manual_seed(0)
    config = transformers.T5Config(vocab_size=32128, decoder_start_token_id=0)
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
import ctranslate2
ctranslate2.converters.TransformersConverter(folder).convert(converted, force=True)
"""


def main() -> None:
    """Prepare the model, measure in turns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--model", default=None)
    parser.add_argument("--batch", nargs="*", type=at_least(1), default=[1, 8, 32])
    parser.add_argument("--beams", nargs="*", type=at_least(1), default=[1, 4])
    parser.add_argument("--source", type=at_least(1), default=32)
    parser.add_argument("--new", type=at_least(1), default=32)
    parser.add_argument("--rounds", type=at_least(1), default=3)
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="+", choices=["f32", "bf16", "int8"], default=["f32", "bf16", "int8"])
    parser.add_argument("--task", default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        task = json.loads(args.task)
        runners = {"eigenformers": run_eigenformers, "transformers": run_transformers, "ctranslate2": run_ctranslate2}
        print(runners[task["kind"]](task))
        return
    if not args.peers:
        raise SystemExit("bench/seq2seq.py: --peers is needed: a Python with torch, transformers and ctranslate2")
    with tempfile.TemporaryDirectory() as folder:
        model, converted = args.model or f"{folder}/model", f"{folder}/converted"
        prepare = [args.peers, "-c", PREPARE, model, converted, "0" if args.model else "1"]
        subprocess.run(prepare, check=True, capture_output=True)
        pythons = {"ours": sys.executable, "peers": args.peers}
        columns = [(beams, batch) for beams in args.beams for batch in args.batch]
        names = [name for name in CONTESTANTS if name.split()[-1] in args.only]
        rates: dict[str, list[list[float]]] = {name: [[] for _ in columns] for name in names}
        for _ in range(args.rounds):
            for at, (beams, batch) in enumerate(columns):
                for name in names:
                    where, kind, dtype = CONTESTANTS[name]
                    task = {"kind": kind, "dtype": dtype, "model": model, "converted": converted, "batch": batch,
                            "beams": beams, "source": args.source, "new": args.new, "threads": args.threads}  # fmt: skip
                    rates[name][at].append(answer(pythons[where], __file__, task, task["threads"]))
    print(f"{args.source} source tokens, {args.new} new, {args.threads} threads, {args.rounds} rounds: tokens/s\n")
    print("| | " + " | ".join(f"beams {b}, batch {n}" for b, n in columns) + " |\n|---" + "|---" * len(columns) + "|")
    middle = {name: [statistics.median(r) for r in runs] for name, runs in rates.items()}
    for name, runs in rates.items():
        print(f"| {name} | " + " | ".join(f"{statistics.median(r):.4g} ({max(r):.4g})" for r in runs) + " |")
    for ours, theirs in PAIRS:
        if ours in middle and theirs in middle:
            ratios = [f"{a / b:.2f}" for a, b in zip(middle[ours], middle[theirs])]
            print(f"| {ours} / {theirs} | " + " | ".join(ratios) + " |")


if __name__ == "__main__":
    main()
