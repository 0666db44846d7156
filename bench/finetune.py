"""A LoRA finetune beside torch and peft: the same weights, rows, order, first values; losses, seconds, memory.

    python bench/finetune.py --data train.jsonl --peers .venv-oracle/bin/python [--model FILE.gguf] [--steps 24]

`--data`: a JSON object a line with `question` and `answer`. `--peers`: a Python with torch, transformers and peft; without
it only we run. Each contestant is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from contestants import at_least, peak_memory_mb, python_program

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def prepare(args: argparse.Namespace, folder: str) -> None:
    """The model as safetensors, and the rows as ids and labels."""
    import importlib.util

    import eigenformers as ef
    from eigenformers.default_model import default_model_path

    spec = importlib.util.spec_from_file_location("x", Path(__file__).parent.parent / "examples" / "lora_smollm2.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    source = args.model or str(default_model_path())
    tokenizer = ef.AutoTokenizer.from_pretrained(source)
    ef.AutoModelForCausalLM.from_pretrained(source, dtype="float32").save_pretrained(folder)
    with open(args.data, encoding="utf-8") as file:
        encoded = (example.encode(tokenizer, json.loads(line), args.length) for line in file)
        fitting = (row for row in encoded if row[1][-1] != -100)  # an answer that was cut off whole has no loss
        rows = [row for row, _ in zip(fitting, range(args.steps * args.batch + args.held_out))]
    Path(folder, "rows.json").write_text(json.dumps(rows))


def contestant(args: argparse.Namespace) -> dict[str, Any]:
    """Train in this process."""
    if args.run == "ours":
        import eigenformers as lib
        import eigenformers as models
        from eigenformers import peft
    else:
        import peft
        import torch as lib
        import transformers as models

        lib.set_num_threads(len(os.sched_getaffinity(0)))
    rows = json.loads(Path(args.folder, "rows.json").read_text())
    model = models.AutoModelForCausalLM.from_pretrained(args.folder, dtype="float32")
    lib.manual_seed(0)
    config = peft.LoraConfig(r=args.rank, lora_alpha=2 * args.rank, target_modules=TARGETS, task_type="CAUSAL_LM")
    model = peft.get_peft_model(model, config)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = lib.optim.AdamW(trained, lr=args.lr, weight_decay=0.0)

    def batch(start: int, count: int) -> dict[str, Any]:
        some = rows[start : start + count]
        longest = max(len(ids) for ids, _ in some)
        return {
            "input_ids": lib.tensor([ids + [0] * (longest - len(ids)) for ids, _ in some]),
            "attention_mask": lib.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in some]),
            "labels": lib.tensor([labels + [-100] * (longest - len(labels)) for _, labels in some]),
        }

    def held_out() -> float:
        model.eval()
        with lib.no_grad():
            found = [float(model(**batch(args.steps * args.batch + i, 4)).loss.item()) for i in range(0, args.held_out, 4)]
        model.train()
        return sum(found) / len(found)

    before, losses, seconds = held_out(), [], []
    for step in range(args.steps):
        begin = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = args.lr * min((step + 1) / 4, (args.steps - step) / args.steps)
        loss = model(**batch(step * args.batch, args.batch)).loss
        loss.backward()
        lib.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.item()))
        seconds.append(time.perf_counter() - begin)
    return {"before": before, "after": held_out(), "losses": losses, "seconds": sorted(seconds)[len(seconds) // 2],
            "peak_mb": peak_memory_mb()}  # fmt: skip


def main() -> None:
    """Run the contestants and print them side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--model")
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--steps", type=at_least(1), default=24)
    parser.add_argument("--batch", type=at_least(1), default=4)
    parser.add_argument("--length", type=at_least(1), default=192)
    parser.add_argument("--held-out", type=at_least(1), default=16)
    parser.add_argument("--rank", type=at_least(1), default=16)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        print(json.dumps(contestant(args)))
        return
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        prepare(args, folder)
        passed = [f"--{n.replace('_', '-')}={getattr(args, n)}" for n in ("steps", "batch", "length", "held_out", "rank", "lr")]
        for name, python in (("ours", sys.executable), ("torch + peft", args.peers)):
            if python:
                command = [python, __file__, "--run", "ours" if name == "ours" else "theirs", "--folder", folder, *passed]
                out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                found[name] = json.loads(out.splitlines()[-1])
                print(f"{name}: {found[name]['seconds']:.2f} s a step", file=sys.stderr, flush=True)
    print(f"{'':14}" + "".join(f"{name:>14}" for name in found))
    for step in range(args.steps):
        print(f"step {step + 1:<9}" + "".join(f"{result['losses'][step]:14.4f}" for result in found.values()))
    for key in ("before", "after", "seconds", "peak_mb"):
        print(f"{key:14}" + "".join(f"{result[key]:14.4f}" for result in found.values()))


if __name__ == "__main__":
    main()
