"""QLoRA from a dense model to a file for llama.cpp and Ollama, on the CPU.

    python examples/qlora_to_gguf.py --data train.jsonl --steps 40 --output smollm2-gsm8k

The base is packed as nf4 while it is read, adapters train over it, and the merged model is written as Q4_K_M. `--data` is a
file with a JSON object a line that has `question` and `answer` (GSM8K's train.jsonl, for one). `--model` is a folder or a
GGUF file; without it, the small model that eigenformers can bring along.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import eigenformers as ef
from eigenformers.peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
from lora_smollm2 import TARGETS, batch_of, encode, evaluate


def peak_memory_mb() -> float:
    """The most memory that this process has held (Linux)."""
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def train(model: Any, rows: list[Any], args: Any, pad: int) -> None:
    """AdamW over the adapters."""
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = ef.optim.AdamW(trained, lr=args.lr, weight_decay=0.0)
    model.train()
    start = time.perf_counter()
    for step in range(args.steps):
        begin = step * args.batch % max(1, len(rows) - args.batch)
        loss = model(**batch_of(rows[begin : begin + args.batch], pad)).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 10 == 9:
            print(f"step {step + 1}: loss {loss.item():.3f}, {(time.perf_counter() - start) / (step + 1):.2f} s a step")


def main() -> None:
    """Train, measure, export, and ask a question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--model")
    parser.add_argument("--output", default="smollm2-qlora")
    parser.add_argument("--method", default="q4_k_m")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--length", type=int, default=192)
    parser.add_argument("--lr", type=float, default=5e-4)
    args = parser.parse_args()

    from eigenformers.default_model import default_model_path

    ef.set_seed(0)
    source = args.model or str(default_model_path())
    tokenizer = ef.AutoTokenizer.from_pretrained(source)
    packed = ef.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype="bfloat16"
    )
    model = ef.AutoModelForCausalLM.from_pretrained(source, quantization_config=packed)
    print(f"base: {model.get_memory_footprint() / 1e6:.0f} MB")
    model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    model = get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules=TARGETS, task_type="CAUSAL_LM"))
    model.print_trainable_parameters()

    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    with open(args.data, encoding="utf-8") as file:
        rows = [encode(tokenizer, json.loads(line), args.length) for line in file]
    training, held_out = rows[:-16], rows[-16:]
    before = evaluate(model, held_out, args.batch, pad)
    train(model, training, args, pad)
    after = evaluate(model, held_out, args.batch, pad)
    print(f"held out: {before:.3f} before, {after:.3f} after; peak memory {peak_memory_mb():.0f} MB")

    found = model.save_pretrained_gguf(args.output, tokenizer, quantization_method=args.method)
    print("written:", *found["gguf_files"])
    exported = ef.AutoModelForCausalLM.from_pretrained(found["gguf_files"][0])
    print(f"the file, held out: {evaluate(exported, held_out, args.batch, pad):.3f}")


if __name__ == "__main__":
    main()
