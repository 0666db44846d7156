"""CpmAntTokenizer: words that jieba finds, in the longest pieces of a vocabulary."""

from __future__ import annotations

import os
from typing import Any

from ..utils.files import atomic_write
from ._engine import TokenizerError
from .slow_vocab import EncoderTokenizer, file_in, is_folder, needs, read_line_vocab


class CpmAntTokenizer(EncoderTokenizer):
    """Tokenizer of CPM-Ant; needs the package rjieba.

    Args:
        vocab_file: vocab.txt, a token a line.
        line_token, space_token: stand in the file for a line feed and a blank.
        bod_token, eod_token: begin and end of a document.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.txt"}
    model_input_names = ["input_ids", "attention_mask"]
    add_prefix_space = False

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        bod_token: str = "<d>",
        eod_token: str = "</d>",
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        pad_token: str = "<pad>",
        unk_token: str = "<unk>",
        line_token: str = "</n>",
        space_token: str = "</_>",
        padding_side: str = "left",
        **kwargs: Any,
    ):
        self._words()
        self.bod_token, self.eod_token = bod_token, eod_token
        vocab = read_line_vocab(vocab_file)
        for char, token in ((" ", space_token), ("\n", line_token)):
            if token not in vocab:
                raise TokenizerError(f"{vocab_file}: there is no token {token!r}, which stands for {char!r}")
            vocab[char] = vocab.pop(token)
        self._use(dict(sorted(vocab.items(), key=lambda item: item[1])))
        super().__init__(
            bod_token=bod_token, eod_token=eod_token, bos_token=bos_token, eos_token=eos_token, pad_token=pad_token,
            unk_token=unk_token, line_token=line_token, space_token=space_token, padding_side=padding_side,
            **{"token_type_ids_pattern": "all_zeros", "special_tokens_pattern": "bos", **kwargs},
        )  # fmt: skip
        for token in (space_token, line_token):  # they are the characters by now
            self._added_tokens_decoder.pop(self._added_tokens_encoder.pop(token, None), None)

    @staticmethod
    def _words() -> Any:
        return needs("CpmAntTokenizer", "rjieba")

    @property
    def bod_token_id(self) -> int:
        """Id of the begin of a document."""
        return self.encoder[self.bod_token]

    @property
    def eod_token_id(self) -> int:
        """Id of the end of a document."""
        return self.encoder[self.eod_token]

    @property
    def newline_id(self) -> int:
        """Id of a line feed."""
        return self.encoder["\n"]

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return [piece for word in self._words().cut(text, False) for piece in self._pieces(word)]

    def _pieces(self, word: str, longest: int = 200) -> list[str]:
        if len(word) > longest:
            return [self.unk_token]
        pieces, start = [], 0
        while start < len(word):
            end = next((end for end in range(len(word), start, -1) if word[start:end] in self.encoder), None)
            pieces.append(self.unk_token if end is None else word[start:end])
            start = start + 1 if end is None else end
        return pieces

    def check(self, token: str) -> bool:
        """Whether the vocabulary has a token."""
        return token in self.encoder

    def _decode(self, token_ids, *args: Any, **kwargs: Any) -> str:
        ids = [token_ids] if isinstance(token_ids, int) else token_ids
        left_out = (self.pad_token_id, self.eos_token_id, self.bos_token_id)
        return super()._decode([index for index in ids if index >= 0 and index not in left_out], *args, **kwargs)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.txt; returns its path."""
        if not is_folder(save_directory):
            return ()
        path = file_in(save_directory, filename_prefix, "vocab.txt")
        spelled = {" ": "</_>", "\n": "</n>"}
        tokens = sorted(self.encoder, key=self.encoder.__getitem__)
        atomic_write(path, "".join(f"{spelled.get(token, token)}\n" for token in tokens))
        return (path,)
