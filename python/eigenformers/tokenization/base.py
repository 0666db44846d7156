"""PreTrainedTokenizerBase: arguments, defaults and bookkeeping shared by every tokenizer class."""

from __future__ import annotations

import contextlib
import copy
import warnings
from logging import Logger
from typing import Any

from ..utils import logging
from ._engine import TokenizerError, UnsupportedError
from .batch_encoding import BatchEncoding
from .chat import ChatMixin
from .enums import PaddingStrategy, TensorType, TruncationStrategy
from .loading import LoadingMixin
from .padding import PaddingMixin
from .prepare import PrepareMixin
from .saving import SavingMixin
from .special_tokens import SpecialTokensMixin
from .tensors import to_py_obj

logger = logging.get_logger(__name__)

VERY_LARGE_INTEGER = int(1e30)  # model_max_length when nobody said one
LARGE_INTEGER = int(1e20)  # a model_max_length above this counts as "no limit"

_NO_PAD_TOKEN = (
    "Asking to pad but the tokenizer does not have a padding token. "
    "Please select a token to use as `pad_token` `(tokenizer.pad_token = tokenizer.eos_token e.g.)` "
    "or add a new pad token via `tokenizer.add_special_tokens({'pad_token': '[PAD]'})`."
)


class PreTrainedTokenizerBase(SpecialTokensMixin, PaddingMixin, PrepareMixin, ChatMixin, LoadingMixin, SavingMixin):
    """Base of the tokenizer classes. A subclass provides `_encode_plus`, `_decode`, the vocabulary look-ups and
    `_save_vocabulary_files`; see `PreTrainedTokenizerFast` and `PreTrainedTokenizer`.

    Args (all by keyword):
        bos_token, eos_token, unk_token, sep_token, pad_token, cls_token, mask_token: str or AddedToken.
        extra_special_tokens: list of further special tokens, or a dictionary of named ones.
        model_max_length: longest input of the model, in tokens.
        padding_side, truncation_side: "right" or "left".
        model_input_names: keys that the model's forward takes; the first is the one that holds the ids.
        clean_up_tokenization_spaces: remove blanks before punctuation after decoding.
        split_special_tokens: treat special tokens in the text as ordinary text.
        chat_template: Jinja source, or a dictionary (or list of {"name", "template"}) of named ones.
    """

    vocab_files_names: dict[str, str] = {}
    pretrained_vocab_files_map: dict[str, dict[str, str]] = {}  # which nothing fills any more
    model_input_names: list[str] = ["input_ids", "attention_mask"]
    padding_side: str = "right"
    truncation_side: str = "right"
    slow_tokenizer_class = None
    _auto_class: str | None = None

    def __init__(self, **kwargs: Any):
        self.init_inputs = ()
        for name in kwargs:
            if callable(getattr(type(self), name, None)):
                raise AttributeError(f"{name} conflicts with the method {name} in {type(self).__name__}")
        if "additional_special_tokens" in kwargs and "extra_special_tokens" not in kwargs:
            kwargs["extra_special_tokens"] = kwargs.pop("additional_special_tokens")
        self.init_kwargs = copy.deepcopy(kwargs)
        self.verbose = kwargs.pop("verbose", False)
        self.name_or_path = kwargs.pop("name_or_path", "")
        self._processor_class = kwargs.pop("processor_class", None)
        self._pad_token_type_id = kwargs.pop("pad_token_type_id", 0)
        self._init_special_tokens(kwargs)

        longest = kwargs.pop("model_max_length", None)
        longest = kwargs.pop("max_len", None) if longest is None else longest
        self.model_max_length = VERY_LARGE_INTEGER if longest is None else longest
        self.padding_side = kwargs.pop("padding_side", self.padding_side)
        self.truncation_side = kwargs.pop("truncation_side", self.truncation_side)
        for label, side in (("Padding", self.padding_side), ("Truncation", self.truncation_side)):
            if side not in ("right", "left"):
                raise ValueError(f"{label} side should be selected between 'right' and 'left', current value: {side}")
        names = kwargs.pop("model_input_names", self.model_input_names)
        if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
            raise TokenizerError(f"model_input_names: found {names!r}, needed a list of names")
        self.model_input_names = list(names)
        self.clean_up_tokenization_spaces = kwargs.pop("clean_up_tokenization_spaces", False)
        self.clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output = kwargs.pop(
            "clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output", False
        )
        self.split_special_tokens = kwargs.pop("split_special_tokens", False)
        self._init_chat(kwargs)
        self.backend = kwargs.pop("backend", None)
        self.files_loaded = kwargs.pop("files_loaded", [])
        self.deprecation_warnings: dict[str, bool] = {}
        self._in_target_context_manager = False

    @classmethod
    def register_for_auto_class(cls, auto_class: str | type = "AutoTokenizer") -> None:
        """Not supported: it exists to save a tokenizer's code beside its files, and such code is never run here."""
        raise UnsupportedError(
            f"{cls.__name__}.register_for_auto_class: code is not saved with tokenizers; register the class in your "
            "program with AutoTokenizer.register(config_class, tokenizer_class)"
        )

    @staticmethod
    def _logger() -> Logger:
        return logger

    # Sizes and vocabulary: a subclass knows these.

    def __len__(self) -> int:
        """Size of the vocabulary, added tokens included."""
        raise NotImplementedError

    def __bool__(self) -> bool:
        return True

    @property
    def vocab_size(self) -> int:
        """Size of the model's own vocabulary, without added tokens."""
        raise NotImplementedError

    def get_vocab(self) -> dict[str, int]:
        """Token to id, added tokens included."""
        raise NotImplementedError

    @property
    def pad_token_type_id(self) -> int:
        """Id of the padding in `token_type_ids`."""
        return self._pad_token_type_id

    @property
    def max_len_single_sentence(self) -> int:
        """Longest single text for the model, its special tokens left out."""
        return self.model_max_length - self.num_special_tokens_to_add(pair=False)

    @property
    def max_len_sentences_pair(self) -> int:
        """Longest pair of texts for the model, its special tokens left out."""
        return self.model_max_length - self.num_special_tokens_to_add(pair=True)

    def __repr__(self) -> str:
        added = "\n\t".join(f"{index}: {token!r}," for index, token in self.added_tokens_decoder.items())
        added = f"\n\t{added}\n" if added else ""
        return (
            f"{type(self).__name__}(name_or_path='{self.name_or_path}', vocab_size={self.vocab_size},"
            f" model_max_length={self.model_max_length}, padding_side='{self.padding_side}',"
            f" truncation_side='{self.truncation_side}', special_tokens={self.special_tokens_map},"
            f" added_tokens_decoder={{{added}}})"
        )

    def convert_tokens_to_ids(self, tokens: str | list[str]) -> int | list[int] | None:
        """Id of a token or ids of a list; unknown tokens become `unk_token_id` (None when there is none)."""
        if isinstance(tokens, str):
            return self._convert_token_to_id_with_added_voc(tokens)
        return [self._convert_token_to_id_with_added_voc(token) for token in tokens]

    # Encoding

    def _get_padding_truncation_strategies(
        self, padding=False, truncation=None, max_length=None, pad_to_multiple_of=None, verbose=True, **kwargs
    ):
        """The two enums and the effective `max_length` for the arguments of a call; the rest of `kwargs` unchanged."""
        if max_length is not None and padding is False and truncation is None:
            truncation = TruncationStrategy.LONGEST_FIRST  # max_length alone means: cut
        if padding is False or padding is None:
            pad = PaddingStrategy.DO_NOT_PAD
        elif padding is True:
            pad = PaddingStrategy.LONGEST
            if verbose and max_length is not None and truncation in (None, False, "do_not_truncate"):
                warnings.warn(
                    "`max_length` is ignored when `padding`=`True` and there is no truncation strategy. "
                    "To pad to max length, use `padding='max_length'`.",
                    stacklevel=3,
                )
        else:
            pad = PaddingStrategy(padding)
        if truncation is False or truncation is None:
            cut = TruncationStrategy.DO_NOT_TRUNCATE
        elif truncation is True:
            cut = TruncationStrategy.LONGEST_FIRST
        else:
            cut = TruncationStrategy(truncation)

        if max_length is None:
            unlimited = self.model_max_length > LARGE_INTEGER
            if pad is PaddingStrategy.MAX_LENGTH:
                pad, max_length = (PaddingStrategy.DO_NOT_PAD, None) if unlimited else (pad, self.model_max_length)
            if cut is not TruncationStrategy.DO_NOT_TRUNCATE:
                cut, max_length = (
                    (TruncationStrategy.DO_NOT_TRUNCATE, max_length) if unlimited else (cut, self.model_max_length)
                )
        if pad is not PaddingStrategy.DO_NOT_PAD:
            pad_id = None if self.pad_token is None else self.pad_token_id
            if pad_id is None or pad_id < 0:
                raise ValueError(_NO_PAD_TOKEN)
            if (
                cut is not TruncationStrategy.DO_NOT_TRUNCATE
                and pad_to_multiple_of is not None
                and max_length is not None
                and max_length % pad_to_multiple_of != 0
            ):
                raise ValueError(
                    "Truncation and padding are both activated but "
                    f"truncation length ({max_length}) is not a multiple of pad_to_multiple_of ({pad_to_multiple_of})."
                )
        return pad, cut, max_length, kwargs

    def __call__(
        self,
        text=None,
        text_pair=None,
        text_target=None,
        text_pair_target=None,
        add_special_tokens: bool = True,
        padding: bool | str | PaddingStrategy = False,
        truncation: bool | str | TruncationStrategy | None = None,
        max_length: int | None = None,
        stride: int = 0,
        is_split_into_words: bool = False,
        pad_to_multiple_of: int | None = None,
        padding_side: str | None = None,
        return_tensors: str | TensorType | None = None,
        return_token_type_ids: bool | None = None,
        return_attention_mask: bool | None = None,
        return_overflowing_tokens: bool = False,
        return_special_tokens_mask: bool = False,
        return_offsets_mapping: bool = False,
        return_length: bool = False,
        verbose: bool = True,
        tokenizer_kwargs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> BatchEncoding:
        """Encode a text, a pair, or a batch of either.

        Args:
            text: str, list of str (a batch), or with `is_split_into_words` a list of words or a list of those.
            text_pair: second text(s), in the form of `text`.
            text_target, text_pair_target: texts whose ids become `labels`.
            add_special_tokens: wrap the ids as the model expects ([CLS], <s>, ...).
            padding: False, True or "longest", "max_length".
            truncation: False, True or "longest_first", "only_first", "only_second".
            max_length: limit for both, in tokens; the model's own when None.
            stride: tokens that overlap between an input and its overflow.
            pad_to_multiple_of: round padded lengths up.
            padding_side: "right" or "left"; the tokenizer's own when None.
            return_tensors: "pt" (eigenformers.Tensor, int64) or "np"; lists when None.
            return_token_type_ids, return_attention_mask: by default whether the model takes them.
            return_overflowing_tokens: rows for what truncation cut off, with `overflow_to_sample_mapping`.
            return_special_tokens_mask, return_offsets_mapping, return_length: further outputs.
            verbose: give warnings.
            tokenizer_kwargs: further arguments as a dictionary; they win over the named ones.
            **kwargs: `split_special_tokens`, `max_target_length`.

        >>> tokenizer(["a", "b c"], padding=True, return_tensors="np")["input_ids"].shape  # doctest: +SKIP
        (2, 2)
        """
        options = {
            "add_special_tokens": add_special_tokens,
            "padding": padding,
            "truncation": truncation,
            "max_length": max_length,
            "stride": stride,
            "is_split_into_words": is_split_into_words,
            "pad_to_multiple_of": pad_to_multiple_of,
            "padding_side": padding_side,
            "return_tensors": return_tensors,
            "return_token_type_ids": return_token_type_ids,
            "return_attention_mask": return_attention_mask,
            "return_overflowing_tokens": return_overflowing_tokens,
            "return_special_tokens_mask": return_special_tokens_mask,
            "return_offsets_mapping": return_offsets_mapping,
            "return_length": return_length,
            "split_special_tokens": kwargs.pop("split_special_tokens", self.split_special_tokens),
            "verbose": verbose,
        }
        options.update(tokenizer_kwargs or {})
        target_length = kwargs.pop("max_target_length", None)
        options.update(kwargs)
        if text is None and text_target is None:
            raise ValueError("You need to specify either `text` or `text_target`.")
        pad, cut, length, _ = self._get_padding_truncation_strategies(
            padding=options.pop("padding"),
            truncation=options.pop("truncation"),
            max_length=options.pop("max_length"),
            pad_to_multiple_of=options["pad_to_multiple_of"],
            verbose=options["verbose"],
        )
        options.update(padding_strategy=pad, truncation_strategy=cut)
        encoded = labels = None
        if text is not None:
            if not self._in_target_context_manager:
                self._switch_to_input_mode()
            encoded = self._encode_plus(text=text, text_pair=text_pair, max_length=length, **options)
        if text_target is not None:
            self._switch_to_target_mode()
            try:
                labels = self._encode_plus(
                    text=text_target,
                    text_pair=text_pair_target,
                    max_length=length if target_length is None else target_length,
                    **options,
                )
            finally:
                self._switch_to_input_mode()
        if encoded is None:
            return labels
        if labels is not None:
            encoded["labels"] = labels["input_ids"]
        return encoded

    def encode(
        self,
        text,
        text_pair=None,
        add_special_tokens: bool = True,
        padding: bool | str | PaddingStrategy = False,
        truncation: bool | str | TruncationStrategy | None = None,
        max_length: int | None = None,
        stride: int = 0,
        padding_side: str | None = None,
        return_tensors: str | TensorType | None = None,
        **kwargs: Any,
    ) -> list[int]:
        """Ids of a text, or of a pair; the arguments of a call.

        >>> tokenizer.encode("Hello world")  # doctest: +SKIP
        [15496, 995]
        """
        pad, cut, length, _ = self._get_padding_truncation_strategies(
            padding, truncation, max_length, kwargs.get("pad_to_multiple_of"), kwargs.get("verbose", True)
        )
        return self._encode_plus(
            text,
            text_pair=text_pair,
            add_special_tokens=add_special_tokens,
            padding_strategy=pad,
            truncation_strategy=cut,
            max_length=length,
            stride=stride,
            padding_side=padding_side,
            return_tensors=return_tensors,
            **kwargs,
        )["input_ids"]

    def encode_plus(
        self, text, text_pair=None, add_special_tokens=True, padding=False, truncation=None, max_length=None, **kwargs
    ) -> BatchEncoding:
        """The same as a call with one text (older name)."""
        return self(text, text_pair, add_special_tokens=add_special_tokens, padding=padding, truncation=truncation,
                    max_length=max_length, **kwargs)  # fmt: skip

    def batch_encode_plus(
        self,
        batch_text_or_text_pairs,
        add_special_tokens=True,
        padding=False,
        truncation=None,
        max_length=None,
        is_split_into_words=False,
        **kwargs,
    ) -> BatchEncoding:
        """The same as a call with a batch (older name); a batch of pairs is a list of tuples."""
        batch = list(batch_text_or_text_pairs)
        pairs = None
        if batch and isinstance(batch[0], (tuple, list)) and len(batch[0]) == 2:
            if not is_split_into_words or isinstance(batch[0][0], (tuple, list)):
                batch, pairs = [first for first, _ in batch], [second for _, second in batch]
        return self(batch, pairs, add_special_tokens=add_special_tokens, padding=padding, truncation=truncation,
                    max_length=max_length, is_split_into_words=is_split_into_words, **kwargs)  # fmt: skip

    def _encode_plus(self, text, text_pair=None, **kwargs: Any) -> BatchEncoding:
        raise NotImplementedError

    def _switch_to_input_mode(self) -> None:
        """Hook for tokenizers whose source and target differ."""

    def _switch_to_target_mode(self) -> None:
        """Hook for tokenizers whose source and target differ."""

    @contextlib.contextmanager
    def as_target_tokenizer(self):
        """Encode targets inside the `with` block (older way; `text_target=` does the same)."""
        warnings.warn(
            "`as_target_tokenizer` is deprecated: use the argument `text_target` of the regular `__call__` method.",
            stacklevel=3,
        )
        self._switch_to_target_mode()
        self._in_target_context_manager = True
        try:
            yield
        finally:
            self._in_target_context_manager = False
            self._switch_to_input_mode()

    # Decoding

    def decode(self, token_ids, skip_special_tokens: bool = False, **kwargs: Any) -> str | list[str]:
        """Text of ids: an int, a list, an array or a tensor; a batch of them gives a list of texts.

        Args:
            skip_special_tokens: leave special tokens out.
            clean_up_tokenization_spaces: override the tokenizer's own setting.

        Ids outside the vocabulary are left out; negative ones raise OverflowError.
        """
        token_ids = self._plain_ids(token_ids)
        if isinstance(token_ids, list) and token_ids and isinstance(token_ids[0], (list, tuple)):
            return self._decode_batch(token_ids, skip_special_tokens=skip_special_tokens, **kwargs)
        return self._decode(token_ids, skip_special_tokens=skip_special_tokens, **kwargs)

    def batch_decode(
        self,
        sequences,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """The same as `decode`, always as a list."""
        texts = self.decode(
            sequences,
            skip_special_tokens=skip_special_tokens,
            clean_up_tokenization_spaces=clean_up_tokenization_spaces,
            **kwargs,
        )
        return [texts] if isinstance(texts, str) else texts

    def _plain_ids(self, token_ids):
        return to_py_obj(token_ids)

    def _decode(self, token_ids, skip_special_tokens=False, clean_up_tokenization_spaces=None, **kwargs: Any) -> str:
        raise NotImplementedError

    def _decode_batch(self, sequences: list, **kwargs: Any) -> list[str]:
        return [self._decode(ids, **kwargs) for ids in sequences]

    def clean_up_tokenization(self, text: str) -> str:
        """Remove the blanks that word-piece decoding leaves before punctuation and English contractions."""
        for mark in (".", "?", "!", ","):
            text = text.replace(" " + mark, mark)
        text = text.replace(" ' ", "'")
        for ending in ("n't", "'m", "'s", "'ve", "'re"):
            text = text.replace(" " + ending, ending)
        return text

    def _eventual_warn_about_too_long_sequence(self, ids: list[int], max_length: int | None, verbose: bool) -> None:
        """Warn once per tokenizer when a sequence is longer than the model takes and no limit was given."""
        key = "sequence-length-is-longer-than-the-specified-maximum"
        if not verbose or max_length is not None or self.model_max_length == 0 or len(ids) <= self.model_max_length:
            return
        if not self.deprecation_warnings.get(key, False):
            logger.warning(
                "Token indices sequence length is longer than the specified maximum sequence length "
                f"for this model ({len(ids)} > {self.model_max_length}). Running this sequence through the model "
                "will result in indexing errors"
            )
        self.deprecation_warnings[key] = True
