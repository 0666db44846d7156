"""PreTrainedTokenizerFast: the tokenizer classes over the C++ engine."""

from __future__ import annotations

import copy
import json
import os
import threading
import weakref
from typing import Any

from ..utils import logging
from ..utils.files import atomic_write
from ._engine import AddedToken, Tokenizer
from .backends import PIPELINES, class_extra
from .base import PreTrainedTokenizerBase
from .batch_encoding import BatchEncoding, LaterEncodings
from .bos_eos import BosEosMixin
from .enums import PaddingStrategy, TruncationStrategy
from .loading import TOKENIZER_FILE
from .overrides import component_options
from .training import TrainingMixin
from .vocab_files import build_backend, write_vocab

logger = logging.get_logger(__name__)

_TEXT_TYPES = (
    "text input must be of type `str` (single example), `list[str]` (batch or single pretokenized example) "
    "or `list[list[str]]` (batch of pretokenized examples) or `list[tuple[list[str], list[str]]]` (batch of "
    "pretokenized sequence pairs)."
)


_with_locks: weakref.WeakSet[PreTrainedTokenizerFast] = weakref.WeakSet()


def _renew_locks() -> None:
    for tokenizer in list(_with_locks):
        tokenizer._renew_lock()


os.register_at_fork(after_in_child=_renew_locks)  # a child has none of the threads that hold them

_LONG = 512  # characters of a call from which on encodings are made when they are asked for


def _is_long(batch: list) -> bool:
    """Whether a text, or all together, are so long that making lists alone is worth it."""
    return sum(len(text) for text in batch if isinstance(text, str)) >= _LONG


def _is_text(value: Any) -> bool:
    """str, or lists of it up to three deep, judged by the first elements."""
    for _ in range(4):
        if isinstance(value, str):
            return True
        if not isinstance(value, (list, tuple)):
            return False
        if not value:
            return True
        value = value[0]
    return False


class PreTrainedTokenizerFast(BosEosMixin, TrainingMixin, PreTrainedTokenizerBase):
    """Tokenizer over the engine; every model's tokenizer class is one of these.

    Args:
        tokenizer_object: an engine `Tokenizer` (copied).
        tokenizer_file: path of a tokenizer.json, taken as it is.
        gguf_file: path of a GGUF file with a vocabulary.
        vocab, merges: vocabulary and merges as objects or paths (the names `vocab_file`, `merges_file` work too),
            for classes whose pipeline is known (byte-level BPE, WordPiece).
        add_bos_token, add_eos_token: put these around every text; by default what the file's post-processor does.
        **kwargs: see `PreTrainedTokenizerBase`.

    >>> tokenizer = PreTrainedTokenizerFast(tokenizer_file="tokenizer.json", pad_token="<pad>")  # doctest: +SKIP
    """

    vocab_files_names = {"tokenizer_file": "tokenizer.json", "vocab_file": "tokenizer.model"}
    vocab_format: str | None = None  # how to build the pipeline when there is no tokenizer.json, see vocab_files.py
    default_special_tokens: dict[str, str] = {}
    mask_flags: dict[str, bool] = {}  # of the mask token, where the class says more than that it is special
    _takes_chosen = True
    _reads_any_vocabulary = True

    def __init__(self, *args: Any, **kwargs: Any):
        for name, value in zip(("vocab", "merges", "tokenizer_file"), args):
            kwargs[name] = value
        loaded = "_chosen" in kwargs  # by from_pretrained
        self._renew_lock()
        vocab_file = kwargs.get("vocab_file")
        backend, from_file = build_backend(type(self), kwargs)
        self._tokenizer = backend.tokenizer
        for name, value in backend.defaults.items():
            if kwargs.get(name) is None:
                kwargs[name] = value
        if backend.extra is not None:
            kwargs.pop("additional_special_tokens", None)
            kwargs["extra_special_tokens"] = backend.extra
        self._file_truncation, self._file_padding = self._tokenizer.truncation, self._tokenizer.padding
        self._take_file_defaults(kwargs)
        # A token that the class merely assumes counts only if the vocabulary has it, and nobody says that there is none.
        for name, token in self.default_special_tokens.items():
            if name not in kwargs and (not from_file or self._tokenizer.token_to_id(token) is not None):
                kwargs[name] = token
        if not from_file and self.mask_flags and isinstance(kwargs.get("mask_token"), str):
            kwargs["mask_token"] = AddedToken(kwargs["mask_token"], **self.mask_flags)
        if from_file and all(kwargs.get(name) is None for name in ("extra_special_tokens", "additional_special_tokens")):
            extra = [t for t in class_extra(self.vocab_format, kwargs) if self._tokenizer.token_to_id(t) is not None]
            if extra:
                kwargs["extra_special_tokens"] = extra
        kwargs.setdefault("backend", "tokenizers")
        self._add_bos_token = kwargs.get("add_bos_token")
        self._add_eos_token = kwargs.get("add_eos_token")
        self.add_prefix_space = kwargs.get("add_prefix_space", False)
        added_tokens_decoder = kwargs.pop("added_tokens_decoder", None) or {}
        super().__init__(**kwargs)
        self._tokenizer.encode_special_tokens = self.split_special_tokens
        self._add_missing_tokens(added_tokens_decoder, loaded)
        self.vocab_file = vocab_file if vocab_file is None else os.fspath(vocab_file)
        post_processor = backend.post(self) if backend.post is not None else None
        if post_processor is not None:
            self._tokenizer.post_processor = post_processor
        elif not from_file or self._add_bos_token is not None or self._add_eos_token is not None:
            self.update_post_processor()

    def _take_file_defaults(self, kwargs: dict[str, Any]) -> None:
        """Sides, padding token and lengths that tokenizer.json itself states, where no argument says otherwise."""
        if self._file_truncation is not None:
            kwargs.setdefault("max_length", self._file_truncation["max_length"])
            kwargs.setdefault("truncation_side", self._file_truncation["direction"])
            kwargs.setdefault("stride", self._file_truncation["stride"])
            kwargs.setdefault("truncation_strategy", self._file_truncation["strategy"])
        if self._file_padding is not None:
            kwargs.setdefault("pad_token", self._file_padding["pad_token"])
            kwargs.setdefault("pad_token_type_id", self._file_padding["pad_type_id"])
            kwargs.setdefault("padding_side", self._file_padding["direction"])
            kwargs.setdefault("max_length", self._file_padding["length"])
            kwargs.setdefault("pad_to_multiple_of", self._file_padding["pad_to_multiple_of"])

    def _add_missing_tokens(self, added_tokens_decoder: dict[int, AddedToken], loaded: bool) -> None:
        """Bring the engine's added tokens in line with the configuration: its flags win, absent tokens are added."""
        known = {token.content: token for token in self.added_tokens_decoder.values()}
        named = {str(token) for token in self.special_tokens_map_extended.values()}
        tokens = [token for _, token in sorted(added_tokens_decoder.items()) if known.get(token.content) != token]
        seen = set(known) | {token.content for token in tokens}
        if loaded:  # what a configuration names a special token is one, even if the vocabulary says otherwise
            listed = {token.content for token in added_tokens_decoder.values()}
            tokens += [t for t in known.values() if t.content in named and not t.special and t.content not in listed]
        for token in self.special_tokens_map_extended.values():
            if str(token) not in seen and token not in tokens:
                tokens.append(token)
        tokens += [t for t in self._extra_special_tokens if str(t) not in seen and t not in tokens]  # their flags win
        for index, token in enumerate(tokens):
            if isinstance(token, str):
                tokens[index] = AddedToken(token, special=True)
            elif not token.special and token.content in named:
                token.special = True  # by assignment: an unstated `normalized` follows it
        if tokens:
            self.add_tokens(tokens)
        for index, token in added_tokens_decoder.items():
            found = self._tokenizer.token_to_id(token.content)
            if found != index:
                logger.warning_once(
                    f"tokenizer_config.json gives token {token.content!r} the id {index}, the vocabulary {found}; "
                    "the vocabulary's id is used"
                )

    # State: an engine tokenizer pickles itself, a lock doesn't.

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_lock", "_copied")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._renew_lock()

    def _renew_lock(self) -> None:
        self.__dict__["_lock"] = threading.RLock()
        _with_locks.add(self)

    def __deepcopy__(self, memo: dict) -> PreTrainedTokenizerFast:
        clone = type(self).__new__(type(self))
        memo[id(self)] = clone
        clone.__setstate__({name: copy.deepcopy(value, memo) for name, value in self.__getstate__().items()})
        return clone

    @property
    def is_fast(self) -> bool:
        """True: this class runs on the engine."""
        return True

    @property
    def can_save_slow_tokenizer(self) -> bool:
        """Whether the files of the older form can be written; a SentencePiece file only by copying it."""
        if not self.vocab_files_names.get("vocab_file", "").endswith(".model"):
            return True
        return bool(self.vocab_file) and os.path.isfile(self.vocab_file)

    @property
    def backend_tokenizer(self) -> Tokenizer:
        """The engine's `Tokenizer`."""
        return self._tokenizer

    @property
    def decoder(self):
        """The engine's decoder component."""
        return self._tokenizer.decoder

    # Vocabulary

    @property
    def vocab_size(self) -> int:
        """Size of the model's own vocabulary, without added tokens."""
        return self._tokenizer.get_vocab_size(with_added_tokens=False)

    def __len__(self) -> int:
        return self._tokenizer.get_vocab_size(with_added_tokens=True)

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        return self._tokenizer.get_vocab(with_added_tokens=True)

    @property
    def vocab(self) -> dict[str, int]:
        """The same as `get_vocab()`."""
        return self.get_vocab()

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """Id to added token."""
        return self._tokenizer.get_added_tokens_decoder()

    @property
    def added_tokens_encoder(self) -> dict[str, int]:
        """Added token to id, in the order of the ids."""
        return {token.content: index for index, token in sorted(self.added_tokens_decoder.items())}

    def get_added_vocab(self) -> dict[str, int]:
        """Added token to id, in the order of the ids."""
        return self.added_tokens_encoder

    def _convert_token_to_id_with_added_voc(self, token: str) -> int | None:
        index = self._tokenizer.token_to_id(token)
        return self.unk_token_id if index is None and token != self.unk_token else index

    def convert_ids_to_tokens(self, ids, skip_special_tokens: bool = False):
        """Token string of an id (None if there is none), or a list for a list of ids."""
        if isinstance(ids, int):
            return self._tokenizer.id_to_token(ids)
        skip = set(self.all_special_ids) if skip_special_tokens else ()
        return [self._tokenizer.id_to_token(index) for index in map(int, ids) if index not in skip]

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """Text of token strings, as the decoder joins them."""
        decoder = self._tokenizer.decoder
        return " ".join(tokens) if decoder is None else decoder.decode(tokens)

    def _add_tokens(self, new_tokens: list, special_tokens: bool = False) -> int:
        with self._lock:
            if special_tokens:
                return self._tokenizer.add_special_tokens(new_tokens)
            return self._tokenizer.add_tokens(new_tokens)

    def num_special_tokens_to_add(self, pair: bool = False) -> int:
        """How many tokens a call adds around a text, or a pair."""
        return self._tokenizer.num_special_tokens_to_add(pair)

    # Encoding

    def tokenize(self, text: str, pair: str | None = None, add_special_tokens: bool = False, **kwargs) -> list[str]:
        """Token strings of a text, or of a pair."""
        return self(text, pair, add_special_tokens=add_special_tokens, **kwargs).tokens()

    def set_truncation_and_padding(
        self, padding_strategy, truncation_strategy, max_length, stride, pad_to_multiple_of, padding_side=None
    ) -> None:
        """Put the engine into the state that a call asks for; nothing is done where it is in it already."""
        tokenizer = self._tokenizer
        truncation, padding = tokenizer.truncation, tokenizer.padding
        if truncation_strategy is TruncationStrategy.DO_NOT_TRUNCATE:
            if truncation is not None:
                tokenizer.no_truncation()
        else:
            wanted = {
                "max_length": max_length,
                "stride": stride,
                "strategy": truncation_strategy.value,
                "direction": self.truncation_side,
            }
            if truncation != wanted:
                tokenizer.enable_truncation(**wanted)
        if padding_strategy is PaddingStrategy.DO_NOT_PAD:
            if padding is not None:
                tokenizer.no_padding()
        else:
            wanted = {
                "length": max_length if padding_strategy is PaddingStrategy.MAX_LENGTH else None,
                "direction": self.padding_side if padding_side is None else padding_side,
                "pad_id": self.pad_token_id,
                "pad_token": self.pad_token,
                "pad_type_id": self.pad_token_type_id,
                "pad_to_multiple_of": pad_to_multiple_of,
            }
            if padding != wanted:
                tokenizer.enable_padding(**wanted)

    def _encode_plus(
        self,
        text,
        text_pair=None,
        add_special_tokens: bool = True,
        padding_strategy: PaddingStrategy = PaddingStrategy.DO_NOT_PAD,
        truncation_strategy: TruncationStrategy = TruncationStrategy.DO_NOT_TRUNCATE,
        max_length: int | None = None,
        stride: int = 0,
        is_split_into_words: bool = False,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors=None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        split_special_tokens: bool | None = None,
        **kwargs: Any,
    ) -> BatchEncoding:
        if kwargs:
            logger.warning_once(f"Keyword arguments {sorted(kwargs)} not recognized by {type(self).__name__}.")
        batch, is_batched = self._as_batch(text, text_pair, is_split_into_words)
        with self._lock:  # padding and truncation are state of the engine, so calls take turns
            self.set_truncation_and_padding(
                padding_strategy, truncation_strategy, max_length, stride, pad_to_multiple_of, padding_side
            )
            split = self.split_special_tokens if split_special_tokens is None else split_special_tokens
            if self._tokenizer.encode_special_tokens != split:
                self._tokenizer.encode_special_tokens = split
            rows = None
            if not (is_split_into_words or return_overflowing_tokens or return_special_tokens_mask):
                if not return_offsets_mapping and text_pair is None and _is_long(batch):
                    rows = self._tokenizer._encode_batch_rows(
                        batch,
                        add_special_tokens,
                        self._wants(return_token_type_ids, "token_type_ids"),
                        self._wants(return_attention_mask, "attention_mask"),
                        made_as="" if return_tensors is None else str(getattr(return_tensors, "value", return_tensors)),
                    )
            if rows is not None:  # nothing else is made before it is asked for
                encodings = LaterEncodings(self._unchanging(), batch, add_special_tokens)
            else:
                encodings = self._tokenizer.encode_batch(
                    batch, add_special_tokens=add_special_tokens, is_pretokenized=is_split_into_words
                )
        if rows is not None:
            return self._rows_to_batch(rows, encodings, is_batched, max_length, return_length, return_tensors, verbose)
        samples = None
        if return_overflowing_tokens:
            pieces = [(index, piece) for index, first in enumerate(encodings) for piece in (first, *first.overflowing)]
            samples, encodings = [index for index, _ in pieces], [piece for _, piece in pieces]

        data = {"input_ids": [encoding.ids for encoding in encodings]}
        if self._wants(return_token_type_ids, "token_type_ids"):
            data["token_type_ids"] = [encoding.type_ids for encoding in encodings]
        if self._wants(return_attention_mask, "attention_mask"):
            data["attention_mask"] = [encoding.attention_mask for encoding in encodings]
        if return_special_tokens_mask:
            data["special_tokens_mask"] = [encoding.special_tokens_mask for encoding in encodings]
        if return_offsets_mapping:
            data["offset_mapping"] = [encoding.offsets for encoding in encodings]
        if return_length:
            data["length"] = [len(ids) for ids in data["input_ids"]]
        if samples is not None:
            data["overflow_to_sample_mapping"] = samples
        longest = max(data["input_ids"], key=len, default=[])
        self._eventual_warn_about_too_long_sequence(longest, max_length, verbose)
        if not is_batched and return_tensors is None and samples is None:
            data = {key: value[0] if isinstance(value[0], list) else value for key, value in data.items()}
        return BatchEncoding(data, encodings, tensor_type=return_tensors)

    def _rows_to_batch(self, rows, encodings, is_batched, max_length, return_length, return_tensors, verbose):
        """The BatchEncoding of what `_encode_batch_rows` gave."""
        names = ("input_ids", "token_type_ids", "attention_mask")
        data = {name: some for name, some in zip(names, rows) if some is not None}
        if return_length:
            data["length"] = [len(ids) for ids in data["input_ids"]]
        ids = rows[0] if isinstance(rows[0], list) else rows[0][:1]  # an array's rows are of one length
        self._eventual_warn_about_too_long_sequence(max(ids, key=len, default=[]), max_length, verbose)
        if not is_batched and return_tensors is None:
            data = {key: value[0] if isinstance(value[0], list) else value for key, value in data.items()}
        if not len(rows[0]):
            return BatchEncoding(data, [], tensor_type=return_tensors)
        return BatchEncoding(data, encodings, tensor_type=return_tensors, n_sequences=1)

    def _unchanging(self) -> Tokenizer:
        """A copy of the engine as it is now, the same one until it changes."""
        state = (self._tokenizer, self._tokenizer._changes)
        if self.__dict__.get("_copied") is None or self._copied[0] != state:
            self._copied = (state, copy.copy(self._tokenizer))
        return self._copied[1]

    def _encode_without_added_tokens(self, text: str) -> list[int]:
        """Ids of a text in which added tokens, special or not, are ordinary text."""
        normalizer, pre_tokenizer = self._tokenizer.normalizer, self._tokenizer.pre_tokenizer
        if normalizer is not None:
            text = normalizer.normalize_str(text)
        pieces = [text] if pre_tokenizer is None else [piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)]
        return [token.id for piece in pieces for token in self._tokenizer.model.tokenize(piece)]

    def _wants(self, argument: bool | None, name: str) -> bool:
        return name in self.model_input_names if argument is None else argument

    @staticmethod
    def _as_batch(text, text_pair, is_split_into_words: bool) -> tuple[list, bool]:
        """The engine's batch for the texts of a call, and whether the call was one with a batch."""
        if not _is_text(text) or (text_pair is not None and not _is_text(text_pair)):
            raise ValueError(_TEXT_TYPES)
        is_batched = isinstance(text, (list, tuple))
        if is_split_into_words:
            is_batched = is_batched and bool(text) and isinstance(text[0], (list, tuple))
        if not is_batched:
            return [(text, text_pair)] if text_pair else [text], False
        if text_pair is None:
            return list(text), True
        if isinstance(text_pair, str):
            raise TypeError(
                "when tokenizing batches of text, `text_pair` must be a list or tuple with the same length as `text`."
            )
        if len(text) != len(text_pair):
            raise ValueError(
                f"batch length of `text`: {len(text)} does not match batch length of `text_pair`: {len(text_pair)}."
            )
        return list(zip(text, text_pair)), True

    # Decoding

    def _plain_ids(self, token_ids):
        # The engine reads lists, and whatever numbers are in them, faster than we could look at them.
        if type(token_ids) is list and token_ids and type(token_ids[0]) in (int, list):
            return token_ids
        return super()._plain_ids(token_ids)

    def _decode(self, token_ids, skip_special_tokens=False, clean_up_tokenization_spaces=None, **kwargs: Any) -> str:
        if isinstance(token_ids, dict):
            token_ids = token_ids["input_ids"]
        if isinstance(token_ids, int):
            token_ids = [token_ids]
        return self._decode_batch([token_ids], skip_special_tokens, clean_up_tokenization_spaces, **kwargs)[0]

    def _decode_batch(
        self, sequences, skip_special_tokens=False, clean_up_tokenization_spaces=None, **kwargs: Any
    ) -> list[str]:
        kwargs.pop("use_source_tokenizer", None)  # means something only where source and target differ
        if kwargs.pop("spaces_between_special_tokens", True) is False:
            logger.warning_once("spaces_between_special_tokens has no effect here: the decoder joins the tokens.")
        if kwargs:
            logger.warning_once(f"Keyword arguments {sorted(kwargs)} not recognized by {type(self).__name__}.")
        try:
            texts = self._tokenizer.decode_batch(sequences, skip_special_tokens=skip_special_tokens)
        except TypeError:
            for index in (index for ids in sequences for index in ids):
                if isinstance(index, int) and not 0 <= index < 2**32:
                    raise OverflowError(
                        f"decode: found the token id {index}, needed one from 0 to 4294967295"
                    ) from None
            raise
        clean = clean_up_tokenization_spaces
        clean = self.clean_up_tokenization_spaces if clean is None else clean
        if clean and self._may_clean_up():
            texts = [self.clean_up_tokenization(text) for text in texts]
        return texts

    def _may_clean_up(self) -> bool:
        """Removing blanks suits word pieces; in BPE text they are meant."""
        if self.clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output:
            return True
        if type(self._tokenizer.model).__name__ != "BPE":
            return True
        logger.warning_once(
            f"Ignoring clean_up_tokenization_spaces=True for BPE tokenizer {type(self).__name__}. It strips spaces "
            "before punctuation, which BPE text means. Set clean_up_tokenization_spaces=False, or "
            "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output=True to force it."
        )
        return False

    # Saving

    def _saved_class_name(self) -> str:
        name = type(self).__name__
        return name if name == "PreTrainedTokenizerFast" or not name.endswith("Fast") else name[: -len("Fast")]

    def _config_to_save(self) -> dict[str, Any]:
        return {**component_options(PIPELINES.get(self.vocab_format), self._tokenizer), **super()._config_to_save()}

    def _save_pretrained(self, save_directory, file_names, legacy_format, filename_prefix) -> tuple[str, ...]:
        """Write tokenizer.json, with the padding and truncation that its file stated rather than the last call's."""
        prefix = f"{filename_prefix}-" if filename_prefix else ""
        files = tuple(file_names)
        if legacy_format:
            files += self.save_vocabulary(save_directory, filename_prefix)
        path = os.path.join(save_directory, prefix + TOKENIZER_FILE)
        atomic_write(path, self._state_to_save())
        return (*files, path)

    def _state_to_save(self) -> str:
        tokenizer = self._tokenizer
        with self._lock:
            tokenizer.no_truncation()
            tokenizer.no_padding()
            if self._file_truncation is not None:
                tokenizer.enable_truncation(**self._file_truncation)
            if self._file_padding is not None:
                tokenizer.enable_padding(**self._file_padding)
            return tokenizer.to_str(pretty=True)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write the vocabulary in the older form: vocab.json and merges.txt, or vocab.txt; returns the paths.

        A tokenizer that was made from a SentencePiece file or a file of byte ranks copies that file.

        Raises:
            UnsupportedError: the model is a Unigram model that did not come from a SentencePiece file.
        """
        if not os.path.isdir(save_directory):
            logger.error("Vocabulary path (%s) should be a directory", save_directory)
            return ()
        name = os.path.basename(self.vocab_file or "")
        if name == "tekken.json" or (name and not name.endswith((".json", ".txt"))):
            target = os.path.join(save_directory, (f"{filename_prefix}-" if filename_prefix else "") + name)
            if os.path.abspath(self.vocab_file) != os.path.abspath(target):
                import shutil

                shutil.copyfile(self.vocab_file, target)
            return (target,)
        return write_vocab(json.loads(self._tokenizer.to_str())["model"], save_directory, filename_prefix)


TokenizersBackend = PreTrainedTokenizerFast
