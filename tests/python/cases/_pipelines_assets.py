"""Pipelines over real weights: what the real library answers on real inputs.

`python tests/python/cases/_pipelines_assets.py` records them: once with transformers 5, once with 4.57.6 for the
translations; each writes its own part.
"""

from __future__ import annotations

import json
import os

RECORD = os.path.join(os.path.dirname(__file__), "..", "golden", "pipelines_assets.json")
ENGLISH = [
    "The house is wonderful.",
    "I would like a cup of coffee, please.",
    "She has been working at the hospital for twenty years.",
    "Where does the train to Paris leave from?",
    "The parliament voted on the new law yesterday evening, after a long debate.",
]


def folder_of(name):
    """Where an asset lies, or None."""
    root = os.environ.get("EF_ASSETS") or os.path.expanduser("~/.cache/eigenformers-assets")
    folder = os.path.join(root, name)
    return folder if os.path.isdir(folder) else None


def masks(lib, folder):
    """Albert, Chinese: one mask, two masks, chosen words."""
    pipe = lib.pipeline("fill-mask", model=folder, device="cpu")
    return {
        "one": pipe("今天天氣很[MASK]。"),
        "list": pipe(["我在[MASK]北讀書。", "他喜歡喝[MASK]。"], top_k=2),
        "two": pipe("[MASK]天天氣很[MASK]。", top_k=2),
        "targets": pipe("今天天氣很[MASK]。", targets=["好", "冷", "熱"]),
    }


def features(lib, folder):
    """MiniLM: hidden states of texts of several lengths, a few numbers of each."""
    pipe = lib.pipeline("feature-extraction", model=folder, device="cpu")
    return [[len(text[0]), [row[::97] for row in text[0]]] for text in pipe(ENGLISH)]


def translations(lib, folder):
    """Marian, English to French: as its own settings say (6 beams), greedily, and several of them."""
    pipe = lib.pipeline("translation_en_to_fr", model=folder, device="cpu")
    return {
        "own": [pipe(text) for text in ENGLISH[:3]],
        "list": pipe(ENGLISH, num_beams=2),
        "greedy": pipe(ENGLISH, num_beams=1),
        "several": pipe(ENGLISH[0], num_beams=3, num_return_sequences=3),
    }


ASSETS = {"albert-tiny-zh": masks, "minilm-l6": features, "opus-mt-en-fr": translations}


def record():
    """Write this library's part of the record."""
    import transformers

    values = {}
    if os.path.exists(RECORD):
        with open(RECORD, encoding="utf-8") as file:
            values = json.load(file)
    old = transformers.__version__.startswith("4.")
    for name, case in ASSETS.items():
        if (case is translations) == old:
            values[name] = {
                "about": f"transformers {transformers.__version__}",
                "found": case(transformers, folder_of(name)),
            }
    with open(RECORD, "w", encoding="utf-8") as file:
        file.write(json.dumps(values, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    record()
