"""Texts and vocabularies for bench/tokenize.py, written once into a folder.

Texts are real: prose (WikiText-2), code (the standard library of this Python), web (pages and message catalogues from a
folder of .html and .po files), scripts (those of them that are mostly not ASCII), and `cold`: words that no word cache
has seen, made of the prose's own letter statistics.
"""

from __future__ import annotations

import gzip
import html
import json
import os
import random
import re
import sysconfig
from pathlib import Path

LIMIT = 4_000_000  # bytes a text
PATTERNS = {
    "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|"
    r"\s+(?!\S)|\s+",
    "o200k": "|".join(
        [
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        ]
    ),
    "llama3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    r"\s+(?!\S)|\s+",
    "qwen3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    r"\s+(?!\S)|\s+",
}


def _up_to_limit(parts) -> str:
    out, size = [], 0
    for part in parts:
        out.append(part)
        size += len(part.encode())
        if size >= LIMIT:
            break
    return "\n".join(out)


def _prose(assets: Path) -> str:
    with gzip.open(assets / "wikitext2" / "train.raw.gz", "rt", encoding="utf-8") as file:
        return _up_to_limit(file.read().splitlines())


def _code() -> str:
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-z]*/[a-z]*.py"))
    random.Random(0).shuffle(files)
    return _up_to_limit(file.read_text(encoding="utf-8", errors="replace") for file in files)


def _web(folder: Path, wanted=lambda text: True) -> str:
    def texts():
        for file in files:
            text = file.read_text(encoding="utf-8", errors="replace")
            if file.suffix == ".po":
                text = "\n".join(re.findall(r'^(?:msgstr(?:\[\d\])? )?"(.+)"$', text, re.M)).replace("\\n", "\n")
            else:
                text = re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.S)
                text = re.sub(r"[ \t]+", " ", re.sub(r"\s*\n\s*", "\n", html.unescape(text)))
            if text and wanted(text):
                yield text

    files = sorted(file for suffix in ("html", "po") for file in folder.rglob(f"*.{suffix}*"))
    random.Random(0).shuffle(files)
    return _up_to_limit(texts())


def _mostly_not_ascii(text: str) -> bool:
    return sum(c < "\x80" for c in text) < len(text) * 0.6


def _cold(prose: str) -> str:
    """New words: chains of the prose's letters, each letter by the two before it."""
    letters = re.sub("[^a-z]+", " ", prose[:500_000].lower())
    following: dict[str, list[str]] = {}
    for i in range(len(letters) - 2):
        following.setdefault(letters[i : i + 2], []).append(letters[i + 2])
    r = random.Random(0)
    words, seen, state = [], set(), " t"
    while len(words) < 500_000:  # more than any cache holds
        word = ""
        while len(word) < 14:
            c = r.choice(following.get(state) or [" "])
            state = state[1] + c
            if c == " " and len(word) > 3:
                break
            word += c.strip()
        if word not in seen:
            seen.add(word)
            words.append(word)
    return "\n".join(" ".join(words[i : i + 12]) for i in range(0, len(words), 12))


def texts(folder: Path, web: Path | None = None) -> dict[str, str]:
    """The texts by name, made at the first call."""
    assets = Path(os.environ.get("EF_ASSETS") or Path.home() / ".cache" / "eigenformers-assets")
    folder.mkdir(parents=True, exist_ok=True)
    makers = {"prose": lambda: _prose(assets), "code": _code, "web": lambda: _web(web) if web else ""}
    makers["scripts"] = lambda: _web(web, _mostly_not_ascii) if web else ""
    makers["cold"] = lambda: _cold((folder / "prose.txt").read_text(encoding="utf-8"))
    out = {}
    for name, make in makers.items():
        path = folder / f"{name}.txt"
        if not path.exists():
            path.write_text(make(), encoding="utf-8", newline="")
        with path.open(encoding="utf-8", newline="") as file:
            if text := file.read():
                out[name] = text
    return out


def documents(text: str, size: int = 8_000) -> list[str]:
    """The text in pieces of about `size` characters, cut at line ends."""
    out, part, length = [], [], 0
    for line in text.splitlines(keepends=True):
        part.append(line)
        length += len(line)
        if length >= size:
            out.append("".join(part))
            part, length = [], 0
    return out + ["".join(part)] if part else out


def _byte_alphabet() -> list[str]:
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) if b in shown else chr(256 + hidden.index(b)) for b in range(256)]


def _splits(token: bytes, ranks: dict[bytes, int]) -> list[tuple[bytes, bytes]]:
    """All pairs of tokens that make this one, in the order in which they merge."""
    pairs = [(token[:i], token[i:]) for i in range(1, len(token))]
    pairs = [pair for pair in pairs if pair[0] in ranks and pair[1] in ranks]
    return sorted(pairs, key=lambda pair: (ranks[pair[0]], ranks[pair[1]]))


def write_tokenizer_json(path: Path, tokens: list[bytes], pattern: str, ignore_merges: bool) -> None:
    """A byte-level BPE tokenizer.json out of tokens in the order of their ranks."""
    ranks = {token: rank for rank, token in enumerate(tokens)}
    letters = _byte_alphabet()

    def spell(token: bytes) -> str:
        return "".join(letters[b] for b in token)

    merges = [pair for token in tokens for pair in _splits(token, ranks)]
    model = {
        "type": "BPE",
        "ignore_merges": ignore_merges,
        "vocab": {spell(token): rank for token, rank in ranks.items()},
        "merges": [[spell(left), spell(right)] for left, right in merges],
    }
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    out = {
        "version": "1.0",
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, byte_level]},
        "decoder": {**byte_level, "use_regex": True},
        "model": model,
    }
    path.write_text(json.dumps(out), encoding="utf-8")
