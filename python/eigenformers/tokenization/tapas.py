"""TapasTokenizer: a question and a table as one sequence, each token with its place in the table."""

from __future__ import annotations

import math
import os
import re
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np

from ..tokenizers import models, normalizers, pre_tokenizers
from ..utils import logging
from ..utils.files import atomic_write
from ._engine import Tokenizer, UnsupportedError
from .batch_encoding import BatchEncoding
from .enums import ExplicitEnum, PaddingStrategy
from .slow import PreTrainedTokenizer
from .table_numbers import Value, column_values, ranks_of, relations_of, values_of
from .tables import Table, read_table
from .vocab_files import read_vocab

logger = logging.get_logger(__name__)


class TapasTruncationStrategy(ExplicitEnum):
    """What `truncation` may be: leave out rows from the end, then words of the cells, or nothing."""

    DROP_ROWS_TO_FIT = "drop_rows_to_fit"
    DO_NOT_TRUNCATE = "do_not_truncate"


class _Token(NamedTuple):
    text: str
    column: int  # from 1
    row: int  # from 1; 0: the names of the columns
    word: int  # where its word begins in the cell


class TapasTokenizer(PreTrainedTokenizer):
    """Tokenizer of TAPAS: word pieces of the question, then of the table's columns and cells.

    Args:
        vocab_file: vocab.txt.
        do_lower_case, do_basic_tokenize, tokenize_chinese_chars, strip_accents: as in `BertTokenizer`.
        empty_token: stands for a cell without words.
        cell_trim_length: longest cell in tokens when a table has to fit; negative: as long as there is room for.
        max_column_id, max_row_id: the table has fewer columns and rows; by default `model_max_length`.
        strip_column_names: leave the names of the columns out.
        min_question_length, max_question_length: in tokens; a question outside is left out.
    """

    vocab_files_names = {"vocab_file": "vocab.txt"}
    model_input_names = ["input_ids", "token_type_ids", "attention_mask"]

    def __init__(
        self,
        vocab_file: str,
        do_lower_case: bool = True,
        do_basic_tokenize: bool = True,
        never_split: Any = None,
        unk_token: str = "[UNK]",
        sep_token: str = "[SEP]",
        pad_token: str = "[PAD]",
        cls_token: str = "[CLS]",
        mask_token: str = "[MASK]",
        empty_token: str = "[EMPTY]",
        tokenize_chinese_chars: bool = True,
        strip_accents: bool | None = None,
        cell_trim_length: int = -1,
        max_column_id: int | None = None,
        max_row_id: int | None = None,
        strip_column_names: bool = False,
        update_answer_coordinates: bool = False,
        min_question_length: int | None = None,
        max_question_length: int | None = None,
        model_max_length: int = 512,
        additional_special_tokens: list[str] | None = None,
        clean_up_tokenization_spaces: bool = True,
        **kwargs: Any,
    ):
        if update_answer_coordinates:
            raise UnsupportedError("TapasTokenizer: update_answer_coordinates=True; give answer_coordinates")
        self._vocab = read_vocab(vocab_file)
        self._names = {index: token for token, index in self._vocab.items()}
        self._words = Tokenizer(models.WordPiece(self._vocab, unk_token=str(unk_token)))
        if do_basic_tokenize:
            self._words.normalizer = normalizers.BertNormalizer(
                lowercase=do_lower_case, handle_chinese_chars=tokenize_chinese_chars, strip_accents=strip_accents
            )
            self._words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        else:
            self._words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        self.do_lower_case, self.cell_trim_length = do_lower_case, cell_trim_length
        self.max_column_id = model_max_length if max_column_id is None else max_column_id
        self.max_row_id = model_max_length if max_row_id is None else max_row_id
        self.strip_column_names = strip_column_names
        self.min_question_length, self.max_question_length = min_question_length, max_question_length
        self._empty = str(empty_token)
        extra = list(additional_special_tokens or kwargs.pop("extra_special_tokens", None) or [])
        if self._empty not in map(str, extra):
            extra.append(self._empty)
        super().__init__(
            do_lower_case=do_lower_case, do_basic_tokenize=do_basic_tokenize, never_split=never_split,
            unk_token=unk_token, sep_token=sep_token, pad_token=pad_token, cls_token=cls_token, mask_token=mask_token,
            empty_token=empty_token, tokenize_chinese_chars=tokenize_chinese_chars, strip_accents=strip_accents,
            cell_trim_length=cell_trim_length, max_column_id=max_column_id, max_row_id=max_row_id,
            strip_column_names=strip_column_names, min_question_length=min_question_length,
            max_question_length=max_question_length, model_max_length=model_max_length,
            additional_special_tokens=extra, clean_up_tokenization_spaces=clean_up_tokenization_spaces, **kwargs,
        )  # fmt: skip

    # --- vocabulary -----------------------------------------------------------------------------------------------
    @property
    def vocab_size(self) -> int:
        """Number of tokens in vocab.txt."""
        return len(self._vocab)

    def get_vocab(self) -> dict[str, int]:
        """Token to id."""
        return {**self._vocab, **self._added_tokens_encoder}

    def _tokenize(self, text: str, **kwargs: Any) -> list[str]:
        plain = text.lower().strip()
        if plain in ("n/a", "?", "nan") or not re.sub(r"[\W_]+", "", plain):
            return [self._empty]
        return self._words.encode(text, add_special_tokens=False).tokens

    def _convert_token_to_id(self, token: str) -> int | None:
        return self._vocab.get(token, self._vocab.get(str(self.unk_token)))

    def _convert_id_to_token(self, index: int) -> str:
        return self._names.get(index, str(self.unk_token))

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Words put together from their pieces."""
        return " ".join(tokens).replace(" ##", "").strip()

    def save_vocabulary(self, save_directory: Any, filename_prefix: str | None = None) -> tuple[str]:
        """Writes vocab.txt; returns its path."""
        path = os.path.join(save_directory, (f"{filename_prefix}-" if filename_prefix else "") + "vocab.txt")
        atomic_write(path, "".join(f"{token}\n" for token in sorted(self._vocab, key=self._vocab.__getitem__)))
        return (path,)

    def build_inputs_with_special_tokens(self, token_ids_0: list[int], token_ids_1: list[int] | None = None):
        """[CLS], the question, [SEP], the table."""
        if token_ids_1 is None:
            raise ValueError("With TAPAS, you must provide both question IDs and table IDs.")
        return [self.cls_token_id, *token_ids_0, self.sep_token_id, *token_ids_1]

    def get_special_tokens_mask(self, token_ids_0, token_ids_1=None, already_has_special_tokens=False):
        """1 for special tokens, 0 for those of the question and the table."""
        if already_has_special_tokens:
            return super().get_special_tokens_mask(token_ids_0, token_ids_1, True)
        return [1, *([0] * len(token_ids_0)), 1, *([0] * len(token_ids_1 or []))]

    # --- encoding -------------------------------------------------------------------------------------------------
    def __call__(
        self,
        table: Any,
        queries: str | list[str] | None = None,
        answer_coordinates: list | None = None,
        answer_text: list | None = None,
        add_special_tokens: bool = True,
        padding: bool | str | PaddingStrategy = False,
        truncation: bool | str | TapasTruncationStrategy = False,
        max_length: int | None = None,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors: str | None = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        **kwargs: Any,
    ) -> BatchEncoding:
        """Encode a question, or several, with a table.

        Args:
            table: a `pandas.DataFrame`, a dict (column name to cells) or a list of dicts, with text in all cells.
            queries: one question or a list.
            answer_coordinates: (row, column) of each cell of the answer, of each question of a list; with it
            answer_text: the answers' texts.
            truncation: True or "drop_rows_to_fit" leaves out rows, then words, until `max_length` is kept.
            padding, max_length, return_tensors, …: as in other tokenizers.

        Returns:
            BatchEncoding: `input_ids`, `attention_mask`, `token_type_ids` with seven numbers a token (segment, column,
            row, part of the last answer, rank in the column, rank from the end, relation to the question's numbers);
            with answers also `labels`, `numeric_values`, `numeric_values_scale`.

        Raises:
            TypeError, ValueError: a table or a question of another type, a cell that is no text, too many columns.
        """
        single = queries is None or isinstance(queries, str)
        if not single and not (isinstance(queries, (list, tuple)) and all(isinstance(q, str) for q in queries)):
            raise ValueError(
                "queries input must of type `str` (single example), `list[str]` (batch or single pretokenized example). "
            )
        if kwargs:
            raise TypeError(f"TapasTokenizer() got an unexpected keyword argument {next(iter(kwargs))!r}")
        if return_offsets_mapping:
            raise UnsupportedError("return_offset_mapping is not available when using Python tokenizers.")
        if return_overflowing_tokens:
            raise ValueError("TAPAS does not return overflowing tokens as it works on tables.")
        if return_token_type_ids is not None and not add_special_tokens:
            raise ValueError(
                "Asking to return token_type_ids while setting add_special_tokens to False results in an undefined "
                "behavior. Please set add_special_tokens to True or set return_token_type_ids to None."
            )
        if bool(answer_coordinates) != bool(answer_text):
            raise ValueError("In case you provide answers, both answer_coordinates and answer_text should be provided")
        if queries is None:
            logger.warning("TapasTokenizer: there is no question; the model will probably not behave correctly.")
        texts = [queries or ""] if single else list(queries)  # type: ignore[arg-type]
        if not texts:
            raise ValueError(
                "You should supply an encoding or a list of encodings to this method that includes input_ids, "
                "but you provided [] as queries"
            )
        answers = [answer_coordinates] if single else answer_coordinates or [None] * len(texts)
        if len(answers) != len(texts):
            raise ValueError(f"answer_coordinates: found {len(answers)}, needed one for each of {len(texts)} questions")
        with_types = "token_type_ids" in self.model_input_names if return_token_type_ids is None else return_token_type_ids
        drops = _truncation(truncation) is TapasTruncationStrategy.DROP_ROWS_TO_FIT
        read = _Numbers(read_table(table))
        tokens = self._table_tokens(read.table, drops)
        rows = [
            self._encode_one(
                text, read, tokens, answers[i], answers[i - 1] if i else None, add_special_tokens, drops, max_length,
                with_types, return_special_tokens_mask,
            )
            for i, text in enumerate(texts)
        ]  # fmt: skip
        if max_length is None and verbose and any(len(row["input_ids"]) > self.model_max_length for row in rows):
            logger.warning_once(
                "Token indices sequence length is longer than the specified maximum sequence length for this model "
                f"({max(len(row['input_ids']) for row in rows)} > {self.model_max_length}). Running this sequence "
                "through the model will result in indexing errors."
            )
        if return_length:
            for row in rows:
                row["length"] = len(row["input_ids"])
        if single and padding is True:  # one question has nothing to be as long as
            padding = "max_length" if max_length is not None or pad_to_multiple_of is not None else False
        options = (padding, max_length, pad_to_multiple_of, padding_side, return_attention_mask)
        if not rows:
            return BatchEncoding({self.model_input_names[0]: []}, tensor_type=return_tensors)
        padded = self.pad({name: [row[name] for row in rows] for name in rows[0]}, *options)
        data = {name: value[0] for name, value in padded.items()} if single else dict(padded.items())
        return BatchEncoding(data, tensor_type=return_tensors, prepend_batch_axis=single)

    def encode_plus(self, table: Any, query: str | None = None, **kwargs: Any) -> BatchEncoding:
        """One question and a table; as a call."""
        return self(table, query, **kwargs)

    def batch_encode_plus(self, table: Any, queries: list[str] | None = None, **kwargs: Any) -> BatchEncoding:
        """Several questions and a table; as a call."""
        return self(table, list(queries or []), **kwargs)

    def encode(self, table: Any, query: str | None = None, **kwargs: Any) -> list[int]:
        """The ids of one question and a table."""
        return self(table, query, **kwargs)["input_ids"]

    def _table_tokens(self, table: Table, drops: bool) -> list[_Token]:
        if len(table.columns) >= self.max_column_id:
            raise ValueError("Too many columns")
        if len(table.rows) >= self.max_row_id and not drops:
            raise ValueError("Too many rows")
        header = [""] * len(table.columns) if self.strip_column_names else table.columns
        tokens = []
        for row, cells in enumerate([header, *table.rows]):
            for column, cell in enumerate(cells, 1):
                word = 0
                for index, token in enumerate(self.tokenize(cell)):
                    word = word if token.startswith("##") else index
                    tokens.append(_Token(token, column, row, word))
        return tokens

    def _fitting(self, tokens: list[_Token], budget: int, rows: int) -> list[_Token]:
        """The tokens of as many rows, and of as many words in each cell, as there is room for."""
        rows = min(rows, self.max_row_id - 1)
        longest = 0  # cells are as long as their last token is far
        counts: dict[tuple[int, int], int] = defaultdict(int)
        for token in tokens:
            counts[token.column, token.row] += 1
        longest = max(counts.values(), default=0)
        trims = self.cell_trim_length >= 0
        if trims:
            longest = min(longest, self.cell_trim_length)
        while True:
            begins = np.sort([token.word for token in tokens if token.row <= rows])
            limit = 0
            for limit in range(longest + 1):
                if np.searchsorted(begins, limit + 1) > budget:
                    break
            if limit == longest or (limit > 0 and not trims):
                break
            rows, limit = rows - 1, 0
            if rows < 1:
                break
        return [token for token in tokens if token.row <= rows and token.word < (limit or 1)]

    def _allowed(self, length: int) -> bool:
        """Whether a question may have so many tokens."""
        if self.max_question_length is not None and length > self.max_question_length:
            logger.warning("Skipping query as its tokens are longer than the max question length")
            return False
        if self.min_question_length is not None and length < self.min_question_length:
            logger.warning("Skipping query as its tokens are shorter than the min question length")
            return False
        return True

    def _encode_one(
        self, text: str, read: _Numbers, tokens: list[_Token], answer: Any, previous: Any, special: bool, drops: bool,
        max_length: int | None, with_types: bool, special_mask: bool,
    ) -> dict[str, Any]:  # fmt: skip
        question = self.tokenize(text)
        if not self._allowed(len(question)):
            text, question = "", []
        room = (self.model_max_length if max_length is None else max_length) - len(question) - 2
        kept = self._fitting(tokens, room, len(read.table.rows)) if drops else tokens
        ids = self.convert_tokens_to_ids(question), self.convert_tokens_to_ids([token.text for token in kept])
        input_ids = self.build_inputs_with_special_tokens(*ids) if special else [*ids[0], *ids[1]]
        if max_length is not None and len(input_ids) > max_length:
            raise ValueError(
                "Could not encode the query and table header given the maximum length. Encoding the query and table "
                f"header results in a length of {len(input_ids)} which is higher than the max_length of {max_length}"
            )
        lead = len(question) + 2
        cells: dict[tuple[int, int], list[int]] = defaultdict(list)  # (row, column) from 0 → its tokens
        for index, token in enumerate(kept, lead):
            cells[token.row - 1, token.column - 1].append(index)
        size = lead + len(kept)
        out: dict[str, Any] = {"input_ids": input_ids}
        if answer is not None:
            out["labels"] = _marked(size, cells, answer)
            out["numeric_values"], out["numeric_values_scale"] = read.spread(size, cells)
        if with_types:
            ranks, back, relations = read.features(values_of(text), size, cells)
            columns = (
                [0] * lead + [1] * len(kept), [0] * lead + [token.column for token in kept],
                [0] * lead + [token.row for token in kept],
                _marked(size, cells, previous) if previous is not None else [0] * size, ranks, back, relations,
            )  # fmt: skip
            out["token_type_ids"] = [list(kinds) for kinds in zip(*columns)]
        if special_mask:
            out["special_tokens_mask"] = self.get_special_tokens_mask(*ids) if special else [0] * len(input_ids)
        return out

    def _pad(self, encoded_inputs: dict[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
        own = {"token_type_ids": [self.pad_token_type_id] * 7, "labels": 0, "numeric_values": math.nan,
               "numeric_values_scale": 1.0}  # fmt: skip
        kept = {name: encoded_inputs.pop(name) for name in own if name in encoded_inputs}
        padded = super()._pad(encoded_inputs, *args, **kwargs)
        side = kwargs.get("padding_side") or (args[3] if len(args) > 3 else None) or self.padding_side
        for name, row in kept.items():
            missing = [own[name]] * (len(padded[self.model_input_names[0]]) - len(row))
            padded[name] = [*row, *missing] if side == "right" else [*missing, *row]
        return padded

    # --- answers --------------------------------------------------------------------------------------------------
    def convert_logits_to_predictions(
        self, data: Any, logits: Any, logits_agg: Any = None, cell_classification_threshold: float = 0.5
    ) -> tuple:
        """The cells that `TapasForQuestionAnswering` picks: those whose tokens' probabilities have a mean above the
        threshold.

        Args:
            data: what the tokenizer returned, as tensors.
            logits: float `[batch, length]`.
            logits_agg: float `[batch, num_aggregation_labels]`.

        Returns:
            tuple: (row, column) of the cells of each question, sorted; with `logits_agg` also the aggregations.
        """
        scores = np.maximum(np.asarray(logits, np.float32), -88.7)  # exp stays finite
        chances = 1 / (1 + np.exp(-scores)) * np.asarray(data["attention_mask"])
        kinds = np.asarray(data["token_type_ids"])
        picked = []
        for row, types in zip(chances.tolist(), kinds):
            if not types[:, 1:3].any():
                continue
            cells: dict[tuple[int, int], list[float]] = defaultdict(list)
            for chance, (segment, column, line) in zip(row, types[:, :3].tolist()):
                if segment == 1 and column > 0 and line > 0:
                    cells[line - 1, column - 1].append(chance)
            picked.append(sorted(c for c, values in cells.items() if np.mean(values) > cell_classification_threshold))
        if logits_agg is None:
            return (picked,)
        return picked, np.asarray(logits_agg).argmax(-1).tolist()


def _truncation(wanted: bool | str | TapasTruncationStrategy) -> TapasTruncationStrategy:
    if isinstance(wanted, bool):
        return TapasTruncationStrategy.DROP_ROWS_TO_FIT if wanted else TapasTruncationStrategy.DO_NOT_TRUNCATE
    return TapasTruncationStrategy(wanted)


def _marked(size: int, cells: dict[tuple[int, int], list[int]], coordinates: Any) -> list[int]:
    """1 for the tokens of these cells."""
    marks = [0] * size
    for row, column in coordinates:
        if (row, column) not in cells:
            raise ValueError("Couldn't find all answers")
        for index in cells[row, column]:
            marks[index] = 1
    return marks


class _Numbers:
    """A table and the numbers and dates in it."""

    def __init__(self, table: Table):
        self.table = table
        self.columns: list[dict[int, Value]] = [column_values(table.column(i)) for i in range(len(table.columns))]

    def features(self, question: list[Value], size: int, cells: dict) -> tuple[list[int], list[int], list[int]]:
        """Of each token: the rank of its cell in the column, from the end too, and its relation to the question."""
        ranks, back, relations = [0] * size, [0] * size, [0] * size
        for column, values in enumerate(self.columns):
            for row, (rank, inverse) in ranks_of(values).items():
                for index in cells.get((row, column), ()):
                    ranks[index], back[index] = rank, inverse
            for row, relation in relations_of(question, values).items():
                for index in cells.get((row, column), ()):
                    relations[index] = relation
        return ranks, back, relations

    def spread(self, size: int, cells: dict) -> tuple[list[float], list[float]]:
        """Of each token: the number of its cell (NaN: none), and over how many tokens it is spread."""
        numbers, scale = [math.nan] * size, [1.0] * size
        for (row, column), indices in cells.items():
            value = self.columns[column].get(row) if row >= 0 else None
            for index in indices:
                if value is not None and value.kind == "number":
                    numbers[index] = value.parts[0]  # type: ignore[assignment]
                if row >= 0:
                    scale[index] = float(len(indices))
        return numbers, scale
