"""GPTNeoXJapaneseTokenizer: the longest or most frequent pieces, one for several spellings, with bytes for the rest."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from ..utils.files import atomic_write
from ._engine import TokenizerError
from .slow import PreTrainedTokenizer
from .slow_vocab import file_in, is_folder, read_lines
from .vocab_files import read_json

_BLANKS = (("\u0020", "<SP>"), ("\u3000", "<SP>"), ("\r\n", "<BR>"), ("\n", "<BR>"), ("\r", "<BR>"), ("\t", "<TAB>"))
_DAYS = r"(\d{1,2}|:|\d{1,2}時|\d{1,2}分|\(日\)|\(月\)|\(火\)|\(水\)|\(木\)|\(金\)|\(土\)|㈰|㈪|㈫|㈬|㈭|㈮|㈯)*"
_UNIT = r"(?:千円|万円|千万円|円|千ドル|万ドル|千万ドル|ドル|千ユーロ|万ユーロ|千万ユーロ|ユーロ)+(?:\(税込\)|\(税抜\)|\+tax)*"
# What stands for addresses, numbers of telephones, dates and prices in a text that is cleaned.
_CLEANED = (
    (r"(https?|ftp)(:\/\/[-_\.!~*\'()a-zA-Z0-9;\/?:\@&=\+$,%#]+)", "<URL>"),
    (r"[A-Za-z0-9\._+]*@[\-_0-9A-Za-z]+(\.[A-Za-z]+)*", "<EMAIL>"),
    (r"[\(]{0,1}[0-9]{2,4}[\)\-\(]{0,1}[0-9]{2,4}[\)\-]{0,1}[0-9]{3,4}", "<TEL>"),
    (r"([12]\d{3}[/\-年])*(0?[1-9]|1[0-2])[/\-月]((0?[1-9]|[12][0-9]|3[01])日?)*" + _DAYS, "<DATE>"),
    (r"(明治|大正|昭和|平成|令和|㍾|㍽|㍼|㍻|\u32ff)\d{1,2}年(0?[1-9]|1[0-2])月(0?[1-9]|[12][0-9]|3[01])日" + _DAYS, "<DATE>"),
)  # fmt: skip
_FRAMES = str.maketrans({code: "<BLOCK>" for code in (*range(0x2500, 0x2580), *range(0x2580, 0x25A0))})
_WORDS = {"<SP>": " ", "<TAB>": "\t", "<BLOCK>": "▀", "<KIGOU>": "ǀ", "<U2000U2BFF>": "‖"}


def _price() -> re.Pattern:
    """Amounts of money. What a number begins with is never given back (possessive, spelled as a look-ahead)."""
    groups = "".join(rf"(?=(?P<g{n}>(?:\d,\d{{3}}|[\d{unit}])*))(?P=g{n})" for n, unit in enumerate("億万千"))
    return re.compile(groups + _UNIT)


def _is_symbol(char: str) -> bool:
    """A two-byte character among those that <KIGOU> stands for."""
    code = char.encode("utf-8", "replace")
    value = int.from_bytes(code, "big") if len(code) == 2 else 0
    ranges = ((0xC2A1, 0xC2BF), (0xC780, 0xC783), (0xCAB9, 0xCBBF), (0xCC80, 0xCDA2))
    return any(first <= value <= last for first, last in ranges)


def _is_general_symbol(char: str) -> bool:
    """A three-byte character among those that <U2000U2BFF> stands for."""
    code = char.encode("utf-8", "replace")
    return len(code) == 3 and 0xE28080 <= int.from_bytes(code, "big") <= 0xE2B07F


class SubWordJapaneseTokenizer:
    """Pieces of a text; see `GPTNeoXJapaneseTokenizer`.

    Args:
        vocab: spelling to id.
        ids_to_tokens: id to its spellings.
        emoji: {"emoji": {emoji: piece}, "emoji_inv": {piece: emoji}}.
    """

    def __init__(self, vocab: dict[str, int], ids_to_tokens: dict[int, list[str]], emoji: dict[str, dict[str, str]]):
        self.vocab, self.ids_to_tokens, self.emoji = vocab, ids_to_tokens, emoji
        self.maxlen = max(map(len, vocab), default=0)
        self._cleaned = [(re.compile(pattern), name) for pattern, name in _CLEANED] + [(_price(), "<PRICE>")]

    def __len__(self) -> int:
        return len(self.ids_to_tokens)

    def clean_text(self, content: str) -> str:
        """The text with <URL>, <EMAIL>, <TEL>, <DATE>, <PRICE> and <BLOCK> for what each names."""
        for pattern, name in self._cleaned:
            content = pattern.sub(name, content)
        return re.sub("(?:<BLOCK>)+", "<BLOCK>", content.translate(_FRAMES))

    def tokenize(self, text: str, clean: bool = False) -> list[str]:
        """Pieces of a text."""
        for blank, name in _BLANKS:
            text = text.replace(blank, name)
        text = text.replace("—", "ー").replace("−", "ー")
        for emoji, name in self.emoji["emoji"].items():
            text = text.replace(emoji, name)
        text = self.clean_text(text) if clean else text
        place, out = 0, []
        while place < len(text):
            piece = self._piece(text, place)
            if piece is not None:
                out.append(piece)
                place += len(piece)
                continue
            char = text[place]
            if _is_symbol(char):
                out.append("<KIGOU>")
            elif _is_general_symbol(char):
                out.append("<U2000U2BFF>")
            else:
                out += [f"<|byte{byte}|>" for byte in char.encode("utf-8")]
            place += 1
        return out

    def _piece(self, text: str, place: int) -> str | None:
        """The piece of the lowest id among up to three characters; a <NAME> before any other."""
        longest = self.maxlen + 1 if text[place] == "<" else 3
        best: str | None = None
        for end in range(min(place + longest, len(text)), place, -1):
            piece = text[place:end]
            if piece in self.vocab:
                if piece[0] == "<" and len(piece) > 2:
                    return piece
                if best is None or self.vocab[piece] < self.vocab[best]:
                    best = piece
        return best

    def convert_id_to_token(self, index: int, breakline: str = "\n") -> str:
        """Text of an id."""
        word = self.ids_to_tokens[index][0]
        if word.startswith("<|byte") and word.endswith("|>"):
            return bytes([int(word[6:-2])]).decode("utf-8", errors="replace")
        if word.startswith("<|emoji") and word.endswith("|>"):
            return self.emoji["emoji_inv"][word]
        return breakline if word == "<BR>" else _WORDS.get(word, word)


class GPTNeoXJapaneseTokenizer(PreTrainedTokenizer):
    """Tokenizer of the Japanese GPT-NeoX.

    Args:
        vocab_file: vocab.txt; a line holds an id's spellings, with commas between them.
        emoji_file: emoji.json.
        do_clean_text: put names in the place of addresses, numbers of telephones, dates and prices.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.txt", "emoji_file": "emoji.json"}
    model_input_names = ["input_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        emoji_file: str | os.PathLike,
        unk_token: str = "<|endoftext|>",
        pad_token: str = "<|endoftext|>",
        bos_token: str = "<|startoftext|>",
        eos_token: str = "<|endoftext|>",
        do_clean_text: bool = False,
        **kwargs: Any,
    ):
        for path, what in ((vocab_file, "vocabulary"), (emoji_file, "emoji")):
            if not os.path.isfile(path):
                raise ValueError(
                    f"Can't find a {what} file at path '{path}'. To load the vocabulary from a Google pretrained model use "
                    "`tokenizer = GPTNeoXJapaneseTokenizer.from_pretrained(PRETRAINED_MODEL_NAME)`"
                )
        self.do_clean_text = do_clean_text
        spellings = [line.split(",") for line in read_lines(vocab_file)]
        self.ids_to_tokens = dict(enumerate(spellings))
        self.vocab = {spelling: index for index, row in enumerate(spellings) for spelling in row}
        self.raw_vocab = {",".join(row): index for index, row in enumerate(spellings)}
        self.emoji = read_json(emoji_file)
        if not all(isinstance(self.emoji.get(name), dict) for name in ("emoji", "emoji_inv")):
            raise TokenizerError(f"{emoji_file}: needed the objects 'emoji' and 'emoji_inv'")
        self.subword_tokenizer = SubWordJapaneseTokenizer(self.vocab, self.ids_to_tokens, self.emoji)
        kwargs.setdefault("special_tokens_pattern", "none")
        super().__init__(unk_token=unk_token, pad_token=pad_token, bos_token=bos_token, eos_token=eos_token,
                         do_clean_text=do_clean_text, **kwargs)  # fmt: skip

    @property
    def vocab_size(self) -> int:
        """Number of ids."""
        return len(self.raw_vocab)

    def get_vocab(self) -> dict[str, int]:
        """Spellings of an id with commas between them to the id, added tokens included."""
        return {**self.raw_vocab, **self.added_tokens_encoder}

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return self.subword_tokenizer.tokenize(text, clean=self.do_clean_text)

    def _convert_token_to_id(self, token: str) -> int | None:
        return self.vocab.get(token, self.vocab.get(self.unk_token))

    def _convert_id_to_token(self, index: int) -> str:
        return self.subword_tokenizer.convert_id_to_token(index)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return "".join(tokens).strip()

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocabulary and emojis; returns their paths."""
        if not is_folder(save_directory):
            return ()
        names = self.vocab_files_names
        vocab = file_in(save_directory, filename_prefix, names["vocab_file"])
        atomic_write(vocab, "".join(",".join(row) + "\n" for row in self.ids_to_tokens.values()))
        emoji = file_in(save_directory, filename_prefix, names["emoji_file"])
        atomic_write(emoji, json.dumps(self.emoji))
        return vocab, emoji
