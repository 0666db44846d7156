"""Trainers: learn the vocabulary of a model from texts; see `Tokenizer.train` and `Tokenizer.train_from_iterator`.

>>> from eigenformers.tokenizers import Tokenizer, models, pre_tokenizers
>>> tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
>>> tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
>>> trainer = BpeTrainer(vocab_size=12, special_tokens=["<unk>"], show_progress=False)
>>> tokenizer.train_from_iterator(["low low lower", "lowest new"], trainer)
>>> tokenizer.encode("low lower").tokens
['low', 'lowe', 'r']
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Union

from .._core.tokenizers import AddedToken, Tokenizer, _train, _train_parity, _WordCounts
from . import checks
from .checks import Options, option

Token = Union[str, AddedToken]

_BATCH_TEXTS, _BATCH_CHARACTERS = 4096, 1 << 24  # texts that are counted at a time
_FORMATS = {"indicatif": "Indicatif", "json": "JsonLines", "silent": "Silent"}


def _flags(token: AddedToken) -> dict[str, Any]:
    names = ("single_word", "lstrip", "rstrip", "normalized", "special")
    return {"content": token.content, **{name: getattr(token, name) for name in names}}


def _given(values: Iterable[Any] | None) -> Iterable[Any]:
    return () if values is None else values


def _first_characters(alphabet: Iterable[str] | None) -> list[str]:
    return [longer[0] for longer in map(checks.text, checks.items(_given(alphabet))) if longer]


def _ignore(unknown: dict[str, Any]) -> None:
    for name in unknown:  # as the library does: training again passes on what other trainers take
        warnings.warn(f"Ignored unknown kwargs option {name}", stacklevel=3)


class _Common(Options):
    """What all trainers have."""

    __slots__ = ()
    show_progress: bool = option(checks.flag)
    special_tokens: list[AddedToken] = option(checks.tokens)


class _PairOptions(_Common):
    """What all that learn pairs have."""

    __slots__ = ()
    min_frequency: int = option(checks.count)
    limit_alphabet: int | None = option(checks.optional(checks.count))
    initial_alphabet: list[str] = option(checks.characters)
    continuing_subword_prefix: str | None = option(checks.optional(checks.text))
    end_of_word_suffix: str | None = option(checks.optional(checks.text))
    max_token_length: int | None = option(checks.optional(checks.count))


class Trainer(_Common):
    """Base of the trainers. Options are attributes, which may be changed before training."""

    __slots__ = ("_words",)
    _fields: tuple[str, ...] = ()  # as the JSON of the trainer has them, in order
    vocab_size: int = option(checks.count)

    def __init__(self, *, special_tokens: Iterable[Token] | None = None, **options: Any) -> None:
        if type(self) is Trainer:
            raise TypeError("cannot create 'Trainer' instances")
        super().__init__(special_tokens=_given(special_tokens), **options)
        self._words = 0

    def _options(self) -> dict[str, Any]:
        """The options as JSON has them."""
        options = {name: getattr(self, name) for name in self._fields}
        options["special_tokens"] = [_flags(token) for token in self.special_tokens]
        if "progress_format" in options:
            options["progress_format"] = _FORMATS[options["progress_format"]]
        return options

    def get_word_count(self) -> int:
        """How many different words the last training saw."""
        return self._words

    def shows_progress(self) -> bool:
        """Whether bars are shown."""
        return self.show_progress and getattr(self, "progress_format", "indicatif") != "silent"

    def train(self, tokenizer: Tokenizer, words: _WordCounts) -> None:
        """Train the tokenizer's model on counted words, and add the special tokens."""
        self._words = len(words)
        with _Progress(self.shows_progress()) as progress:
            _train(tokenizer, type(self).__name__, json.dumps(self._options()), words, progress.update)

    def __getstate__(self) -> bytes:
        return json.dumps({type(self).__name__: self._wrapped({**self._options(), "words": {}})}).encode()

    def _wrapped(self, options: dict[str, Any]) -> dict[str, Any]:
        return options

    def __setstate__(self, state: bytes) -> None:
        options = json.loads(state)[type(self).__name__]
        options = options.get("bpe_trainer", options)
        for name in self._fields:
            value = options[name]
            if name == "special_tokens":
                value = [AddedToken(**flags) for flags in value]
            elif name == "progress_format":
                value = next(key for key, spelled in _FORMATS.items() if spelled == value)
            setattr(self, name, value)
        self._words = 0

    def __reduce__(self) -> tuple:
        return type(self), (), self.__getstate__()

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}({name}({', '.join(self._shown())}))"

    def _shown(self) -> list[str]:
        out = []
        for key, value in self._options().items():
            if key == "special_tokens":
                tokens = (", ".join(f"{k}={_show(v)}" for k, v in token.items()) for token in value)
                value = "[" + ", ".join(f"AddedToken({text})" for text in tokens) + "]"
            out.append(f"{key}={value if key in ('progress_format', 'special_tokens') else _show(value)}")
        return [*out, "words={}"]


def _show(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ", ".join(_show(item) for item in value) + "]"
    return str(value)


class BpeTrainer(_PairOptions, Trainer):
    """Learns byte pair encoding (Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units").

    Args:
        vocab_size: tokens in all, special ones and characters included.
        min_frequency: how often a pair has to occur to be merged.
        show_progress: show a progress bar.
        progress_format: "indicatif" (a bar), "json" or "silent".
        special_tokens: the first tokens.
        limit_alphabet: how many different characters are kept at most, the most frequent ones.
        initial_alphabet: characters that are tokens even if no text has them; of longer texts the first one counts.
        continuing_subword_prefix: marks pieces behind the first one of a word.
        end_of_word_suffix: marks the last piece of a word.
        max_token_length: tokens of more characters are not made.
    """

    __slots__ = ()
    _fields = ("min_frequency", "vocab_size", "show_progress", "progress_format", "special_tokens", "limit_alphabet",
               "initial_alphabet", "continuing_subword_prefix", "end_of_word_suffix", "max_token_length")  # fmt: skip
    progress_format: str = option(checks.one_of(*_FORMATS))

    def __init__(
        self,
        *,
        vocab_size: int = 30000,
        min_frequency: int = 0,
        show_progress: bool = True,
        progress_format: str = "indicatif",
        special_tokens: Iterable[Token] | None = None,
        limit_alphabet: int | None = None,
        initial_alphabet: Iterable[str] | None = None,
        continuing_subword_prefix: str | None = None,
        end_of_word_suffix: str | None = None,
        max_token_length: int | None = None,
        **unknown: Any,
    ) -> None:
        _ignore(unknown)
        super().__init__(
            vocab_size=vocab_size,
            min_frequency=min_frequency,
            show_progress=show_progress,
            progress_format=progress_format,
            special_tokens=special_tokens,
            limit_alphabet=limit_alphabet,
            initial_alphabet=_first_characters(initial_alphabet),
            continuing_subword_prefix=continuing_subword_prefix,
            end_of_word_suffix=end_of_word_suffix,
            max_token_length=max_token_length,
        )


class WordPieceTrainer(BpeTrainer):
    """Learns WordPiece, by the merges of BPE. Pieces come out in the same order each time.

    Args: those of `BpeTrainer`, without `progress_format` and `max_token_length`.
    """

    __slots__ = ()

    def __init__(
        self,
        *,
        vocab_size: int = 30000,
        min_frequency: int = 0,
        show_progress: bool = True,
        special_tokens: Iterable[Token] | None = None,
        limit_alphabet: int | None = None,
        initial_alphabet: Iterable[str] | None = None,
        continuing_subword_prefix: str | None = "##",
        end_of_word_suffix: str | None = None,
        **unknown: Any,
    ) -> None:
        _ignore(unknown)
        super().__init__(
            vocab_size=vocab_size,
            min_frequency=min_frequency,
            show_progress=show_progress,
            special_tokens=special_tokens,
            limit_alphabet=limit_alphabet,
            initial_alphabet=initial_alphabet,
            continuing_subword_prefix=continuing_subword_prefix,
            end_of_word_suffix=end_of_word_suffix,
        )

    def _wrapped(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"bpe_trainer": options}

    def __repr__(self) -> str:
        return f"WordPieceTrainer(WordPieceTrainer(bpe_trainer=BpeTrainer({', '.join(self._shown())})))"


class WordLevelTrainer(Trainer):
    """Takes the most frequent words; of equally frequent ones the first in the order of their characters.

    Args:
        vocab_size: tokens in all.
        min_frequency: how often a word has to occur.
        show_progress: show a progress bar.
        special_tokens: the first tokens.
    """

    __slots__ = ()
    _fields = ("min_frequency", "vocab_size", "show_progress", "special_tokens")
    min_frequency: int = option(checks.count)

    def __init__(
        self,
        *,
        vocab_size: int = 30000,
        min_frequency: int = 0,
        show_progress: bool = True,
        special_tokens: Iterable[Token] | None = None,
        **unknown: Any,
    ) -> None:
        _ignore(unknown)
        super().__init__(
            vocab_size=vocab_size,
            min_frequency=min_frequency,
            show_progress=show_progress,
            special_tokens=special_tokens,
        )


class UnigramTrainer(Trainer):
    """Learns a unigram model (Kudo 2018, "Subword Regularization"): many pieces at first, the least useful taken away.

    Args:
        vocab_size: tokens in all, special ones and characters included.
        show_progress: show a progress bar.
        special_tokens: the first tokens.
        initial_alphabet: characters that are tokens even if no text has them.
        shrinking_factor: part of the pieces that stays at each step.
        unk_token: stands for unknown characters; it comes first where it is no special token.
        max_piece_length: longest token, in characters.
        n_sub_iterations: rounds of expectation and maximization between two steps.
        seed_size: characters and substrings to begin with, the most frequent ones.
    """

    __slots__ = ()
    _fields = ("show_progress", "vocab_size", "n_sub_iterations", "shrinking_factor", "special_tokens",
               "initial_alphabet", "unk_token", "max_piece_length", "seed_size")  # fmt: skip
    initial_alphabet: list[str] = option(checks.characters)
    shrinking_factor: float = option(checks.number)
    unk_token: str | None = option(checks.optional(checks.text))
    max_piece_length: int = option(checks.count)
    n_sub_iterations: int = option(checks.count)
    seed_size: int = option(checks.count)

    def __init__(
        self,
        *,
        vocab_size: int = 8000,
        show_progress: bool = True,
        special_tokens: Iterable[Token] | None = None,
        initial_alphabet: Iterable[str] | None = None,
        shrinking_factor: float = 0.75,
        unk_token: str | None = None,
        max_piece_length: int = 16,
        n_sub_iterations: int = 2,
        seed_size: int = 1000000,
        **unknown: Any,
    ) -> None:
        _ignore(unknown)
        super().__init__(
            vocab_size=vocab_size,
            show_progress=show_progress,
            special_tokens=special_tokens,
            initial_alphabet=_first_characters(initial_alphabet),
            shrinking_factor=shrinking_factor,
            unk_token=unk_token,
            max_piece_length=max_piece_length,
            n_sub_iterations=n_sub_iterations,
            seed_size=seed_size,
        )


class ParityBpeTrainer(_PairOptions):
    """Learns byte pair encoding for several languages at once, each merge for the one that is worst off (Foroutan et al. 2025,
    "Parity-Aware Byte-Pair Encoding: Improving Cross-lingual Fairness in Tokenization").

    It trains by its own `train_from_iterator`, as it needs a corpus for each language, and is no `Trainer`.

    Args:
        num_merges: how many merges are learned.
        variant: "base" takes the language that is worst off; "window" passes over one that had more than `alpha` times its
            share of the last `window_size` merges.
        min_frequency: how often a pair has to occur in a language to be merged.
        ratio: compression that each language should reach, relative to the others; where no development texts are given.
        global_merges: the first merges are learned as by `BpeTrainer`, from all languages together.
        window_size: merges that "window" looks back on.
        alpha: see `variant`.
        total_symbols: special tokens and characters count as merges.
        special_tokens, show_progress, limit_alphabet, initial_alphabet, continuing_subword_prefix, end_of_word_suffix,
            max_token_length: as for `BpeTrainer`; texts of `initial_alphabet` are single characters.

    Raises:
        ValueError: an unknown `variant`.

    >>> from eigenformers.tokenizers import Tokenizer, models, pre_tokenizers
    >>> tokenizer = Tokenizer(models.BPE())
    >>> tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    >>> trainer = ParityBpeTrainer(num_merges=2, show_progress=False)
    >>> trainer.train_from_iterator(tokenizer, [["ab ab ab ab"], ["xy"]], dev_iterators=[["ab"], ["xy xy"]])
    >>> tokenizer.encode("ab xy").tokens
    ['ab', 'xy']
    """

    __slots__ = ("_ratio", "_variant")
    _fields = ("num_merges", "variant", "min_frequency", "global_merges", "window_size", "alpha", "total_symbols",
               "show_progress", "ratio", "special_tokens", "limit_alphabet", "initial_alphabet",
               "continuing_subword_prefix", "end_of_word_suffix", "max_token_length")  # fmt: skip
    num_merges: int = option(checks.count)
    global_merges: int = option(checks.count)
    window_size: int = option(checks.count)
    alpha: float = option(checks.number)
    total_symbols: bool = option(checks.flag)

    def __init__(
        self,
        num_merges: int = 32000,
        variant: str = "base",
        min_frequency: int = 0,
        ratio: Sequence[float] | None = None,
        global_merges: int = 0,
        window_size: int = 100,
        alpha: float = 2.0,
        total_symbols: bool = False,
        special_tokens: Iterable[Token] | None = None,
        show_progress: bool = True,
        limit_alphabet: int | None = None,
        initial_alphabet: Iterable[str] | None = None,
        continuing_subword_prefix: str | None = None,
        end_of_word_suffix: str | None = None,
        max_token_length: int | None = None,
    ) -> None:
        if variant not in ("base", "window"):
            raise ValueError(f"Unknown variant '{variant}'. Use 'base' or 'window'.")
        self._variant, self._ratio = variant, None if ratio is None else [float(r) for r in ratio]
        super().__init__(
            num_merges=num_merges,
            min_frequency=min_frequency,
            global_merges=global_merges,
            window_size=window_size,
            alpha=alpha,
            total_symbols=total_symbols,
            special_tokens=_given(special_tokens),
            show_progress=show_progress,
            limit_alphabet=limit_alphabet,
            initial_alphabet=_given(initial_alphabet),
            continuing_subword_prefix=continuing_subword_prefix,
            end_of_word_suffix=end_of_word_suffix,
            max_token_length=max_token_length,
        )

    @property
    def variant(self) -> str:
        """The rule by which a language is chosen."""
        return self._variant

    def train_from_iterator(
        self,
        tokenizer: Tokenizer,
        train_iterators: Sequence[Iterable],
        dev_iterators: Sequence[Iterable] | None = None,
        ratio: Sequence[float] | None = None,
    ) -> None:
        """Train the tokenizer; its model becomes a new BPE.

        Args:
            tokenizer: its normalizer and pre-tokenizer make the words; added tokens mean nothing here.
            train_iterators: one a language; each gives texts, or lists of texts.
            dev_iterators: one a language, best of parallel texts: the language whose texts have the most tokens is worst off.
            ratio: in place of the one that the trainer was made with; not looked at with `dev_iterators`.

        Raises:
            ValueError: the numbers of languages differ, or an option is out of range.
        """
        if not len(train_iterators):
            raise ValueError("train_iterators must not be empty")
        if dev_iterators is not None and len(dev_iterators) != len(train_iterators):
            raise ValueError(
                f"dev_iterators length ({len(dev_iterators)}) must match train_iterators length ({len(train_iterators)})"
            )
        options = {**self._state(), "vocab_size": 0, "special_tokens": [_flags(token) for token in self.special_tokens]}
        if ratio is not None:
            options["ratio"] = [float(r) for r in ratio]
        if dev_iterators is not None:
            options["ratio"] = None
        train, dev = (
            [count_words(tokenizer, texts, self.show_progress, None, added_tokens=False) for texts in iterators or []]
            for iterators in (train_iterators, dev_iterators)
        )
        with _Progress(self.show_progress) as progress:
            _train_parity(tokenizer, json.dumps(options), train, dev, progress.update)

    def _state(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in self._fields if name != "ratio"}
        return {**state, "ratio": self._ratio, "special_tokens": [token.content for token in self.special_tokens]}

    def __getstate__(self) -> dict[str, Any]:
        return {name: self._state()[name] for name in self._fields}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)

    def __reduce__(self) -> tuple:
        return type(self), (), self.__getstate__()

    def __repr__(self) -> str:
        shown = ("num_merges", "variant", "min_frequency", "global_merges", "window_size", "alpha", "total_symbols")
        state = {**self._state(), "alpha": int(self.alpha) if self.alpha.is_integer() else self.alpha}
        return f"ParityBpeTrainer({', '.join(f'{name}={json.dumps(state[name])}' for name in shown)})"


class _Progress:
    """A bar a stage, when it is wanted."""

    def __init__(self, shown: bool) -> None:
        self.shown, self.bar, self.stage = shown, None, None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        if self.bar is not None:
            self.bar.close()

    def update(self, stage: str, done: int, total: int) -> None:
        """Show how far a stage is."""
        if not self.shown:
            return
        if stage != self.stage:
            from tqdm.auto import tqdm

            self.__exit__()
            self.bar, self.stage = tqdm(desc=stage, total=total), stage
        self.bar.total = total
        self.bar.update(done - self.bar.n)


DEFAULT_TRAINERS = {"BPE": BpeTrainer, "WordPiece": WordPieceTrainer, "WordLevel": WordLevelTrainer,
                    "Unigram": UnigramTrainer}  # fmt: skip


def default_trainer(tokenizer: Tokenizer) -> Trainer:
    """The trainer of the tokenizer's kind of model, with its defaults."""
    return DEFAULT_TRAINERS[type(tokenizer.model).__name__]()


def batches(iterator: Iterable[str | Iterable[str]]) -> Iterator[list[str]]:
    """Texts (or sequences of texts) in lists of a size that keeps the threads busy."""
    batch: list[str] = []
    size = 0
    for item in iterator:
        for text in (item,) if isinstance(item, str) else item:
            batch.append(text)
            size += len(text) if isinstance(text, str) else 1
            if len(batch) >= _BATCH_TEXTS or size >= _BATCH_CHARACTERS:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch


def count_words(
    tokenizer: Tokenizer, iterator: Iterable, shown: bool, length: int | None, added_tokens: bool = True
) -> _WordCounts:
    """Count the words of all texts, as the tokenizer's normalizer and pre-tokenizer make them.

    Args:
        tokenizer: makes the words.
        iterator: texts, or sequences of texts.
        shown: show a bar.
        length: how many texts there are, for the bar.
        added_tokens: an added token in a text is a word.
    """
    words = _WordCounts(added_tokens)
    done = 0
    with _Progress(shown) as progress:
        for batch in batches(iterator):
            words.feed(tokenizer, batch)
            done += len(batch)
            progress.update("Pre-processing sequences", done, length if length is not None else done)
    return words


__all__ = ["BpeTrainer", "ParityBpeTrainer", "Trainer", "UnigramTrainer", "WordLevelTrainer", "WordPieceTrainer"]
