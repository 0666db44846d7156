"""nf4 on a CPU: quantizing at load, prefill, decode, and a QLoRA step, beside transformers + bitsandbytes + peft.

    python bench/qlora.py --peers .venv-oracle/bin/python [--model FILE.gguf or FOLDER] [--tasks quantize,generate,step]
                          [--rounds 3] [--threads 2] [--dtype bfloat16]

SmolLM2-135M is written as dense safetensors first. Each task runs in a process of its own, ours and the peer's in turns;
medians. Quantizing: seconds of from_pretrained with nf4 less those without. Step: batch 4 x 256, r = 16 on all linear
layers, forward, backward and AdamW. Peak memory is VmHWM of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from contestants import answer, at_least, peak_memory_mb, python_program

RANK, BATCH, LENGTH, PROMPT, NEW = 16, 4, 256, 512, 48
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def libraries(ours: bool) -> tuple[Any, Any, Any]:
    """(the transformers-like library, the tensor library, the peft-like library)."""
    if ours:
        import eigenformers as ef
        from eigenformers import peft

        return ef, ef, peft
    import peft
    import torch
    import transformers

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    return transformers, torch, peft



def load(lib: Any, tensors: Any, task: dict[str, Any], quantized: bool = True) -> Any:
    """The model of a task."""
    config = lib.BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=task["dtype"],
    )  # fmt: skip
    chosen = {"quantization_config": config} if quantized else {}
    return lib.AutoModelForCausalLM.from_pretrained(task["model"], dtype=getattr(tensors, task["dtype"]), **chosen)


def quantize(lib: Any, tensors: Any, peft: Any, task: dict[str, Any]) -> dict[str, float]:
    """Seconds that quantizing adds to loading."""
    load(lib, tensors, task, False)
    took = []
    for quantized in (False, True):
        start = time.perf_counter()
        model = load(lib, tensors, task, quantized)
        took.append(time.perf_counter() - start)
    return {"quantize s": took[1] - took[0], "model MB": model.get_memory_footprint() / 1e6}


def generate(lib: Any, tensors: Any, peft: Any, task: dict[str, Any]) -> dict[str, float]:
    """Tokens a second of reading a prompt and of writing."""
    model = load(lib, tensors, task)
    ids = tensors.tensor([[i * 7919 % 40000 for i in range(PROMPT)]])
    short = ids[:, :8]
    with tensors.no_grad():
        model(ids)
        start = time.perf_counter()
        model(ids)
        prefill = PROMPT / (time.perf_counter() - start)
    arguments = {"do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    model.generate(short, max_new_tokens=2, **arguments)
    start = time.perf_counter()
    model.generate(short, max_new_tokens=2, **arguments)
    middle = time.perf_counter()
    model.generate(short, max_new_tokens=2 + NEW, **arguments)
    decode = NEW / (time.perf_counter() - middle - (middle - start))
    return {"prefill tok/s": prefill, "decode tok/s": decode}


def step(lib: Any, tensors: Any, peft: Any, task: dict[str, Any]) -> dict[str, float]:
    """Seconds of a training step, peak memory."""
    model = peft.prepare_model_for_kbit_training(load(lib, tensors, task), use_gradient_checkpointing=False)
    config = peft.LoraConfig(r=RANK, lora_alpha=32, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM")
    model = peft.get_peft_model(model, config)
    model.train()
    optimizer = tensors.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    ids = tensors.tensor([[(i * 7919 + b * 104729) % 40000 for i in range(LENGTH)] for b in range(BATCH)])
    took = []
    for _ in range(3):
        start = time.perf_counter()
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        took.append(time.perf_counter() - start)
    return {"step s": min(took[1:]), "peak MB": peak_memory_mb()}


def main() -> None:
    """Measure in turns and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--model")
    parser.add_argument("--tasks", default="quantize,generate,step")
    parser.add_argument("--rounds", type=at_least(1), default=3)
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--task")
    args = parser.parse_args()
    if args.task:
        task = json.loads(args.task)
        print(json.dumps(globals()[task["name"]](*libraries(task["ours"]), task)))
        return
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or str(
            Path.home() / ".cache/eigenformers-assets/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf"
        )
        if model.endswith(".gguf"):
            import eigenformers as ef

            ef.AutoModelForCausalLM.from_pretrained(model, dtype="bfloat16").save_pretrained(folder)
            model = folder
        print(f"{'':16}{'ours':>12}{'peer':>12}{'ours/peer':>12}")
        for name in args.tasks.split(","):
            found: dict[bool, list[dict[str, float]]] = {True: [], False: []}
            for _ in range(args.rounds):
                for ours in (True, False) if args.peers else (True,):
                    task = {"name": name, "ours": ours, "model": model, "dtype": args.dtype}
                    found[ours].append(answer(sys.executable if ours else args.peers, __file__, task, args.threads))
            for key in found[True][0]:
                ours, peer = (
                    statistics.median([f[key] for f in found[who]]) if found[who] else 0 for who in (True, False)
                )
                print(f"{key:16}{ours:12.3f}{peer:12.3f}{ours / peer if peer else 0:12.2f}", flush=True)


if __name__ == "__main__":
    main()
