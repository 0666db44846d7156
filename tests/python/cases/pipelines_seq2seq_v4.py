"""Text to text, summaries and translations over a tiny seeded T5, recorded with the last release that has them."""

from __future__ import annotations

import importlib
import os
import tempfile

from cases._text_models import TEXTS
from cases._text_models import Folder as EncoderFolder
from cases.families import draw

VERSION = "4.57.6"  # of the real library


class Folder:
    """A temporary T5 with the vocabulary of the other text models; its own settings in the configuration."""

    def __init__(self, lib, **changes):
        self._words = EncoderFolder(lib, "")
        self._temporary = tempfile.TemporaryDirectory()
        self.path = self._temporary.name
        tokenizer = lib.AutoTokenizer.from_pretrained(self._words.path)
        tokenizer.save_pretrained(self.path)
        sizes = {
            "vocab_size": len(tokenizer), "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4,
            "decoder_start_token_id": 0, "eos_token_id": 3, "pad_token_id": 0, **changes,
        }  # fmt: skip
        model = lib.AutoModelForSeq2SeqLM.from_config(lib.AutoConfig.for_model("t5", **sizes))
        model.save_pretrained(self.path)
        real = lib.__name__ == "transformers"
        files = importlib.import_module("safetensors.numpy" if real else "eigenformers.safetensors.numpy")
        weights = os.path.join(self.path, "model.safetensors")
        state = {name: draw(name, value.shape) * 2 for name, value in files.load_file(weights).items()}
        files.save_file(state, weights, metadata={"format": "pt"})

    def __enter__(self):
        return self.path

    def __exit__(self, *error):
        self._temporary.cleanup()
        self._words.__exit__()


def _ids(records):
    return [record["generated_token_ids"].tolist() for record in records]


def case_text2text(lib):
    with Folder(lib) as folder:
        pipe = lib.pipeline("text2text-generation", model=folder, device="cpu")
        short = {"max_new_tokens": 8}
        return {
            "class": [type(pipe).__name__, pipe.task],
            "default": pipe(TEXTS[0], max_new_tokens=12),
            "greedy": pipe(TEXTS[0], num_beams=1, **short),
            "list": pipe(TEXTS, **short),
            "ids": _ids(pipe(TEXTS[0], return_tensors=True, **short)),
            "several": pipe(TEXTS[:2], num_return_sequences=2, **short),
            "batched": pipe(TEXTS, batch_size=2, num_beams=1, **short),
            "generator": list(pipe((text for text in TEXTS[:2]), **short)),
            "stop": pipe(TEXTS[0], stop_sequence="paris", **short),
            "truncated": pipe(TEXTS[0] * 20, truncation=True, **short),
        }


def case_summaries_and_translations(lib):
    prefix = {"task_specific_params": {"summarization": {"prefix": "the film "}}}
    with Folder(lib, **prefix) as folder:
        summary = lib.pipeline("summarization", model=folder, device="cpu")
        plain = lib.pipeline("translation", model=folder, device="cpu")
        named = lib.pipeline("translation_en_to_fr", model=folder, device="cpu")
        return {
            "classes": [type(pipe).__name__ for pipe in (summary, plain, named)],
            "tasks": [pipe.task for pipe in (summary, plain, named)],
            "summary": summary(TEXTS[0], max_new_tokens=8),
            "summaries": summary(TEXTS[:2], max_new_tokens=6, num_beams=2),
            "translation": plain(TEXTS[1], max_new_tokens=8),
            "named": named(TEXTS[1], max_new_tokens=8),
        }
