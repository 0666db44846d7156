"""Finetune SmolLM2-135M with LoRA on questions and answers, on the CPU: train, merge, save, reload, generate.

    python examples/lora_smollm2.py --data train.jsonl --steps 40

`--data` is a file with a JSON object a line that has `question` and `answer` (GSM8K's train.jsonl, for one). The last
`--held-out` lines are for measuring. Without `--model` the small model that eigenformers can bring along is used; its
packed weights are made dense first (`--packed` trains on top of them as they are).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from typing import Any

import eigenformers as ef
from eigenformers.peft import LoraConfig, get_peft_model

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def encode(tokenizer: Any, row: dict[str, str], length: int) -> tuple[list[int], list[int]]:
    """Ids of a chat about the question, and labels: only the answer counts."""
    prompt = tokenizer.apply_chat_template([{"role": "user", "content": row["question"]}], tokenize=False,
                                           add_generation_prompt=True)  # fmt: skip
    start = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    rest = tokenizer(row["answer"] + "<|im_end|>\n", add_special_tokens=False)["input_ids"]
    return (start + rest)[:length], ([-100] * len(start) + rest)[:length]


def batch_of(rows: list[tuple[list[int], list[int]]], pad: int) -> dict[str, Any]:
    """Rows of different lengths as tensors `[batch, longest]`."""
    longest = max(len(ids) for ids, _ in rows)
    return {
        "input_ids": ef.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in rows]),
        "attention_mask": ef.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in rows]),
        "labels": ef.tensor([labels + [-100] * (longest - len(labels)) for _, labels in rows]),
    }


def evaluate(model: Any, rows: list[Any], size: int, pad: int) -> float:
    """Mean loss of a label, over all rows."""
    total, count = 0.0, 0
    model.eval()
    with ef.no_grad():
        for start in range(0, len(rows), size):
            batch = batch_of(rows[start : start + size], pad)
            labels = int((batch["labels"][:, 1:] != -100).sum())
            total += model(**batch).loss.item() * labels
            count += labels
    model.train()
    return total / count


def main() -> None:
    """Train, and print losses and seconds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--model")
    parser.add_argument("--packed", action="store_true")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int, default=192)
    parser.add_argument("--held-out", type=int, default=16)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--output", default="smollm2-lora")
    args = parser.parse_args()

    from eigenformers.default_model import default_model_path

    ef.set_seed(0)
    source = args.model or str(default_model_path())
    tokenizer = ef.AutoTokenizer.from_pretrained(source)
    model = ef.AutoModelForCausalLM.from_pretrained(source, **({} if args.packed else {"dtype": "float32"}))
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id

    with open(args.data, encoding="utf-8") as file:
        rows = [encode(tokenizer, json.loads(line), args.length) for line in file]
    rows = [row for row in rows if row[1][-1] != -100]  # an answer that was cut off whole has no loss
    train, held_out = rows[: -args.held_out], rows[-args.held_out :]
    random.Random(0).shuffle(train)

    config = LoraConfig(r=args.rank, lora_alpha=2 * args.rank, target_modules=TARGETS, task_type="CAUSAL_LM")
    model = get_peft_model(model, config)
    model.print_trainable_parameters()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = ef.optim.AdamW(trained, lr=args.lr, weight_decay=0.0)
    before = evaluate(model, held_out, args.batch, pad)
    print(f"held-out loss before: {before:.4f}")

    begin = time.time()
    for step in range(args.steps):
        for group in optimizer.param_groups:  # a few steps up, then down to nothing in a line
            group["lr"] = args.lr * min((step + 1) / 4, (args.steps - step) / args.steps)
        at = step * args.batch % (len(train) - args.batch)
        loss = model(**batch_of(train[at : at + args.batch], pad)).loss
        loss.backward()
        norm = ef.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        print(f"step {step + 1:3d}  loss {loss.item():.4f}  gradient {float(norm):.3f}  {time.time() - begin:.1f} s")
    after = evaluate(model, held_out, args.batch, pad)
    print(f"held-out loss after: {after:.4f} (before: {before:.4f})")

    model.save_pretrained(f"{args.output}/adapter")
    merged = model.merge_and_unload(safe_merge=True)
    merged.save_pretrained(f"{args.output}/merged")
    tokenizer.save_pretrained(f"{args.output}/merged")

    again = ef.AutoModelForCausalLM.from_pretrained(f"{args.output}/merged")
    print(f"held-out loss of the merged model, read back: {evaluate(again, held_out, args.batch, pad):.4f}")
    question = [{"role": "user", "content": "Tom has 3 boxes of 4 apples and eats 2. How many are left?"}]
    ids = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = again.eval().generate(**ids, max_new_tokens=60, do_sample=False)
    print(tokenizer.decode(out[0][ids["input_ids"].shape[1] :], skip_special_tokens=True))


if __name__ == "__main__":
    main()
