"""ClvpTokenizer: GPT-2's bytes over English text whose numbers and abbreviations are spelled out."""

from __future__ import annotations

import os
from typing import Any

from ..tokenizers import pre_tokenizers
from ._engine import AddedToken
from .english_numbers import EnglishNormalizer
from .rank_bpe import merge_by_rank, read_ranks
from .slow_vocab import EncoderTokenizer
from .vocab_files import read_vocab


def byte_characters() -> dict[int, str]:
    """Byte to the printable character that stands for it (Radford et al. 2019)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {**{byte: chr(byte) for byte in plain}, **{byte: chr(256 + n) for n, byte in enumerate(others)}}


class ClvpTokenizer(EncoderTokenizer):
    """Tokenizer of CLVP (Betker 2022).

    Args:
        vocab_file, merges_file: vocab.json and merges.txt.
        errors: what happens to bytes that are no text when ids are decoded.
        add_prefix_space: kept with the tokenizer; it changes nothing.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "merges_file": "merges.txt"}
    model_input_names = ["input_ids", "attention_mask"]
    normalizer = EnglishNormalizer()

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        merges_file: str | os.PathLike,
        errors: str = "replace",
        unk_token: str = "[UNK]",
        bos_token: str = "<|endoftext|>",
        eos_token: str = "[STOP]",
        pad_token: str = "[STOP]",
        add_prefix_space: bool = False,
        **kwargs: Any,
    ):
        self._use(read_vocab(vocab_file))
        self.errors, self.add_prefix_space = errors, add_prefix_space
        self.bpe_ranks, self.cache = read_ranks(merges_file, 1, slice(None)), {}
        named = {"unk_token": unk_token, "bos_token": bos_token, "eos_token": eos_token, "pad_token": pad_token}
        named = {name: AddedToken(t, special=True) if isinstance(t, str) else t for name, t in named.items()}
        kwargs.setdefault("special_tokens_pattern", "none")
        super().__init__(errors=errors, add_prefix_space=add_prefix_space, **named, **kwargs)

    def bpe(self, token: str) -> str:
        """Pieces of a word (spelled in the characters of its bytes), with blanks between them."""
        if token not in self.cache:
            self.cache[token] = " ".join(merge_by_rank(list(token), self.bpe_ranks))
        return self.cache[token]

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        words = pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(self.normalizer(text))
        space = "[SPACE]" if "[SPACE]" in self.encoder else "Ġ"
        pieces = (piece for word, _ in words for piece in self.bpe(word).split(" "))
        return [space if piece == "Ġ" else piece for piece in pieces]

    def _convert_id_to_token(self, index: int) -> str | None:
        return self.decoder.get(index)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        to_byte = {char: byte for byte, char in byte_characters().items()}
        return bytes(to_byte[char] for char in "".join(tokens)).decode("utf-8", errors=self.errors)

    def clean_up_tokenization(self, text: str | list[str]) -> str:
        """The text without unknown tokens and ends, with blanks where their token stands."""
        text = "".join(text)
        for token in ("[SPACE]", "[STOP]"):
            if token in self.encoder or token in self.added_tokens_encoder:
                text = text.replace(token, " ")
        return text.replace(self.unk_token, "").replace("   ", " ").replace("  ", " ")
