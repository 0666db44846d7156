"""MyT5Tokenizer: bytes, rewritten so that the parts of words in many languages take few of them."""

from __future__ import annotations

import json
import os
from typing import Any

from ..utils.files import atomic_write
from ._engine import TokenizerError
from .eos_slow import EosBehind, named_extra_ids, wide
from .slow import PreTrainedTokenizer
from .slow_vocab import file_in, is_folder
from .vocab_files import read_json

_HERE = ""  # key of a node at which a rule ends


class ByteRewriter:
    """Rules from sequences of bytes to others, each "c3 a9" and the like; of those that fit, the longest is used.

    Args:
        rewriting_rules: a dictionary of them, or the path of a JSON file.

    >>> ByteRewriter({"61 62": "01", "61": "02"}).rewrite_bytes(["61", "62", "61", "63"])
    ['01', '02', '63']
    """

    def __init__(self, rewriting_rules: str | dict[str, str]):
        rules = read_json(rewriting_rules) if isinstance(rewriting_rules, str) else rewriting_rules
        if not isinstance(rules, dict):
            raise TypeError(f"rewriting_rules should be either a path to json file or a dict, got {type(rules)}")
        if not all(isinstance(rule, str) for pair in rules.items() for rule in pair):
            raise TokenizerError("rewriting_rules: found a rule that is no text, needed bytes such as 'c3 a9'")
        self.tree = self._tree(rules)
        self.reverse_tree = self._tree({after: before for before, after in rules.items()})

    @staticmethod
    def _tree(rules: dict[str, str]) -> dict:
        tree: dict = {f"{byte:02x}": {_HERE: [f"{byte:02x}"]} for byte in range(256)}
        for before, after in rules.items():
            node = tree
            for byte in before.split(" "):
                node = node.setdefault(byte, {})
            node[_HERE] = after.split(" ")
        return tree

    def rewrite_bytes(self, in_bytes: list[str], reverse: bool = False) -> list[str]:
        """The sequence with the rules (or, with `reverse`, their reverses) applied from the left."""
        tree, out, start = self.reverse_tree if reverse else self.tree, [], 0
        while start < len(in_bytes):
            node, end, found = tree, start + 1, [in_bytes[start]]
            for place in range(start, len(in_bytes)):
                node = node.get(in_bytes[place])
                if node is None:
                    break
                if _HERE in node:
                    found, end = node[_HERE], place + 1
            out += found
            start = end
        return out


class MyT5Tokenizer(EosBehind, PreTrainedTokenizer):
    """Tokenizer of MyT5 (Limisiewicz et al. 2024): ByT5's ids, behind two rewritings of the bytes.

    Args:
        vocab_file: byte_maps.json, with "decompose_map" and "merge_map".
        extra_ids: number of <extra_id_...> tokens.
        **kwargs: see `PreTrainedTokenizerBase`.
    """

    model_input_names = ["input_ids", "attention_mask"]
    vocab_files_names = {"vocab_file": "byte_maps.json"}

    def __init__(
        self,
        vocab_file: str | os.PathLike,
        eos_token: str = "</s>",
        unk_token: str = "<unk>",
        pad_token: str = "<pad>",
        extra_ids: int = 125,
        additional_special_tokens: list[str] | None = None,
        **kwargs: Any,
    ):
        given = kwargs.pop("extra_special_tokens", None) or additional_special_tokens
        named = named_extra_ids("MyT5Tokenizer", extra_ids, given)
        pad_token, eos_token, unk_token = map(wide, (pad_token, eos_token, unk_token))
        self._added_tokens_decoder = {0: pad_token, 1: eos_token, 2: unk_token}
        self.offset = len(self._added_tokens_decoder)
        self.byte_maps = read_json(vocab_file)
        missing = [name for name in ("decompose_map", "merge_map") if not isinstance(self.byte_maps.get(name), dict)]
        if missing:
            raise TokenizerError(f"{vocab_file}: has no {missing[0]!r} that maps bytes to bytes")
        self.decompose_rewriter = ByteRewriter(self.byte_maps["decompose_map"])
        self.merge_rewriter = ByteRewriter(self.byte_maps["merge_map"])
        super().__init__(eos_token=eos_token, unk_token=unk_token, pad_token=pad_token, extra_ids=0,
                         extra_special_tokens=named, **kwargs)  # fmt: skip

    @property
    def vocab_size(self) -> int:
        """The bytes."""
        return 256

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included; a byte is two hexadecimal digits."""
        vocab = {self.convert_ids_to_tokens(index): index for index in range(self.vocab_size + self.offset)}
        return {**vocab, **self.added_tokens_encoder}

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        return self.morphological_encode([f"{byte:02x}" for byte in text.encode("utf-8")])

    def _convert_token_to_id(self, token: str) -> int | None:
        return int(token, 16) + self.offset if len(token) == 2 else None

    def _convert_id_to_token(self, index: int) -> str:
        return f"{index - self.offset:02x}"

    def morphological_encode(self, indices: list[str]) -> list[str]:
        """Bytes of a text to those that the model reads."""
        return self.merge_rewriter.rewrite_bytes(self.decompose_rewriter.rewrite_bytes(indices))

    def morphological_decode(self, indices: list[str]) -> list[str]:
        """And back."""
        merged = self.merge_rewriter.rewrite_bytes(indices, reverse=True)
        return self.decompose_rewriter.rewrite_bytes(merged, reverse=True)

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings; bytes that are no text are left out."""
        added = self._added_tokens_encoder
        parts = (t.encode() if t in added else bytes.fromhex(t) for t in self.morphological_decode(tokens))
        return b"".join(parts).decode("utf-8", errors="ignore")

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write byte_maps.json; returns its path."""
        if not is_folder(save_directory):
            return ()
        path = file_in(save_directory, filename_prefix, "byte_maps.json")
        atomic_write(path, json.dumps(self.byte_maps, indent=2, ensure_ascii=False))
        return (path,)
