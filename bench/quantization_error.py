"""How far computing on packed weights is from exact: mean KL divergence to the f32 logits, beside llama.cpp's.

    python bench/quantization_error.py --peers .venv-oracle/bin/python [--model FILE.gguf] [--text FILE]

The same GGUF file three times over the same tokens, in windows of 512: dequantized in f32 (the reference), packed, and
in llama.cpp. Prints the mean KL(reference ‖ packed) of both and their ratio. Default text: the licence of this project
(about 2,300 tokens).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from contestants import llama_cpp_model  # isort: skip  (first: it takes this folder off the module path)

import numpy as np

WINDOW = 512


def windows(ids: list[int]) -> list[list[int]]:
    """The text in pieces of 512 tokens."""
    return [ids[i : i + WINDOW] for i in range(0, len(ids), WINDOW) if len(ids[i : i + WINDOW]) > 1]


def llama_cpp_logits(task: dict) -> None:
    """Runs in the peers' Python: one .npy of logits a window."""
    llm = llama_cpp_model(task["model"], WINDOW, len(os.sched_getaffinity(0)), False, n_batch=WINDOW, logits_all=True)
    for number, ids in enumerate(windows(task["ids"])):
        llm.reset()
        llm.eval(ids)
        np.save(Path(task["folder"]) / f"{number}.npy", np.array(llm.scores[: len(ids)], dtype=np.float32))


def mean_kl(reference: np.ndarray, other: np.ndarray) -> np.ndarray:
    """KL(reference ‖ other) at each position, in nats."""
    p = reference.astype(np.float64)
    q = other.astype(np.float64)
    p -= p.max(-1, keepdims=True)
    q -= q.max(-1, keepdims=True)
    log_p = p - np.log(np.exp(p).sum(-1, keepdims=True))
    log_q = q - np.log(np.exp(q).sum(-1, keepdims=True))
    return (np.exp(log_p) * (log_p - log_q)).sum(-1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=None)
    parser.add_argument("--model", default=None)
    parser.add_argument("--text", default=str(Path(__file__).resolve().parent.parent / "LICENSE"))
    parser.add_argument("--task", default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        llama_cpp_logits(json.loads(Path(args.task).read_text()))
        return
    import eigenformers as ef
    from eigenformers.default_model import default_model_path

    model = args.model or str(default_model_path())
    folder, name = str(Path(model).parent), Path(model).name
    tokenizer = ef.AutoTokenizer.from_pretrained(folder, gguf_file=name)
    ids = tokenizer(Path(args.text).read_text(), add_special_tokens=False)["input_ids"]
    packed = ef.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name)
    exact = ef.AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype="float32")
    kinds: dict[str, list[np.ndarray]] = {"ours": [], "llama.cpp": []}
    with tempfile.TemporaryDirectory() as temporary, ef.no_grad():
        if args.peers:
            task = Path(temporary) / "task.json"
            task.write_text(json.dumps({"model": model, "ids": ids, "folder": temporary}))
            subprocess.run([args.peers, __file__, "--task", str(task)], check=True, stderr=subprocess.DEVNULL)
        for number, piece in enumerate(windows(ids)):
            inputs = ef.tensor([piece])
            reference = exact(inputs, use_cache=False).logits[0].numpy()
            kinds["ours"].append(mean_kl(reference, packed(inputs, use_cache=False).logits[0].numpy()))
            if args.peers:
                kinds["llama.cpp"].append(mean_kl(reference, np.load(Path(temporary) / f"{number}.npy")))
    print(f"{name}: {len(ids)} tokens of {Path(args.text).name}, mean KL to the dequantized f32 model, nats")
    means = {kind: float(np.concatenate(values).mean()) for kind, values in kinds.items() if values}
    for kind, value in means.items():
        print(f"  {kind:10} {value:.6f}")
    if "llama.cpp" in means:
        print(f"  ours / llama.cpp = {means['ours'] / means['llama.cpp']:.3f}")


if __name__ == "__main__":
    sys.exit(main())
