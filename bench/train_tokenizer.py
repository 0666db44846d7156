"""Training of tokenizers beside the `tokenizers` library: the same corpus, the same number of cores, one run.

    python bench/train_tokenizer.py --peer .venv-oracle/bin/python [--megabytes 5] [--threads 2] [--only bpe]

Each contestant trains in a process of its own, taking turns; printed are the best times and the ratio. The corpus is
`corpus.txt` if given by --corpus, else the texts of the bundled assets that are there (wikitext2, shakespeare).
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from contestants import at_least, python_program

TASKS = {
    "bpe": ("BPE", "BpeTrainer", "ByteLevel", {"vocab_size": 32000}),
    "word_piece": ("WordPiece", "WordPieceTrainer", "BertPreTokenizer", {"vocab_size": 30000}),
    "word_level": ("WordLevel", "WordLevelTrainer", "Whitespace", {"vocab_size": 30000}),
    "unigram": ("Unigram", "UnigramTrainer", "Metaspace", {"vocab_size": 8000, "unk_token": "<unk>"}),
}


def corpus(path: str | None, megabytes: float) -> list[str]:
    """Lines of text."""
    if path:
        text = Path(path).read_text(encoding="utf-8")
    else:
        root = Path(os.environ.get("EF_ASSETS") or Path.home() / ".cache/eigenformers-assets")
        files = sorted(p for name in ("wikitext2", "shakespeare") for p in (root / name).rglob("*") if p.is_file())
        text = "".join(
            gzip.open(p, "rt", encoding="utf-8").read() if p.suffix == ".gz" else p.read_text("utf-8", "replace")
            for p in files
        )
        if not text:
            sys.exit("no corpus: give --corpus FILE, or set EF_ASSETS to a folder with wikitext2 or shakespeare")
    return text[: int(megabytes * 1e6)].split("\n")


def measure(library, task: str, texts: list[str]) -> dict:
    """Seconds of one training, and the size of the result."""
    model, trainer, words, options = TASKS[task]
    tokenizer = library.Tokenizer(getattr(library.models, model)())
    tokenizer.pre_tokenizer = getattr(library.pre_tokenizers, words)()
    chosen = getattr(library.trainers, trainer)(show_progress=False, **options)
    start = time.perf_counter()
    tokenizer.train_from_iterator([texts[i : i + 1000] for i in range(0, len(texts), 1000)], chosen)
    return {"seconds": time.perf_counter() - start, "size": tokenizer.get_vocab_size()}


def main() -> None:
    """All tasks, or those named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=python_program, help="a Python with the tokenizers library")
    parser.add_argument("--corpus")
    parser.add_argument("--megabytes", type=float, default=5)
    parser.add_argument("--threads", type=at_least(1), default=os.cpu_count())
    parser.add_argument("--only", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--rounds", type=at_least(1), default=2)
    parser.add_argument("--run", help=argparse.SUPPRESS)  # the contestant of this process
    args = parser.parse_args()
    if args.run:
        import importlib

        texts = corpus(args.corpus, args.megabytes)
        library = importlib.import_module(args.run)
        print(json.dumps(measure(library, args.only[0], texts)))
        return
    contestants = {"eigenformers.tokenizers": sys.executable, **({"tokenizers": args.peer} if args.peer else {})}
    environment = {**os.environ, "EIGENFORMERS_NUM_THREADS": str(args.threads), "RAYON_NUM_THREADS": str(args.threads)}
    print(f"{'task':12} {'ours s':>8} {'peer s':>8} {'ratio':>6}   ({args.megabytes} MB, {args.threads} threads)")
    for task in args.only:
        best: dict[str, dict] = {}
        for _ in range(args.rounds):
            for name, python in contestants.items():
                command = [python, __file__, "--run", name, "--only", task, "--megabytes", str(args.megabytes)]
                command += ["--corpus", args.corpus] if args.corpus else []
                out = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout
                found = json.loads(out.strip().splitlines()[-1])
                if name not in best or found["seconds"] < best[name]["seconds"]:
                    best[name] = found
        ours, peer = best["eigenformers.tokenizers"], best.get("tokenizers")
        other = f"{peer['seconds']:8.2f} {peer['seconds'] / ours['seconds']:6.1f}" if peer else ""
        print(f"{task:12} {ours['seconds']:8.2f} {other}   vocabulary {ours['size']}" + (f", {peer['size']}" if peer else ""))


if __name__ == "__main__":
    main()
