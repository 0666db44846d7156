"""BERT's words and word pieces as its first implementation finds them, in Python; ProphetNet's tokenizer."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from typing import Any

from .slow_vocab import EncoderTokenizer, file_in, is_folder, read_line_vocab, write_line_vocab

_CHINESE = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
            (0x2B820, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F))  # fmt: skip


def is_whitespace(char: str) -> bool:
    """A blank, tab or line end, or one of Unicode's blanks."""
    return char in " \t\n\r" or unicodedata.category(char) == "Zs"


def is_control(char: str) -> bool:
    """One of Unicode's categories C, but for tabs and line ends."""
    return char not in "\t\n\r" and unicodedata.category(char).startswith("C")


def is_punctuation(char: str) -> bool:
    """Every ASCII character that is no letter, digit, blank or control; what Unicode calls punctuation."""
    code = ord(char)
    if 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126:
        return True
    return unicodedata.category(char).startswith("P")


def is_chinese(char: str) -> bool:
    """One of the CJK ideographs."""
    return any(first <= ord(char) <= last for first, last in _CHINESE)


class BasicTokenizer:
    """Words between blanks and around punctuation.

    Args:
        do_lower_case: whether capitals are made small (and, unless `strip_accents` is False, accents removed).
        never_split: words that stay as they are.
        tokenize_chinese_chars: whether ideographs are words.
        strip_accents: whether accents are removed.
        do_split_on_punc: whether punctuation makes words.

    >>> BasicTokenizer().tokenize("Héllo, World!")
    ['hello', ',', 'world', '!']
    """

    def __init__(
        self,
        do_lower_case: bool = True,
        never_split: Iterable[str] | None = None,
        tokenize_chinese_chars: bool = True,
        strip_accents: bool | None = None,
        do_split_on_punc: bool = True,
    ):
        self.do_lower_case, self.never_split = do_lower_case, set(never_split or ())
        self.tokenize_chinese_chars, self.strip_accents = tokenize_chinese_chars, strip_accents
        self.do_split_on_punc = do_split_on_punc

    def tokenize(self, text: str, never_split: Iterable[str] | None = None) -> list[str]:
        """Words of a text."""
        kept = self.never_split | set(never_split or ())
        text = "".join(self._clean(char) for char in text)
        words: list[str] = []
        for word in unicodedata.normalize("NFC", text).split():
            if word not in kept:
                word = word.lower() if self.do_lower_case else word
                if self.strip_accents or (self.do_lower_case and self.strip_accents is not False):
                    word = "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")
            words += [word] if not self.do_split_on_punc or word in kept else self._split(word)
        return " ".join(words).split()

    def _clean(self, char: str) -> str:
        if char in "\0\ufffd" or is_control(char):
            return ""
        if is_whitespace(char):
            return " "
        return f" {char} " if self.tokenize_chinese_chars and is_chinese(char) else char

    @staticmethod
    def _split(word: str) -> list[str]:
        """The word cut before and behind each mark of punctuation."""
        return "".join(f" {char} " if is_punctuation(char) else char for char in word).split(" ")


class WordpieceTokenizer:
    """Words in the longest pieces of a vocabulary, from the left; the unknown token for a word that has none.

    >>> WordpieceTokenizer({"un", "##aff", "##able"}, "[UNK]").tokenize("unaffable of")
    ['un', '##aff', '##able', '[UNK]']
    """

    def __init__(self, vocab: Any, unk_token: str, max_input_chars_per_word: int = 100):
        self.vocab, self.unk_token, self.max_input_chars_per_word = vocab, unk_token, max_input_chars_per_word

    def tokenize(self, text: str) -> list[str]:
        """Pieces of the words between blanks."""
        return [piece for word in text.split() for piece in self._pieces(word)]

    def _pieces(self, word: str) -> list[str]:
        if len(word) > self.max_input_chars_per_word:
            return [self.unk_token]
        pieces, start = [], 0
        while start < len(word):
            before = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if before + word[start:end] in self.vocab), None)
            if end is None:
                return [self.unk_token]
            pieces.append(before + word[start:end])
            start = end
        return pieces


class WordPieceFileTokenizer(EncoderTokenizer):
    """`BasicTokenizer`, then `WordpieceTokenizer`, over a vocabulary with a token a line."""

    vocab_name = "vocab.txt"

    def _read(self, vocab_file: str | os.PathLike, unk_token: Any) -> None:
        if not os.path.isfile(vocab_file):
            raise ValueError(
                f"Can't find a vocabulary file at path '{vocab_file}'. To load the vocabulary from a Google pretrained "
                "model use `tokenizer = AutoTokenizer.from_pretrained(PRETRAINED_MODEL_NAME)`"
            )
        self._use(read_line_vocab(vocab_file))
        self.wordpiece_tokenizer = WordpieceTokenizer(self.encoder, str(unk_token))

    @property
    def vocab(self) -> dict[str, int]:
        """Token to id."""
        return self.encoder

    @property
    def ids_to_tokens(self) -> dict[int, str]:
        """Id to token."""
        return self.decoder

    def _tokenize(self, text: str, split_special_tokens: bool = False, **kwargs: Any) -> list[str]:
        if not self.do_basic_tokenize:
            return self.wordpiece_tokenizer.tokenize(text)
        kept = None if split_special_tokens else self.all_special_tokens
        pieces: list[str] = []
        for word in self.basic_tokenizer.tokenize(text, never_split=kept):
            whole = word in self.basic_tokenizer.never_split
            pieces += [word] if whole else self.wordpiece_tokenizer.tokenize(word)
        return pieces

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return " ".join(tokens).replace(" ##", "").strip()

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write the vocabulary; returns its path."""
        if not is_folder(save_directory):
            return ()
        path = file_in(save_directory, filename_prefix, self.vocab_name)
        write_line_vocab(path, self.encoder)
        return (path,)


class ProphetNetTokenizer(WordPieceFileTokenizer):
    """Tokenizer of ProphetNet: BERT's, with the separator behind texts and nothing in front.

    Args:
        vocab_file: prophetnet.tokenizer, a token a line.
        do_lower_case, tokenize_chinese_chars, strip_accents, never_split: see `BasicTokenizer`.
        do_basic_tokenize: False only looks for blanks.
        x_sep_token: a second separator.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_name = "prophetnet.tokenizer"
    vocab_files_names = {"vocab_file": vocab_name}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        do_lower_case: bool = True,
        do_basic_tokenize: bool = True,
        never_split: Iterable[str] | None = None,
        unk_token: str = "[UNK]",
        sep_token: str = "[SEP]",
        x_sep_token: str = "[X_SEP]",
        pad_token: str = "[PAD]",
        mask_token: str = "[MASK]",
        tokenize_chinese_chars: bool = True,
        strip_accents: bool | None = None,
        clean_up_tokenization_spaces: bool = True,
        **kwargs: Any,
    ):
        self._read(vocab_file, unk_token)
        self.do_basic_tokenize = do_basic_tokenize
        self.basic_tokenizer = BasicTokenizer(do_lower_case, never_split, tokenize_chinese_chars, strip_accents)
        kwargs.setdefault("special_tokens_pattern", "eos")
        super().__init__(
            do_lower_case=do_lower_case, do_basic_tokenize=do_basic_tokenize, never_split=never_split,
            unk_token=unk_token, sep_token=sep_token, x_sep_token=x_sep_token, pad_token=pad_token,
            mask_token=mask_token, tokenize_chinese_chars=tokenize_chinese_chars, strip_accents=strip_accents,
            clean_up_tokenization_spaces=clean_up_tokenization_spaces, **kwargs,
        )  # fmt: skip

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """The separator behind a text, and behind each of a pair."""
        sep = [self.sep_token_id]
        return list(token_ids_0) + sep + ([] if token_ids_1 is None else list(token_ids_1) + sep)
