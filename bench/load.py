"""From exec to the first token on stdout, peak memory and idle CPU, beside llama-cpp-python and transformers.

    python bench/load.py --peers .venv-oracle/bin/python [--rounds 5] [--threads 2] [--model FILE.gguf]

Every figure comes from a fresh process with a warm file cache, in turns: the clock runs from exec to the moment the first
token's text is read from the process's stdout. Peak memory (VmHWM, mapped pages included) is that of a process that
generates 16 tokens after a prompt of 2,048. Idle CPU is what the process uses in two seconds after generating.
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

from contestants import answer, at_least, file_path, peak_memory_mb, prompt_ids, python_program, quiet_environment

OURS = """
import sys, eigenformers as ef
pipe = ef.pipeline("text-generation", model=sys.argv[1])
print(pipe("Why is the sky blue?", max_new_tokens=1, do_sample=False, return_full_text=False)[0]["generated_text"], flush=True)
"""
LLAMA = """
import sys, llama_cpp
threads = int(sys.argv[2])
llm = llama_cpp.Llama(sys.argv[1], n_ctx=64, n_threads=threads, n_threads_batch=threads, flash_attn=False,
                      swa_full=False, verbose=False)
print(llm("Why is the sky blue?", max_tokens=1, temperature=0)["choices"][0]["text"], flush=True)
"""
LLAMA_FLASH = LLAMA.replace("flash_attn=False", "flash_attn=True")
TRANSFORMERS = """
import os, sys, torch, transformers
folder, file = os.path.split(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
tokenizer = transformers.AutoTokenizer.from_pretrained(folder, gguf_file=file)
model = transformers.AutoModelForCausalLM.from_pretrained(folder, gguf_file=file)
ids = tokenizer("Why is the sky blue?", return_tensors="pt")
out = model.generate(**ids, max_new_tokens=1, do_sample=False)
print(tokenizer.decode(out[0, ids["input_ids"].shape[1]:]), flush=True)
"""


def first_token(python: str, script: str, model: str, threads: int) -> float:
    """Seconds from exec to the first byte on stdout."""
    environment = quiet_environment(threads)
    start = time.perf_counter()
    process = subprocess.Popen(
        [python, "-c", script, model, str(threads)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout
    got = process.stdout.read(1)
    took = time.perf_counter() - start
    _, errors = process.communicate()
    if not got:
        raise SystemExit(errors.decode()[-2000:])
    return took


def memory_and_idle(task: dict[str, str]) -> dict[str, float]:
    """Inside a process of our own."""
    import eigenformers as ef

    model = ef.AutoModelForCausalLM.from_pretrained(task["model"])
    model.generate(ef.tensor([prompt_ids(model.config.vocab_size, 2048)]), max_new_tokens=16, do_sample=False)
    peak = peak_memory_mb()
    time.sleep(0.01)  # the workers may spin this long after the last region
    before = time.process_time()
    time.sleep(2)
    return {"peak": peak, "idle": time.process_time() - before}


def main() -> None:
    """Measure in turns and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=python_program)
    parser.add_argument("--rounds", type=at_least(1), default=5)
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)))
    parser.add_argument("--model", type=file_path)
    parser.add_argument("--task", default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        print(json.dumps(memory_and_idle(json.loads(args.task))))
        return
    if args.model is None:
        from eigenformers.default_model import default_model_path

        args.model = str(default_model_path())
    contestants = {"eigenformers": (sys.executable, OURS)}
    if args.peers:
        contestants |= {
            "llama-cpp-python": (args.peers, LLAMA),
            "llama-cpp-python, flash attention": (args.peers, LLAMA_FLASH),
            "transformers": (args.peers, TRANSFORMERS),
        }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(args.rounds + 1):
        for name, (python, script) in contestants.items():
            times[name].append(first_token(python, script, args.model, args.threads))
    middle = {name: statistics.median(all_times[1:]) for name, all_times in times.items()}  # the first warms the files
    print(f"{Path(args.model).name}, {args.threads} threads, {args.rounds} rounds\n")
    print("| | exec to first token, s: median (best) | ours is |\n|---|---|---|")
    for name, all_times in times.items():
        print(f"| {name} | {middle[name]:.3f} ({min(all_times[1:]):.3f}) | {middle[name] / middle['eigenformers']:.1f}x sooner |")
    got = answer(sys.executable, __file__, {"model": args.model}, args.threads)
    size = os.path.getsize(args.model) / 1e6
    print(f"\npeak memory with 2,048 positions: {got['peak']:.0f} MB, the file has {size:.0f} MB: {got['peak'] - size:+.0f} MB")
    print(f"CPU time in two seconds after generating: {1000 * got['idle']:.1f} ms")


if __name__ == "__main__":
    main()
