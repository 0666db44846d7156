"""Ready-made pipelines, to be trained or given a vocabulary.

>>> tokenizer = ByteLevelBPETokenizer()
>>> tokenizer.train_from_iterator(["low low lower"], vocab_size=260, min_frequency=1, show_progress=False)
>>> tokenizer.encode("low").tokens
['low']
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._core.tokenizers import AddedToken, Tokenizer, _read_sentencepiece
from . import decoders, models, normalizers, pre_tokenizers, processors, trainers
from .pattern import Regex


def _given_input(value: Any, message: str) -> Any:
    if value is None:
        raise ValueError(message)
    return value


class BaseTokenizer:
    """Wraps a `Tokenizer`, whose methods and properties it has. `_parameters` is what it was made with."""

    _own = frozenset(("_tokenizer", "_parameters"))

    def __init__(self, tokenizer: Tokenizer, parameters: dict[str, Any] | None = None) -> None:
        self._tokenizer, self._parameters = tokenizer, parameters or {}

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value}" for name, value in self._parameters.items())
        return f"Tokenizer(vocabulary_size={self._tokenizer.get_vocab_size()}, {options})"

    def __getattr__(self, name: str) -> Any:
        if name in self._own:
            raise AttributeError(name)
        return getattr(self._tokenizer, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self._own or isinstance(getattr(type(self), name, None), property):
            object.__setattr__(self, name, value)
        else:
            setattr(self._tokenizer, name, value)

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)

    def encode(
        self, sequence: Any, pair: Any = None, is_pretokenized: bool = False, add_special_tokens: bool = True
    ) -> Any:
        """Encodes one text, or a pair. With is_pretokenized a text is a list of words."""
        _given_input(sequence, "encode: `sequence` can't be `None`")
        return self._tokenizer.encode(sequence, pair, is_pretokenized, add_special_tokens)

    def encode_batch(self, inputs: Any, is_pretokenized: bool = False, add_special_tokens: bool = True) -> list:
        """Encodes many texts in parallel."""
        _given_input(inputs, "encode_batch: `inputs` can't be `None`")
        return self._tokenizer.encode_batch(inputs, is_pretokenized, add_special_tokens)

    async def async_encode_batch(
        self, inputs: Any, is_pretokenized: bool = False, add_special_tokens: bool = True
    ) -> list:
        """`encode_batch` in a thread, to be awaited."""
        _given_input(inputs, "async_encode_batch: `inputs` can't be `None`")
        return await self._tokenizer.async_encode_batch(inputs, is_pretokenized, add_special_tokens)

    async def async_encode_batch_fast(
        self, inputs: Any, is_pretokenized: bool = False, add_special_tokens: bool = True
    ) -> list:
        """`encode_batch_fast` in a thread, to be awaited."""
        _given_input(inputs, "async_encode_batch_fast: `inputs` can't be `None`")
        return await self._tokenizer.async_encode_batch_fast(inputs, is_pretokenized, add_special_tokens)

    def decode(self, ids: list[int], skip_special_tokens: bool | None = True) -> str:
        """The text of ids."""
        _given_input(ids, "None input is not valid. Should be a list of integers.")
        return self._tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)

    def decode_batch(self, sequences: Any, skip_special_tokens: bool | None = True) -> list[str]:
        """The texts of many lists of ids."""
        _given_input(sequences, "None input is not valid. Should be list of list of integers.")
        return self._tokenizer.decode_batch(sequences, skip_special_tokens=skip_special_tokens)

    async def async_decode_batch(self, sequences: Any, skip_special_tokens: bool = True) -> list[str]:
        """`decode_batch` in a thread, to be awaited."""
        _given_input(sequences, "async_decode_batch: `sequences` can't be `None`")
        return await self._tokenizer.async_decode_batch(sequences, skip_special_tokens)

    def enable_padding(
        self,
        direction: str = "right",
        pad_to_multiple_of: int | None = None,
        pad_id: int = 0,
        pad_type_id: int = 0,
        pad_token: str = "[PAD]",
        length: int | None = None,
    ) -> None:
        """Pad what is encoded from now on: to `length`, or to the longest of a batch."""
        self._tokenizer.enable_padding(
            direction=direction, pad_to_multiple_of=pad_to_multiple_of, pad_id=pad_id, pad_type_id=pad_type_id,
            pad_token=pad_token, length=length,
        )  # fmt: skip

    def enable_truncation(
        self, max_length: int, stride: int = 0, strategy: str = "longest_first", direction: str = "right"
    ) -> None:
        """Cut what is encoded from now on to `max_length` tokens."""
        self._tokenizer.enable_truncation(max_length, stride=stride, strategy=strategy, direction=direction)

    def add_special_tokens(self, special_tokens: list) -> int:
        """Add tokens that the model never sees, left out when decoding; returns how many are new."""
        return self._tokenizer.add_special_tokens(special_tokens)

    def normalize(self, sequence: str) -> str:
        """The normalized text."""
        return self._tokenizer.normalizer.normalize_str(sequence)

    def save_model(self, directory: str, prefix: str | None = None) -> list[str]:
        """Write the files of the model from before tokenizer.json; returns their paths."""
        return self._tokenizer.model.save(directory, prefix=prefix)

    def _trainer(self, **options: Any) -> trainers.Trainer:
        raise NotImplementedError(f"{type(self).__name__} cannot be trained")

    def train(self, files: str | list[str], *args: Any, **options: Any) -> None:
        """Train on text files; the options are those of the trainer, with the defaults of `_trainer`."""
        self._tokenizer.train(files, self._trainer(*args, **options))

    def train_from_iterator(self, iterator: Iterable, *args: Any, length: int | None = None, **options: Any) -> None:
        """Train on texts; the options are those of `train`, and the number of texts."""
        self._tokenizer.train_from_iterator(iterator, self._trainer(*args, **options), length)


def _delegate(name: str) -> Any:
    """A method or property of `Tokenizer`, of the same name on the wrapper."""
    theirs = getattr(Tokenizer, name)
    if not callable(theirs):
        settable = name in ("model", "normalizer", "pre_tokenizer", "post_processor", "decoder")
        return property(
            lambda self: getattr(self._tokenizer, name),
            (lambda self, value: setattr(self._tokenizer, name, value)) if settable else None,
            doc=theirs.__doc__,
        )

    def method(self: BaseTokenizer, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._tokenizer, name)(*args, **kwargs)

    method.__name__, method.__qualname__, method.__doc__ = name, f"BaseTokenizer.{name}", theirs.__doc__
    return method


for _name in (
    "add_tokens", "get_added_tokens_decoder", "get_vocab", "get_vocab_size",
    "id_to_token", "no_padding", "no_truncation", "num_special_tokens_to_add", "post_process", "save", "to_str",
    "token_to_id", "padding", "truncation", "model", "normalizer", "pre_tokenizer", "post_processor", "decoder",
):  # fmt: skip
    setattr(BaseTokenizer, _name, _delegate(_name))


def _normalizer(steps: list) -> Any:
    if not steps:
        return None
    return steps[0] if len(steps) == 1 else normalizers.Sequence(steps)


def _unicode(name: str | None) -> list:
    return [normalizers.unicode_normalizer_from_str(name)] if name else []


def _mark_special(tokenizer: Tokenizer, *tokens: Any) -> None:
    for token in tokens:
        if tokenizer.token_to_id(str(token)) is not None:
            tokenizer.add_special_tokens([str(token)])


def _given(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name not in ("self", "vocab", "merges", "__class__")}


class ByteLevelBPETokenizer(BaseTokenizer):
    """BPE over bytes, as GPT-2 has it."""

    def __init__(
        self,
        vocab: str | dict[str, int] | None = None,
        merges: str | list[tuple[str, str]] | None = None,
        add_prefix_space: bool = False,
        lowercase: bool = False,
        dropout: float | None = None,
        unicode_normalizer: str | None = None,
        continuing_subword_prefix: str | None = None,
        end_of_word_suffix: str | None = None,
        trim_offsets: bool = False,
    ) -> None:
        parameters = {"model": "ByteLevelBPE", **_given(locals())}
        if vocab is not None and merges is not None:
            model = models.BPE(vocab, merges, dropout=dropout, continuing_subword_prefix=continuing_subword_prefix or "",
                               end_of_word_suffix=end_of_word_suffix or "")  # fmt: skip
        else:
            model = models.BPE()
        tokenizer = Tokenizer(model)
        steps = _unicode(unicode_normalizer) + ([normalizers.Lowercase()] if lowercase else [])
        tokenizer.normalizer = _normalizer(steps)
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
        tokenizer.decoder = decoders.ByteLevel()
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=trim_offsets)
        super().__init__(tokenizer, parameters)

    @staticmethod
    def from_file(vocab_filename: str, merges_filename: str, **kwargs: Any) -> ByteLevelBPETokenizer:
        """From vocab.json and merges.txt."""
        return ByteLevelBPETokenizer(*models.BPE.read_file(vocab_filename, merges_filename), **kwargs)

    def _trainer(self, vocab_size=30000, min_frequency=2, show_progress=True, special_tokens=()):
        return trainers.BpeTrainer(
            vocab_size=vocab_size, min_frequency=min_frequency, show_progress=show_progress,
            special_tokens=special_tokens, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        )  # fmt: skip


class CharBPETokenizer(BaseTokenizer):
    """BPE over characters, words end in a suffix, as GPT has it."""

    def __init__(
        self,
        vocab: str | dict[str, int] | None = None,
        merges: str | list[tuple[str, str]] | None = None,
        unk_token: str | AddedToken = "<unk>",
        suffix: str = "</w>",
        dropout: float | None = None,
        lowercase: bool = False,
        unicode_normalizer: str | None = None,
        bert_normalizer: bool = True,
        split_on_whitespace_only: bool = False,
    ) -> None:
        parameters = {"model": "BPE", **_given(locals())}
        given = (vocab, merges) if vocab is not None and merges is not None else ()
        tokenizer = Tokenizer(models.BPE(*given, dropout=dropout, unk_token=str(unk_token), end_of_word_suffix=suffix))
        _mark_special(tokenizer, unk_token)
        steps = _unicode(unicode_normalizer)
        steps += [normalizers.BertNormalizer(lowercase=False)] if bert_normalizer else []
        steps += [normalizers.Lowercase()] if lowercase else []
        tokenizer.normalizer = _normalizer(steps)
        words = pre_tokenizers.WhitespaceSplit() if split_on_whitespace_only else pre_tokenizers.BertPreTokenizer()
        tokenizer.pre_tokenizer, tokenizer.decoder = words, decoders.BPEDecoder(suffix=suffix)
        super().__init__(tokenizer, parameters)

    @staticmethod
    def from_file(vocab_filename: str, merges_filename: str, **kwargs: Any) -> CharBPETokenizer:
        """From vocab.json and merges.txt."""
        return CharBPETokenizer(*models.BPE.read_file(vocab_filename, merges_filename), **kwargs)

    def _trainer(self, vocab_size=30000, min_frequency=2, special_tokens=("<unk>",), limit_alphabet=1000,
                 initial_alphabet=(), suffix="</w>", show_progress=True):  # fmt: skip
        return trainers.BpeTrainer(
            vocab_size=vocab_size, min_frequency=min_frequency, special_tokens=special_tokens,
            limit_alphabet=limit_alphabet, initial_alphabet=initial_alphabet, end_of_word_suffix=suffix,
            show_progress=show_progress,
        )  # fmt: skip


class SentencePieceBPETokenizer(BaseTokenizer):
    """BPE over characters with marked blanks."""

    def __init__(
        self,
        vocab: str | dict[str, int] | None = None,
        merges: str | list[tuple[str, str]] | None = None,
        unk_token: str | AddedToken = "<unk>",
        replacement: str = "▁",
        add_prefix_space: bool = True,
        dropout: float | None = None,
        fuse_unk: bool | None = False,
    ) -> None:
        parameters = {"model": "SentencePieceBPE", **_given(locals())}
        parameters.pop("fuse_unk")
        given = (vocab, merges) if vocab is not None and merges is not None else ()
        tokenizer = Tokenizer(models.BPE(*given, dropout=dropout, unk_token=str(unk_token), fuse_unk=fuse_unk))
        _mark_special(tokenizer, unk_token)
        tokenizer.normalizer = normalizers.NFKC()
        _metaspace(tokenizer, replacement, add_prefix_space)
        super().__init__(tokenizer, parameters)

    @staticmethod
    def from_file(vocab_filename: str, merges_filename: str, **kwargs: Any) -> SentencePieceBPETokenizer:
        """From vocab.json and merges.txt."""
        return SentencePieceBPETokenizer(*models.BPE.read_file(vocab_filename, merges_filename), **kwargs)

    def _trainer(self, vocab_size=30000, min_frequency=2, special_tokens=("<unk>",), limit_alphabet=1000,
                 initial_alphabet=(), show_progress=True):  # fmt: skip
        return trainers.BpeTrainer(
            vocab_size=vocab_size, min_frequency=min_frequency, special_tokens=special_tokens,
            limit_alphabet=limit_alphabet, initial_alphabet=initial_alphabet, show_progress=show_progress,
        )  # fmt: skip


def _metaspace(tokenizer: Tokenizer, replacement: str, add_prefix_space: bool) -> None:
    options = {"replacement": replacement, "prepend_scheme": "always" if add_prefix_space else "never"}
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(**options)
    tokenizer.decoder = decoders.Metaspace(**options)


class SentencePieceUnigramTokenizer(BaseTokenizer):
    """Unigram with marked blanks."""

    def __init__(
        self, vocab: list[tuple[str, float]] | None = None, replacement: str = "▁", add_prefix_space: bool = True
    ) -> None:
        parameters = {"model": "SentencePieceUnigram", **_given(locals())}
        tokenizer = Tokenizer(models.Unigram(vocab))
        blanks = normalizers.Replace(Regex(" {2,}"), " ")
        tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), blanks])
        _metaspace(tokenizer, replacement, add_prefix_space)
        super().__init__(tokenizer, parameters)

    @staticmethod
    def from_spm(filename: str) -> SentencePieceUnigramTokenizer:
        """From a SentencePiece model.

        Raises:
            ValueError: the file is damaged, or holds another kind of model.
        """
        model = _read_sentencepiece(filename)
        if model["algorithm"] != 1:
            raise ValueError(
                "You're trying to run a `Unigram` model but you're file was trained with a different algorithm"
            )
        tokenizer = Tokenizer(models.Unigram(model["pieces"], model["unk_id"], model["byte_fallback"]))
        steps = [normalizers.Precompiled(model["precompiled_charsmap"])] if model["precompiled_charsmap"] else []
        tokenizer.normalizer = normalizers.Sequence([*steps, normalizers.Replace(Regex(" {2,}"), " ")])
        _metaspace(tokenizer, "▁", True)
        made = SentencePieceUnigramTokenizer.__new__(SentencePieceUnigramTokenizer)
        BaseTokenizer.__init__(made, tokenizer, {"model": "SentencePieceUnigram"})
        return made

    def _trainer(self, vocab_size=8000, show_progress=True, special_tokens=None, initial_alphabet=None, unk_token=None):
        return trainers.UnigramTrainer(
            vocab_size=vocab_size, special_tokens=special_tokens, show_progress=show_progress,
            initial_alphabet=initial_alphabet, unk_token=unk_token,
        )  # fmt: skip


class BertWordPieceTokenizer(BaseTokenizer):
    """WordPiece as BERT has it."""

    def __init__(
        self,
        vocab: str | dict[str, int] | None = None,
        unk_token: str | AddedToken = "[UNK]",
        sep_token: str | AddedToken = "[SEP]",
        cls_token: str | AddedToken = "[CLS]",
        pad_token: str | AddedToken = "[PAD]",
        mask_token: str | AddedToken = "[MASK]",
        clean_text: bool = True,
        handle_chinese_chars: bool = True,
        strip_accents: bool | None = None,
        lowercase: bool = True,
        wordpieces_prefix: str = "##",
    ) -> None:
        parameters = {"model": "BertWordPiece", **_given(locals())}
        tokenizer = Tokenizer(models.WordPiece(vocab, unk_token=str(unk_token)))
        _mark_special(tokenizer, unk_token, sep_token, cls_token, pad_token, mask_token)
        tokenizer.normalizer = normalizers.BertNormalizer(
            clean_text=clean_text, handle_chinese_chars=handle_chinese_chars, strip_accents=strip_accents, lowercase=lowercase
        )
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        if vocab is not None:
            ends = []
            for name, token in (("sep_token", str(sep_token)), ("cls_token", str(cls_token))):
                index = tokenizer.token_to_id(token)
                if index is None:
                    raise TypeError(f"{name} not found in the vocabulary")
                ends.append((token, index))
            tokenizer.post_processor = processors.BertProcessing(*ends)
        tokenizer.decoder = decoders.WordPiece(prefix=wordpieces_prefix)
        super().__init__(tokenizer, parameters)

    @staticmethod
    def from_file(vocab: str, **kwargs: Any) -> BertWordPieceTokenizer:
        """From a vocab.txt."""
        return BertWordPieceTokenizer(models.WordPiece.read_file(vocab), **kwargs)

    def _trainer(self, vocab_size=30000, min_frequency=2, limit_alphabet=1000, initial_alphabet=(),
                 special_tokens=("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), show_progress=True,
                 wordpieces_prefix="##"):  # fmt: skip
        return trainers.WordPieceTrainer(
            vocab_size=vocab_size, min_frequency=min_frequency, limit_alphabet=limit_alphabet,
            initial_alphabet=initial_alphabet, special_tokens=special_tokens, show_progress=show_progress,
            continuing_subword_prefix=wordpieces_prefix,
        )  # fmt: skip


__all__ = [
    "BaseTokenizer", "BertWordPieceTokenizer", "ByteLevelBPETokenizer", "CharBPETokenizer", "SentencePieceBPETokenizer",
    "SentencePieceUnigramTokenizer",
]  # fmt: skip
