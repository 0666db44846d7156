"""`train_new_from_iterator`: the same pipeline around a vocabulary of other texts."""

from __future__ import annotations

from cases.tokenization import make
from cases.tokenizer_trainers import corpus


def case_train_new(lib):
    def state(tokenizer):
        texts = [*corpus(6, 3), "<|end|> [MASK] hello", ""]
        return {
            "ids": [tokenizer(text)["input_ids"] for text in texts], "special": tokenizer.special_tokens_map,
            "extra": tokenizer.extra_special_tokens, "size": len(tokenizer), "added": tokenizer.get_added_vocab(),
            "class": type(tokenizer).__name__.replace("TokenizersBackend", "PreTrainedTokenizerFast"),
            "length": tokenizer.model_max_length,
        }  # fmt: skip

    def new(name, size, texts=None, **options):
        tokenizer = make(lib, name, model_max_length=77)
        texts = corpus() if texts is None else texts
        return state(tokenizer.train_new_from_iterator(texts, size, show_progress=False, **options))

    limited = make(lib, "byte_level")
    limited.backend_tokenizer.enable_truncation(5)
    limited = limited.train_new_from_iterator(corpus(), 300, show_progress=False).backend_tokenizer
    return {
        "truncation": [limited.truncation, limited.encode("hello there, hello").ids],
        "bytes": new("byte_level", 320), "llama": new("llama", 90, min_frequency=2),
        "lists": new("byte_level", 300, [corpus(30), corpus(20, 4)], length=2),
        "new tokens": new("byte_level", 300, new_special_tokens=["<new>", lib.AddedToken("<other>", lstrip=True)]),
        "tokens in the texts": new("byte_level", 300, [f"{text} <|end|>tail [MASK]<|end|>" for text in corpus(40)]),
        "renamed": new("byte_level", 300, special_tokens_map={"<|end|>": "<stop>"}),
    }  # fmt: skip
