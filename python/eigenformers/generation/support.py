"""Which generation parameters this version computes; the others are refused by name, never ignored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable

from ..errors import UnsupportedError
from ..utils import logging

if TYPE_CHECKING:
    from .configuration import GenerationConfig

logger = logging.get_logger(__name__)

# Parameter → the values that mean "off", and what to do instead.
REFUSED: dict[str, tuple[tuple[Any, ...], str]] = {
    "use_mtp": ((None, False), "the heads of multi-token prediction are not loaded; use assistant_model or "
                               "prompt_lookup_num_tokens"),
    "speculation_type": ((None,), "no model here brings a drafter of its own; use assistant_model"),
    "assistant_ensemble_weight": ((None,), "a draft changes the speed here, never the text; leave it unset"),
}

# Whole numbers, and the least of each.
_COUNTS = {"max_length": 0, "max_new_tokens": 0, "num_beams": 1, "num_return_sequences": 1, "prefill_chunk_size": 1}

# Caches that hold keys and values on another device, or in a layout of a compiler: one cache here serves them all.
_SAME_CACHE = ("static", "offloaded", "offloaded_static", "sliding_window", "hybrid", "hybrid_chunked",
               "offloaded_hybrid", "offloaded_hybrid_chunked")  # fmt: skip


def check_supported(config: GenerationConfig) -> None:
    """Checks the parameters of a `generate` call, after all sources have been merged.

    UnsupportedError for the first that is set and not computed here; ValueError for a value that its processor
    refuses.
    """
    if config.prompt_lookup_num_tokens is not None:
        _check_prompt_lookup(config)
    if config.prefill_chunk_size is not None and config.use_cache is False:
        raise ValueError("Cannot use prefill chunking without a cache")
    _check_counts(config)
    for name, (off, reason) in REFUSED.items():
        value = getattr(config, name, None)
        if not any(value is item or value == item for item in off):
            raise UnsupportedError(f"generate: {name}={value!r}: {reason}")
    if config.cache_config is not None and not isinstance(config.cache_config, dict):
        raise TypeError(f"generate: cache_config={config.cache_config!r}, needed a dict")
    if config.cache_config and config.cache_implementation != "quantized":
        raise UnsupportedError('generate: cache_config: it belongs to cache_implementation="quantized"')
    if config.cache_implementation == "paged":
        raise UnsupportedError(
            f"generate: cache_implementation={config.cache_implementation!r}: this cache is not part of this version; "
            "leave it unset"
        )
    if config.cache_implementation in _SAME_CACHE:
        logger.info_once(
            f"cache_implementation={config.cache_implementation!r}: results are the same, memory may differ"
        )
    if config.compile_config is not None:
        logger.info_once("compile_config: nothing to compile, the decode loop already is machine code")
    _check_beams(config)
    _check_processor_arguments(config)


def ids_of(name: str, value: Any) -> list[int]:
    """The ids of an option that is None, one id, or several in a list, an array or a tensor."""
    if value is None:
        return []
    value = value.tolist() if hasattr(value, "tolist") else value
    ids = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    if not all(isinstance(token, (int, float)) or hasattr(token, "item") for token in ids):
        raise TypeError(f"generate: {name}={value!r}, needed the id of a token or a list of them")
    return [int(token) for token in ids]


def _check_counts(config: GenerationConfig) -> None:
    """Whole numbers in any form, such as numpy's or a tensor's, become ints."""
    for name in (*_COUNTS, "min_length", "min_new_tokens"):
        value = getattr(config, name)
        number = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
        if isinstance(number, float) and number.is_integer():
            number = int(number)
        whole = isinstance(number, int) and not isinstance(number, bool)
        if name in _COUNTS and value is not None and not (whole and number >= _COUNTS[name]):
            raise ValueError(f"generate: {name}={value!r}, needed a whole number, at least {_COUNTS[name]}")
        if whole and number is not value:
            setattr(config, name, number)


def _check_beams(config: GenerationConfig) -> None:
    """What groups and constraints cannot be combined with, in the words of the releases that had them."""
    groups, penalty = config.num_beam_groups or 1, config.diversity_penalty or 0.0
    if config.constraints is not None or config.force_words_ids is not None:
        for name, off in (("do_sample", False), ("num_beam_groups", 1)):
            value = getattr(config, name)
            if value not in (None, off):
                raise ValueError(
                    "one of `constraints`, `force_words_ids` is not `None`, triggering constrained beam search. "
                    f"However, `{name}` is set to `{value}`, which is incompatible with this generation mode. Set "
                    f"`constraints` and `force_words_ids` to `None` or unset `{name}` to continue."
                )
        if config.num_beams in (None, 1):
            raise ValueError(
                f"`num_beams` has to be an integer strictly greater than 1, but is {config.num_beams}. For "
                "`num_beams` == 1, one should make use of `greedy_search` instead."
            )
        return
    if groups == 1 and penalty == 0.0:
        return
    if config.num_beams in (None, 1):
        for name, value, off in (("num_beam_groups", groups, 1), ("diversity_penalty", penalty, 0.0)):
            if value != off:
                logger.warning_once(
                    f"`num_beams` is set to 1. However, `{name}` is set to `{value}` -- this flag is only used in "
                    f"beam-based generation modes. You should set `num_beams>1` or unset `{name}`."
                )
        return
    prefix = (
        "`diversity_penalty` is not 0.0 or `num_beam_groups` is not 1, triggering group beam search. In this "
        "generation mode, "
    )
    if config.do_sample is True:
        raise ValueError(prefix + "`do_sample` must be set to `False`")
    if groups < 1 or groups > config.num_beams or config.num_beams % groups:
        raise ValueError(prefix + "`num_beams` should be divisible by `num_beam_groups`")
    if penalty == 0.0:
        raise ValueError(
            prefix + "`diversity_penalty` should be greater than `0.0`, otherwise your groups will be identical."
        )
    from .logits_process import HammingDiversityLogitsProcessor

    HammingDiversityLogitsProcessor(penalty, config.num_beams, groups)


def _check_prompt_lookup(config: GenerationConfig) -> None:
    if config.assistant_ensemble_weight is not None:
        raise ValueError(
            "Setting `assistant_ensemble_weight` requires candidate logits from the assistant model. It is not "
            "supported with prompt lookup decoding."
        )
    if (config.num_return_sequences or 1) > 1:
        raise ValueError(
            f"num_return_sequences has to be 1 when doing assisted generate, but is {config.num_return_sequences}."
        )
    if config.cache_implementation in ("static", "hybrid", "sliding_window"):
        raise ValueError("assisted generate is not supported with Static cache classes`")


def _check_processor_arguments(config: GenerationConfig) -> None:
    """Makes the Python processors that the parameters ask for: their constructors know what is valid.

    The C++ loop runs its own and trusts the values.
    """

    def make(name: str, off: tuple[Any, ...], build: Callable[[Any, Any], Any]) -> None:
        value = getattr(config, name)
        if value is None or value in off:
            return
        from . import logits_process  # slow to import, and what the defaults ask for needs none

        build(logits_process, value)

    make("sequence_bias", (), lambda p, value: p.SequenceBiasLogitsProcessor(value))
    make("bad_words_ids", (), lambda p, value: p.NoBadWordsLogitsProcessor(value))
    for name in ("repetition_penalty", "encoder_repetition_penalty"):
        make(name, (1.0,), lambda p, value: p.RepetitionPenaltyLogitsProcessor(value))
    make("min_length", (0,), lambda p, value: p.MinLengthLogitsProcessor.check(value))  # to make one takes numpy
    make("min_new_tokens", (0,), lambda p, value: p.MinNewTokensLengthLogitsProcessor.check(value))
    make("forced_eos_token_id", (), lambda p, value: p.ForcedEOSTokenLogitsProcessor(0, value))
    if not config.do_sample:
        return
    make("temperature", (1.0,), lambda p, value: p.TemperatureLogitsWarper(value))
    make("top_k", (0,), lambda p, value: p.TopKLogitsWarper(value))
    make("top_p", (), lambda p, value: value < 1.0 and p.TopPLogitsWarper(value))
    make("min_p", (), lambda p, value: p.MinPLogitsWarper(value))
    make("top_h", (), lambda p, value: p.TopHLogitsWarper(value))
    make("typical_p", (), lambda p, value: value < 1.0 and p.TypicalLogitsWarper(value))
