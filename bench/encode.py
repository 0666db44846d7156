"""Sentence embeddings beside other libraries in one run: real sentences of mixed length, the same cores.

    python bench/encode.py --peers .venv-oracle/bin/python [--sentences 4096] [--batch 1 32 256] [--rounds 3] [--threads 2]

all-MiniLM-L6-v2 over sentences of film reviews. Contestants take turns, round after round, each in a process of its own
that stays; printed are the best sentences/s of each, the ratio of our best to it, the lowest cosine to transformers in
float32, and the latency of one short text. `--peers` is a Python with some of transformers, sentence-transformers,
onnxruntime, openvino, ctranslate2; what is missing is left out. The share of the multiply limit is the time that the
products alone would take at the rate of one large product, over the time taken.

The sentences are cut into `--slices` parts of the same mixture, timed one by one; a contestant that has spent `--seconds` on
a batch size leaves the rest of them out, and the table is of the parts that all have. A machine that is quiet for half a
minute at a time measures some of it at a time: `--state FOLDER` keeps the best times, and the table is of all it holds:

    for part in 0 1 2 3; do for name in eigenformers openvino; do
        python bench/encode.py --peers … --state times --slice $part --only $name --rounds 1
    done; done
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.pop(0)  # this folder: its tokenize.py would stand before the standard library's
ASSETS = Path(os.environ.get("EF_ASSETS", "~/.cache/eigenformers-assets")).expanduser()
MODEL = ASSETS / "minilm-l6"
SHORT = "How do I reset my password?"


def sentences(count: int) -> list[str]:
    """Sentences of film reviews, of a few words to whole paragraphs."""
    found: list[str] = []
    with next((ASSETS / "imdb").glob("*.csv")).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            text = row["review"].replace("<br />", " ")
            found += [part for part in re.split(r"(?<=[.!?])\s+", text) if len(part) > 8]
            if len(found) >= count:
                return found[:count]
    return found


# Contestants: make(threads) gives encode(texts, batch size) -> float array [n, 384] of length 1.


def pooled(forward):
    """Batches as they come, padded to their longest; the mean of the tokens, length 1."""
    import numpy as np
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(MODEL)

    def encode(texts, batch):
        rows = []
        for i in range(0, len(texts), batch):
            inputs = tokenizer(texts[i : i + batch], padding=True, truncation=True, max_length=256, return_tensors="np")
            states = forward({name: value.astype(np.int64) for name, value in inputs.items()})
            mask = inputs["attention_mask"][..., None].astype(np.float32)
            mean = (states * mask).sum(1) / mask.sum(1)
            rows.append(mean / np.linalg.norm(mean, axis=1, keepdims=True))
        return np.concatenate(rows)

    return encode


def transformers_of(dtype):
    def make(threads):
        import torch
        from transformers import AutoModel

        torch.set_num_threads(threads)
        model = AutoModel.from_pretrained(MODEL, dtype=dtype).eval()

        def forward(inputs):
            with torch.inference_mode():
                tensors = {name: torch.from_numpy(value) for name, value in inputs.items()}
                return model(**tensors).last_hidden_state.float().numpy()

        return pooled(forward)

    return make


def sentence_transformers_of(dtype):
    def make(threads):
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        model = SentenceTransformer(str(MODEL), device="cpu", model_kwargs={"dtype": dtype})
        return lambda texts, batch: model.encode(texts, batch_size=batch, show_progress_bar=False).astype("float32")

    return make


def make_onnxruntime(threads):
    import onnxruntime
    import torch
    from transformers import AutoModel

    class Wrapped(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained(MODEL, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask, token_type_ids):
            return self.model(input_ids, attention_mask, token_type_ids).last_hidden_state

    names = ["input_ids", "attention_mask", "token_type_ids"]
    path = Path(tempfile.mkdtemp()) / "model.onnx"
    example = torch.ones(2, 8, dtype=torch.int64)
    torch.onnx.export(
        Wrapped(), (example, example, example * 0), str(path), input_names=names, output_names=["states"], dynamo=False,
        dynamic_axes={name: {0: "batch", 1: "length"} for name in (*names, "states")},
    )  # fmt: skip
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return pooled(lambda inputs: session.run(None, inputs)[0])


def openvino_of(precision):
    def make(threads):
        import openvino
        import torch
        from transformers import AutoModel

        model = AutoModel.from_pretrained(MODEL, attn_implementation="sdpa").eval()
        example = {
            name: torch.ones(2, 8, dtype=torch.int64) for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        converted = openvino.convert_model(model, example_input=example)
        compiled = openvino.compile_model(
            converted, "CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision}
        )
        return pooled(lambda inputs: compiled(inputs)[0])

    return make


def ctranslate2_of(compute):
    def make(threads):
        import ctranslate2
        import numpy as np
        from transformers import AutoTokenizer

        folder = Path(tempfile.mkdtemp()) / "model"
        ctranslate2.converters.TransformersConverter(str(MODEL)).convert(str(folder))
        encoder = ctranslate2.Encoder(str(folder), "cpu", compute_type=compute, intra_threads=threads)
        tokenizer = AutoTokenizer.from_pretrained(MODEL)

        def encode(texts, batch):
            rows = []
            for i in range(0, len(texts), batch):
                ids = tokenizer(texts[i : i + batch], truncation=True, max_length=256)["input_ids"]
                states = np.array(encoder.forward_batch(ids).last_hidden_state)
                for row, tokens in zip(states, ids):
                    mean = row[: len(tokens)].mean(0)
                    rows.append(mean / np.linalg.norm(mean))
            return np.stack(rows)

        return encode

    return make


def int8_config():
    """Weights in int8, inputs rounded as they come."""
    import eigenformers

    return eigenformers.TorchAoConfig({"_type": "Int8DynamicActivationInt8WeightConfig", "_data": {}})


def ours(dtype):
    def make(threads):
        import eigenformers
        from eigenformers.sentence_transformers import SentenceTransformer

        eigenformers.set_num_threads(threads)
        kwargs = {"dtype": dtype} if dtype != "int8" else {"quantization_config": int8_config()}
        model = SentenceTransformer(MODEL, model_kwargs=kwargs)
        return lambda texts, batch: model.encode(texts, batch_size=batch)

    return make


CONTESTANTS = {  # name -> (package, make)
    "eigenformers float32": ("eigenformers", ours("float32")),
    "eigenformers bfloat16": ("eigenformers", ours("bfloat16")),
    "eigenformers int8": ("eigenformers", ours("int8")),
    "transformers float32": ("transformers", transformers_of("float32")),
    "transformers bfloat16": ("transformers", transformers_of("bfloat16")),
    "sentence-transformers float32": ("sentence_transformers", sentence_transformers_of("float32")),
    "sentence-transformers bfloat16": ("sentence_transformers", sentence_transformers_of("bfloat16")),
    "onnxruntime float32": ("onnxruntime", make_onnxruntime),
    "openvino float32": ("openvino", openvino_of("f32")),
    "openvino bfloat16": ("openvino", openvino_of("bf16")),
    "ctranslate2 float32": ("ctranslate2", ctranslate2_of("float32")),
    "ctranslate2 int8": ("ctranslate2", ctranslate2_of("int8")),
}
REFERENCE = "transformers float32"


def work(name: str, threads: int) -> None:
    """A contestant's process: a line in asks, a line out answers."""
    import numpy as np

    out, sys.stdout = sys.stdout, sys.stderr
    package, make = CONTESTANTS[name]
    if importlib.util.find_spec(package) is None:
        print(json.dumps({"missing": package}), file=out, flush=True)
        return
    encode = make(threads)
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        if "save" in task:
            encode(task["texts"][:8], 8)
            np.save(task["save"], encode(task["texts"], 32))
            answer = {}
        elif "product" in task:
            answer = {"seconds": product_seconds(name.split()[-1])}
        else:
            begin = time.perf_counter()
            for _ in range(task.get("repeat", 1)):
                encode(task["texts"], task["batch"])
            answer = {"seconds": (time.perf_counter() - begin) / task.get("repeat", 1)}
        print(json.dumps(answer), file=out, flush=True)


def product_seconds(dtype: str) -> float:
    """Seconds a token for the matrices of one layer, at the rate of a large product."""
    import eigenformers as ef

    with ef.no_grad():
        if dtype == "int8":
            model = ef.AutoModel.from_pretrained(MODEL, quantization_config=int8_config())
            layer = model.encoder.layer[0].intermediate.dense
        else:
            layer = ef.nn.Linear(384, 1536).to(getattr(ef, dtype))
        x = ef.randn(1024, 384)
        best = float("inf")
        for _ in range(20):
            begin = time.perf_counter()
            layer(x)
            best = min(best, time.perf_counter() - begin)
    return best / 1024 * 3  # 4 · 384² + 2 · 384 · 1536 = 3 · 384 · 1536


class Contestant:
    """A process, and its best times."""

    def __init__(self, python: str, name: str, threads: int):
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "EIGENFORMERS_NUM_THREADS": str(threads)}
        command = [python, __file__, "--worker", name, "--threads", str(threads)]
        self.name = name
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        line = self.process.stdout.readline()
        self.here = bool(line) and "ready" in json.loads(line)

    def ask(self, **task) -> dict:
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def measure(args: argparse.Namespace, texts: list[str], state: Path) -> None:
    """Times the chosen contestants on the chosen slices; the best of all runs so far stays in the state's folder."""
    file = state / "best.json"
    best: dict[str, dict[str, float]] = json.loads(file.read_text()) if file.is_file() else {}
    contestants = []
    for name in CONTESTANTS:
        if not any(part in name for part in args.only):
            continue
        one = Contestant(sys.executable if name.startswith("eigenformers") else args.peers, name, args.threads)
        if one.here:
            contestants.append(one)
            one.ask(texts=texts[:256], save=str(state / f"{name}.npy"))
        else:
            print(f"left out: {name}", flush=True)
    print("timing", flush=True)
    for _ in range(args.rounds):
        spent: dict[tuple[str, str], float] = {}
        for part in args.slice or range(args.slices):
            for one in contestants:
                tasks = {
                    f"{batch} {part}": {"batch": batch, "texts": texts[part :: args.slices]} for batch in args.batch
                }
                if "short" not in args.skip:
                    tasks["short"] = {"batch": 1, "texts": [SHORT], "repeat": 20}
                if one.name.startswith("eigenformers"):
                    tasks["product"] = {"product": True}
                times = best.setdefault(one.name, {})
                for key, task in tasks.items():
                    kind = (one.name, key.split()[0])
                    if spent.get(kind, 0) > args.seconds:
                        continue
                    seconds = one.ask(**task)["seconds"]
                    times[key] = min(times.get(key, float("inf")), seconds)
                    spent[kind] = spent.get(kind, 0) + seconds * task.get("repeat", 1)
    for one in contestants:
        one.process.stdin.close()
    file.write_text(json.dumps(best))


def table(args: argparse.Namespace, texts: list[str], state: Path) -> None:
    """What the state's folder holds; of each batch size the slices that all contestants with that size have."""
    import numpy as np
    from eigenformers import AutoTokenizer

    best = json.loads((state / "best.json").read_text())
    ids = AutoTokenizer.from_pretrained(MODEL)(texts, truncation=True, max_length=256)["input_ids"]
    print(f"{len(texts)} sentences, {sum(map(len, ids)) / len(texts):.1f} tokens each, {args.threads} threads")
    keys = {key for times in best.values() for key in times if key[0].isdigit()}
    reference = np.load(state / f"{args.reference}.npy") if args.reference in best else None
    parts = {}
    for batch in sorted({int(key.split()[0]) for key in keys}):
        sets = [{int(k.split()[1]) for k in times if k.startswith(f"{batch} ")} for times in best.values()]
        parts[batch] = set.intersection(*(found for found in sets if found))
    for name in CONTESTANTS:
        if name not in best:
            continue
        times, columns, shares = best[name], [], []
        for batch, chosen in parts.items():
            if not chosen or f"{batch} {min(chosen)}" not in times:
                columns.append(f"{batch}: {'-':>8s}")
                continue
            count = sum(len(texts[part :: args.slices]) for part in chosen)
            seconds = sum(times[f"{batch} {part}"] for part in chosen)
            columns.append(f"{batch}: {count / seconds:6.1f}/s")
            tokens = sum(len(row) for part in chosen for row in ids[part :: args.slices])
            shares.append(times.get("product", 0) * 6 * tokens / seconds)
        cosine = (
            "" if reference is None else f"  cosine {(np.load(state / f'{name}.npy') * reference).sum(1).min():.6f}"
        )
        share = f"  share of the multiply limit {max(shares):.0%}" if shares and "product" in times else ""
        short = f"  one text {times['short'] * 1e3:5.2f} ms" if "short" in times else ""
        print(f"{name:32s} {'  '.join(columns)}{short}{cosine}{share}")
    print("slices of each batch size:", {batch: len(chosen) for batch, chosen in parts.items()}, "of", args.slices)


def main() -> int:
    """Run the contest and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--sentences", type=int, default=4096)
    parser.add_argument("--batch", type=int, nargs="+", default=[32])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="+", default=[""], help="contestants whose names contain one of these")
    parser.add_argument("--reference", default=REFERENCE, help="contestant that cosines are taken to")
    parser.add_argument("--state", type=Path, help="folder that keeps the best times of several runs")
    parser.add_argument("--slices", type=int, default=16, help="parts that the sentences are cut into")
    parser.add_argument("--seconds", type=float, default=10, help="for a contestant, a batch size and a round")
    parser.add_argument("--slice", type=int, nargs="+", help="parts to time now; all without it")
    parser.add_argument("--skip", nargs="*", default=[], choices=["short"], help="what not to time")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(args.worker, args.threads)
        return 0
    texts = sentences(args.sentences)
    state = args.state or Path(tempfile.mkdtemp())
    state.mkdir(parents=True, exist_ok=True)
    measure(args, texts, state)
    table(args, texts, state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
