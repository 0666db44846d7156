"""Quantizing to GGUF types beside llama.cpp: time, size, and what it costs (perplexity and KL divergence on real text).

    python bench/quantize.py --model smollm2.gguf --peer llama-venv/bin/python --text wiki.test --calibration wiki.valid

The F16 file of the model is quantized by both with the same number of threads, in turns; the median of the runs counts.
Without --peer only ours is measured. KL and perplexity are of our engine reading each file, over --tokens tokens, against
the F32 model: where both files have the same bytes they have the same numbers. `f32` is the model itself. `dynamic:SIZE`
is our mix within the size of another method, `METHOD+imatrix` a method with an importance matrix; both learn from the
first tokens of --calibration, never from --text.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

_PEER = """
import ctypes, json, sys, time
import llama_cpp
source, target, file_type, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
params = llama_cpp.llama_model_quantize_default_params()
params.ftype, params.nthread = file_type, threads
begin = time.perf_counter()
assert llama_cpp.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(params)) == 0
print(json.dumps(time.perf_counter() - begin))
"""


def log_probabilities(model, pieces):
    """Per piece: log softmax of the logits [tokens, vocabulary]."""
    import eigenformers as ef

    for piece in pieces:
        with ef.no_grad():
            yield piece, ef.log_softmax(model(input_ids=ef.as_tensor([piece])).logits[0], dim=-1)


def quality(model, reference, pieces):
    """(perplexity, mean KL to the reference) of a model or its file; `reference` holds the log probabilities."""
    import eigenformers as ef

    if isinstance(model, str):
        model = ef.AutoModelForCausalLM.from_pretrained(model)
    loss = kl = count = 0.0
    for (piece, found), wanted in zip(log_probabilities(model, pieces), reference):
        targets = ef.as_tensor(piece[1:]).reshape(-1, 1)
        loss -= float(found[:-1].gather(1, targets).sum())
        kl += float((wanted.exp() * (wanted - found)).sum()) * (len(piece) - 1) / len(piece)
        count += len(piece) - 1
    return math.exp(loss / count), kl / count


def quantize(source, target, method, model_path, tokenizer, calibration):
    """Our file of a method, of `METHOD+imatrix` or of `dynamic:SIZE`."""
    import eigenformers as ef
    from eigenformers import gguf

    name, _, size = method.partition(":")
    name, _, imatrix = name.partition("+")
    if name != "dynamic" and not imatrix:
        gguf.quantize_file(source, target, name)
        return
    model = ef.AutoModelForCausalLM.from_pretrained(model_path, dtype="float32")
    matrix = gguf.compute_imatrix(model, tokenizer, calibration, max_chunks=20) if imatrix else None
    types = gguf.dynamic_types(model, tokenizer, calibration, size, importance=matrix) if name == "dynamic" else None
    # names in `types` are looked at before the method's own rules, so any method does for the rest (vectors: F32)
    gguf.quantize_file(source, target, "q4_k_m" if types else name, imatrix=matrix, tensor_types=types)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--peer", help="python with llama-cpp-python")
    parser.add_argument("--text", help="file of text for perplexity and KL")
    parser.add_argument("--calibration", help="file of another text, for importance matrices and the dynamic mix")
    parser.add_argument("--tokens", type=int, default=10240)
    parser.add_argument("--methods", nargs="+", default=["q4_k_m", "q8_0", "q6_k", "q5_k_m", "q3_k_m", "q2_k"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ["EIGENFORMERS_NUM_THREADS"] = str(options.threads)
    import eigenformers as ef
    from eigenformers import gguf
    from eigenformers.gguf.methods import method_named

    with tempfile.TemporaryDirectory() as folder:
        model = ef.AutoModelForCausalLM.from_pretrained(options.model, dtype="float32")
        tokenizer = ef.AutoTokenizer.from_pretrained(options.model)
        source = gguf.save_to_gguf(model, os.path.join(folder, "f16.gguf"), tokenizer, "f16", check=False)
        calibration = ""
        if options.calibration:
            with open(options.calibration, encoding="utf-8") as file:
                calibration = file.read()
        pieces, reference = [], []
        if options.text:
            with open(options.text, encoding="utf-8") as file:
                ids = list(tokenizer(file.read(8 * options.tokens), add_special_tokens=False)["input_ids"])
            ids = ids[: options.tokens]
            pieces = [ids[i : i + 512] for i in range(0, len(ids) - 511, 512)]
            reference = [wanted for _, wanted in log_probabilities(model, pieces)]
        print(f"{'method':16} {'MB':>7} {'ours s':>8} {'peer s':>8} {'ratio':>6} {'same':>5} {'ppl':>8} {'KL':>9}")
        for method in options.methods:
            ours, peer = os.path.join(folder, "ours.gguf"), os.path.join(folder, "peer.gguf")
            times, others = [], []
            for _ in range(options.runs):
                begin = time.perf_counter()
                if method == "f32":
                    gguf.save_to_gguf(model, ours, tokenizer, "f32", check=False)
                else:
                    quantize(source, ours, method, options.model, tokenizer, calibration)
                times.append(time.perf_counter() - begin)
                if options.peer and method.isidentifier() and method != "f32":
                    file_type = str(method_named(method).file_type)
                    command = [options.peer, "-c", _PEER, source, peer, file_type, str(options.threads)]
                    out = subprocess.run(
                        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                    )
                    others.append(json.loads(out.stdout.splitlines()[-1]))
            own = statistics.median(times)
            other = statistics.median(others) if others else math.nan
            same = ""
            if others:
                with open(ours, "rb") as a, open(peer, "rb") as b:
                    same = "yes" if a.read() == b.read() else "no"
            ppl, kl = quality(ours, reference, pieces) if pieces else (math.nan, math.nan)
            size = os.path.getsize(ours) / 1e6
            print(
                f"{method:16} {size:7.1f} {own:8.2f} {other:8.2f} {other / own:6.2f} {same:>5} {ppl:8.3f} {kl:9.5f}",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
