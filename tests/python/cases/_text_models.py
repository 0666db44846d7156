"""Tiny seeded encoders with a word-piece vocabulary in a folder, for the pipelines that read text."""

from __future__ import annotations

import importlib
import os
import tempfile

from cases.families import draw

_WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] the a is in of and to . , ! ? ' - angela merkel visited new york city google paris "
    "berlin lives works at where who does what capital france germany film was lovely terrible sport politics this "
    "example match ended draw she he wolf ##gang ##s ##ed ##ing ##er ##ly ##n ##el un play work live my name i and"
).split()
TEXTS = [
    "Angela Merkel visited New York City.",
    "Wolfgang works at Google in Berlin!",
    "what a lovely film, he was playing",
    "zzz unlived? the capital of France is Paris",
    "a",
]


class Folder:
    """A temporary checkpoint with a head, that the library itself has written."""

    def __init__(self, lib, head, seed=0, **changes):
        self._temporary = tempfile.TemporaryDirectory()
        self.path = self._temporary.name
        letters = "abcdefghijklmnopqrstuvwxyz"
        words = dict.fromkeys([*_WORDS, *letters, *(f"##{letter}" for letter in letters)])
        vocabulary = os.path.join(self.path, "vocab.txt")
        with open(vocabulary, "w", encoding="utf-8") as file:
            file.write("\n".join(words))
        tokenizer = lib.BertTokenizerFast.from_pretrained(self.path, model_max_length=48)
        tokenizer.save_pretrained(self.path)
        sizes = {
            "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
            "num_attention_heads": 4, "max_position_embeddings": 48, **changes,
        }  # fmt: skip
        config = lib.AutoConfig.for_model("bert", **sizes)
        getattr(lib, f"AutoModel{head}").from_config(config).save_pretrained(self.path)
        real = lib.__name__ == "transformers"
        files = importlib.import_module("safetensors.numpy" if real else "eigenformers.safetensors.numpy")
        weights = os.path.join(self.path, "model.safetensors")
        state = {name: draw(f"{seed}{name}", value.shape) for name, value in files.load_file(weights).items()}
        files.save_file(state, weights, metadata={"format": "pt"})

    def __enter__(self):
        return self.path

    def __exit__(self, *error):
        self._temporary.cleanup()
