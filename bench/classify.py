"""A text classifier beside torch's: the same first weights, rows and order; held-out accuracy, seconds, memory.

    python bench/classify.py MODEL DATA.csv --text review --label sentiment --peers .venv-oracle/bin/python

MODEL is the folder of an encoder or decoder, DATA.csv has a header with the two columns. `--peers`: a Python with torch and
transformers; without it only we run. Each contestant is a process of its own and trains with its `Trainer`.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from contestants import at_least, peak_memory_mb, python_program


def prepare(args: argparse.Namespace, folder: str) -> None:
    """The model with its new head, and the rows as ids."""
    import eigenformers as ef

    with open(args.data, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    random.Random(0).shuffle(rows)
    rows = rows[: args.train + args.test]
    names = sorted({row[args.label] for row in rows})
    tokenizer = ef.AutoTokenizer.from_pretrained(args.model)
    ef.set_seed(0)
    ef.AutoModelForSequenceClassification.from_pretrained(args.model, num_labels=len(names)).save_pretrained(folder)
    encoded = [
        {
            "input_ids": tokenizer(row[args.text], truncation=True, max_length=args.length)["input_ids"],
            "labels": names.index(row[args.label]),
        }
        for row in rows
    ]
    Path(folder, "rows.json").write_text(json.dumps({"rows": encoded, "pad": tokenizer.pad_token_id or 0}))


def contestant(args: argparse.Namespace) -> dict[str, Any]:
    """Train in this process."""
    if args.run == "ours":
        import eigenformers as lib
        import eigenformers as models
    else:
        import torch as lib
        import transformers as models

        lib.set_num_threads(len(os.sched_getaffinity(0)))
    data = json.loads(Path(args.folder, "rows.json").read_text())
    rows, pad = data["rows"], data["pad"]

    def collate(some: list[dict[str, Any]]) -> dict[str, Any]:
        ids = [row["input_ids"] for row in some]
        longest = max(len(row) for row in ids)
        return {
            "input_ids": lib.tensor([row + [pad] * (longest - len(row)) for row in ids]),
            "attention_mask": lib.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids]),
            "labels": lib.tensor([row["labels"] for row in some]),
        }

    model = models.AutoModelForSequenceClassification.from_pretrained(args.folder)
    arguments = models.TrainingArguments(
        tempfile.mkdtemp(), num_train_epochs=args.epochs, per_device_train_batch_size=args.batch, bf16=args.bf16,
        per_device_eval_batch_size=32, learning_rate=args.rate, warmup_steps=0.1, logging_steps=10, save_strategy="no",
        report_to="none", disable_tqdm=True, seed=0, use_cpu=True,
    )  # fmt: skip
    trainer = models.Trainer(
        model, arguments, data_collator=collate, train_dataset=rows[args.test :], eval_dataset=rows[: args.test],
        compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())},
    )  # fmt: skip
    before = trainer.evaluate()
    result = trainer.train()
    after = trainer.evaluate()
    return {
        "accuracy before": before["eval_accuracy"], "accuracy": after["eval_accuracy"], "loss": after["eval_loss"],
        "s a step": result.metrics["train_runtime"] / result.global_step, "peak MB": peak_memory_mb(),
        "losses": [entry["loss"] for entry in trainer.state.log_history if "loss" in entry],
    }  # fmt: skip


def main() -> None:
    """Run the contestants and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?")
    parser.add_argument("data", nargs="?")
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="label")
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--train", type=at_least(1), default=640, help="texts to train on")
    parser.add_argument("--test", type=at_least(1), default=200, help="texts to hold out")
    parser.add_argument("--length", type=at_least(1), default=96, help="tokens of a text that are read")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--batch", type=at_least(1), default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        print(json.dumps(contestant(args)))
        return
    if not args.data:
        parser.error("MODEL and DATA are needed")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        prepare(args, folder)
        passed = [f"--{name}={getattr(args, name)}" for name in ("test", "epochs", "batch", "rate")]
        passed += ["--bf16"] if args.bf16 else []
        for name, python in (("ours", sys.executable), ("torch", args.peers)):
            if python:
                command = [
                    python,
                    __file__,
                    "--run",
                    "ours" if name == "ours" else "theirs",
                    "--folder",
                    folder,
                    *passed,
                ]
                out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                found[name] = json.loads(out.splitlines()[-1])
    print(f"{'':16}" + "".join(f"{name:>12}" for name in found))
    for key in ("accuracy before", "accuracy", "loss", "s a step", "peak MB"):
        print(f"{key:16}" + "".join(f"{result[key]:12.4f}" for result in found.values()))
    for i, losses in enumerate(zip(*(result["losses"] for result in found.values()))):
        print(f"step {10 * (i + 1):<11}" + "".join(f"{loss:12.4f}" for loss in losses))


if __name__ == "__main__":
    main()
