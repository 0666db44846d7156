"""Byte-pair encoding of words with `</w>` at their end, in Python: CTRL, PhoBERT, BERTweet, small Blenderbot."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

from ..utils.files import atomic_write
from ._engine import TokenizerError
from .slow_vocab import EncoderTokenizer, file_in, is_folder
from .vocab_files import read_text, read_vocab

_WORD = re.compile(r"\S+\n?")


def merge_by_rank(parts: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """Neighbours merged, the pair of the lowest rank first, everywhere it stands (Sennrich et al. 2016).

    >>> merge_by_rank(list("abcab"), {("a", "b"): 0, ("ab", "c"): 1})
    ['abc', 'ab']
    """
    while len(parts) > 1:
        pair = min(zip(parts, parts[1:]), key=lambda pair: ranks.get(pair, float("inf")))
        if pair not in ranks:
            break
        merged, index = [], 0
        while index < len(parts):
            if tuple(parts[index : index + 2]) == pair:
                merged.append("".join(pair))
                index += 2
            else:
                merged.append(parts[index])
                index += 1
        parts = merged
    return parts


def read_ranks(path: str | os.PathLike, first: int, parts: slice) -> dict[tuple[str, ...], int]:
    """Merges of a file, a line each, to their ranks: from line `first` on, what follows the last line feed left out."""
    lines = read_text(path).split("\n")[first:-1]
    return {merge: rank for rank, merge in enumerate(tuple(line.split()[parts]) for line in lines)}


class RankBpeTokenizer(EncoderTokenizer):
    """Words between blanks, split by ranked merges; a piece that does not end its word ends in "@@"."""

    bpe_ranks: dict[tuple[str, ...], int]

    def _split_word(self, word: str) -> list[str]:
        """Pieces of a word, the last one with `</w>`."""
        pieces = self.cache.get(word)
        if pieces is None:
            pieces = self.cache[word] = merge_by_rank([*word[:-1], word[-1] + "</w>"], self.bpe_ranks)
        return pieces

    def bpe(self, token: str) -> str:
        """Pieces of a word, with "@@ " between them.

        >>> CTRLTokenizer("vocab.json", "merges.txt").bpe("adapting")  # doctest: +SKIP
        'adapt@@ ing'
        """
        return "@@ ".join(self._split_word(token))[: -len("</w>")]

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return [piece for word in _WORD.findall(text) for piece in self.bpe(word).split(" ")]

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings."""
        return " ".join(tokens).replace("@@ ", "").strip()


class CTRLTokenizer(RankBpeTokenizer):
    """Tokenizer of CTRL (Keskar et al. 2019).

    Args:
        vocab_file, merges_file: vocab.json and merges.txt.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "merges_file": "merges.txt"}
    add_bpe_version_header = True
    # What a text may begin with, and the id of its token.
    control_codes = {
        "Pregnancy": 168629, "Christianity": 7675, "Explain": 106423, "Fitness": 63440, "Saving": 63163, "Ask": 27171,
        "Ass": 95985, "Joke": 163509, "Questions": 45622, "Thoughts": 49605, "Retail": 52342, "Feminism": 164338,
        "Writing": 11992, "Atheism": 192263, "Netflix": 48616, "Computing": 39639, "Opinion": 43213, "Alone": 44967,
        "Funny": 58917, "Gaming": 40358, "Human": 4088, "India": 1331, "Joker": 77138, "Diet": 36206, "Legal": 11859,
        "Norman": 4939, "Tip": 72689, "Weight": 52343, "Movies": 46273, "Running": 23425, "Science": 2090,
        "Horror": 37793, "Confession": 60572, "Finance": 12250, "Politics": 16360, "Scary": 191985, "Support": 12654,
        "Technologies": 32516, "Teenage": 66160, "Event": 32769, "Learned": 67460, "Notion": 182770,
        "Wikipedia": 37583, "Books": 6665, "Extract": 76050, "Confessions": 102701, "Conspiracy": 75932,
        "Links": 63674, "Narcissus": 150425, "Relationship": 54766, "Relationships": 134796, "Reviews": 41671,
        "News": 4256, "Translation": 26820, "multilingual": 128406,
    }  # fmt: skip

    def __init__(
        self, vocab_file: str | os.PathLike, merges_file: str | os.PathLike, unk_token: str = "<unk>", **kwargs: Any
    ):
        self._use(read_vocab(vocab_file))
        self.bpe_ranks, self.cache = read_ranks(merges_file, 1, slice(None)), {}
        super().__init__(
            unk_token=unk_token, **{"token_type_ids_pattern": "all_zeros", "special_tokens_pattern": "none", **kwargs}
        )


class BlenderbotSmallTokenizer(RankBpeTokenizer):
    """Tokenizer of small Blenderbots: lower case, punctuation set apart.

    Args:
        vocab_file, merges_file: vocab.json and merges.txt.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    vocab_files_names = {"vocab_file": "vocab.json", "merges_file": "merges.txt"}
    model_input_names = ["input_ids", "attention_mask"]
    add_bpe_version_header = True

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        merges_file: str | os.PathLike,
        bos_token: str = "__start__",
        eos_token: str = "__end__",
        unk_token: str = "__unk__",
        pad_token: str = "__null__",
        **kwargs: Any,
    ):
        self._use(read_vocab(vocab_file))
        self.bpe_ranks, self.cache = read_ranks(merges_file, 1, slice(None)), {}
        super().__init__(unk_token=unk_token, bos_token=bos_token, eos_token=eos_token, pad_token=pad_token, **kwargs)
        self.special_tokens_pattern = None

    def bpe(self, token: str) -> str:
        """Pieces of the words in `token`, which punctuation splits, with "@@ " between pieces and " " between words."""
        token = re.sub("([.,!?()])", r" \1", token)
        token = re.sub(r"\s{2,}", " ", token.replace("'", " ' ")).replace("\n", " __newln__")
        return " ".join(super(BlenderbotSmallTokenizer, self).bpe(word.lower()) for word in token.split(" ") if word)

    def _convert_token_to_id(self, token: str) -> int | None:
        return super()._convert_token_to_id(token.lower())


BlenderbotSmallTokenizerFast = BlenderbotSmallTokenizer


class CountedTokenizer(RankBpeTokenizer):
    """fairseq's files: a token and a number a line behind four tokens that are not in it; merges with their counts."""

    vocab_files_names = {"vocab_file": "vocab.txt", "merges_file": "bpe.codes"}

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        merges_file: str | os.PathLike,
        bos_token: str = "<s>",
        eos_token: str = "</s>",
        sep_token: str = "</s>",
        cls_token: str = "<s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        mask_token: str = "<mask>",
        **kwargs: Any,
    ):
        self.vocab_file, self.merges_file = os.fspath(vocab_file), os.fspath(merges_file)
        self.encoder = {str(bos_token): 0, str(pad_token): 1, str(eos_token): 2, str(unk_token): 3}
        self.add_from_file(self.vocab_file)
        self.decoder = {index: token for token, index in self.encoder.items()}
        self.bpe_ranks, self.cache = read_ranks(merges_file, 0, slice(-1)), {}
        super().__init__(
            bos_token=bos_token, eos_token=eos_token, unk_token=unk_token, sep_token=sep_token, cls_token=cls_token,
            pad_token=pad_token, mask_token=mask_token,
            **{"token_type_ids_pattern": "all_zeros", "special_tokens_pattern": "cls_double_sep", **kwargs},
        )  # fmt: skip

    def add_from_file(self, f: Any) -> None:
        """Add the tokens of a file, given by its path or open, behind those that are there."""
        where, text = (f, read_text(f)) if isinstance(f, (str, os.PathLike)) else ("the file", f.read())
        lines = text.split("\n")
        for number, line in enumerate(lines[:-1] if lines[-1] == "" else lines, 1):
            word, blank, _ = line.strip().rpartition(" ")
            if not blank:
                raise TokenizerError(
                    f"Incorrect dictionary format, expected '<token> <cnt>' ({where}: line {number} is {line[:60]!r})"
                )
            self.encoder[word] = len(self.encoder)


class PhobertTokenizer(CountedTokenizer):
    """Tokenizer of PhoBERT, for Vietnamese text in words (Nguyen and Nguyen 2020).

    Args:
        vocab_file, merges_file: vocab.txt and bpe.codes.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Copy the two files; returns their paths."""
        if not is_folder(save_directory):
            return ()
        paths = []
        for source, name in ((self.vocab_file, "vocab.txt"), (self.merges_file, "bpe.codes")):
            path = file_in(save_directory, filename_prefix, name)
            if os.path.abspath(source) != os.path.abspath(path):
                shutil.copyfile(source, path)
            paths.append(path)
        return tuple(paths)


def write_counted(tokenizer: CountedTokenizer, directory: Any, prefix: str | None) -> tuple[str, ...]:
    """Write the vocabulary with the ids in the place of counts, and the merges; returns the paths."""
    vocab, ranks = tokenizer.encoder, tokenizer.bpe_ranks
    paths = file_in(directory, prefix, "vocab.txt"), file_in(directory, prefix, "bpe.codes")
    named = sorted((item for item in vocab.items() if item[1] >= 4), key=lambda item: item[1])
    atomic_write(paths[0], "".join(f"{token} {index}\n" for token, index in named))
    atomic_write(paths[1], "".join(" ".join(merge) + "\n" for merge in sorted(ranks, key=ranks.__getitem__)))
    return paths
