"""The checks of a `GenerationConfig`: errors for impossible values, notes for flags that would be ignored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..utils import logging
from .auxiliary_configs import CompileConfig
from .configuration import ALL_CACHE_IMPLEMENTATIONS, ALL_STATIC_CACHE_IMPLEMENTATIONS, STATIC_CACHE_IMPLEMENTATIONS

if TYPE_CHECKING:
    from .configuration import GenerationConfig

logger = logging.get_logger(__name__)

# Flags that need a mode, with the value that is harmless outside of it.
_SAMPLING_FLAGS: dict[str, Any] = {
    "temperature": 1.0,
    "top_p": 1.0,
    "min_p": None,
    "top_h": None,
    "typical_p": 1.0,
    "top_k": 50,
    "epsilon_cutoff": 0.0,
    "eta_cutoff": 0.0,
}
_BEAM_FLAGS: dict[str, Any] = {"early_stopping": False, "length_penalty": 1.0}

_NUMBERS = (
    "max_length", "max_new_tokens", "min_length", "min_new_tokens", "max_time", "num_beams", "num_beam_groups",
    "num_return_sequences", "temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff",
    "eta_cutoff", "repetition_penalty", "encoder_repetition_penalty", "length_penalty", "diversity_penalty",
    "penalty_alpha", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "guidance_scale", "pad_token_id",
    "prefill_chunk_size", "assistant_ensemble_weight",
)  # fmt: skip

_GENERATE_ARGUMENTS = (
    "logits_processor",
    "stopping_criteria",
    "prefix_allowed_tokens_fn",
    "synced_gpus",
    "assistant_model",
    "streamer",
    "negative_prompt_ids",
    "negative_prompt_attention_mask",
)


def validate(config: GenerationConfig, strict: bool, explicit: set[str] | None) -> None:
    """See `GenerationConfig.validate`."""
    _check_values(config)
    _check_forced_tokens(config)
    _check_return_sequences(config)
    for name in _GENERATE_ARGUMENTS:
        if hasattr(config, name):
            raise ValueError(
                f"Argument `{name}` is not a valid argument of `GenerationConfig`. It should be passed to "
                "`generate()` (or a pipeline) directly."
            )
    issues = dict(_ignored_flags(config, explicit or set()))
    if not issues:
        return
    details = "\n".join(f"- `{name}`: {issue}" for name, issue in issues.items())
    details += (
        "\nIf you're using a pretrained model, note that some of these attributes may be set through the "
        "model's `generation_config.json` file."
    )
    if strict:
        raise ValueError("GenerationConfig is invalid: \n" + details)
    warning = f"The following generation flags are not valid and may be ignored: {list(issues)}."
    if logging.get_verbosity() >= logging.WARNING:
        warning += " Set `TRANSFORMERS_VERBOSITY=info` for more details."
    logger.warning_once(warning)
    logger.info_once(details)


def _check_values(config: GenerationConfig) -> None:
    for name in _NUMBERS:
        value = getattr(config, name)
        if isinstance(value, (str, list, tuple, dict)):
            raise ValueError(f"`{name}` must be a number, but is {value!r}.")
    if config.early_stopping not in (None, True, False, "never"):
        raise ValueError(f"`early_stopping` must be a boolean or 'never', but is {config.early_stopping}.")
    if config.max_new_tokens is not None and config.max_new_tokens <= 0:
        raise ValueError(f"`max_new_tokens` must be greater than 0, but is {config.max_new_tokens}.")
    weight = config.assistant_ensemble_weight
    if weight is not None and not 0.0 < weight < 1.0:
        raise ValueError(
            f"`assistant_ensemble_weight` must be in the open interval `(0.0, 1.0)`, but is {weight}. "
            "Use `None` for standard (lossless) speculative decoding."
        )
    cache = config.cache_implementation
    known_caches = (*ALL_CACHE_IMPLEMENTATIONS, "paged")
    if cache is not None and cache not in known_caches:
        raise ValueError(f"Invalid `cache_implementation` ({cache}). Choose one of: {known_caches}")
    if config.max_cache_len is not None and cache not in ALL_STATIC_CACHE_IMPLEMENTATIONS:
        logger.warning_once(
            f"`max_cache_len` is only used with static caches ({STATIC_CACHE_IMPLEMENTATIONS}); it will be "
            f"ignored with `cache_implementation={cache!r}`."
        )
    if config.compile_config is not None and not isinstance(config.compile_config, CompileConfig):
        raise ValueError(
            f"You provided `compile_config` as an instance of {type(config.compile_config)}, but it must be an "
            "instance of `CompileConfig`."
        )
    if config.watermarking_config is not None:
        if not hasattr(config.watermarking_config, "validate"):
            raise TypeError(
                f"`watermarking_config` is {config.watermarking_config!r}, needed a WatermarkingConfig, a "
                "SynthIDTextWatermarkingConfig or a dict"
            )
        config.watermarking_config.validate()


def _check_forced_tokens(config: GenerationConfig) -> None:
    if config.suppress_tokens is None:
        return
    for name in ("forced_bos_token_id", "forced_eos_token_id"):
        forced = getattr(config, name)
        if forced is None:
            continue
        forced = {forced} if isinstance(forced, int) else set(forced)
        if forced and forced <= set(config.suppress_tokens):
            raise ValueError(
                f"Every token in `{name}` ({sorted(forced)}) is also in `suppress_tokens`. Forcing a token while "
                "suppressing it sets all logits to `-inf` at the forcing step, which produces `nan` probabilities and "
                f"crashes generation. Remove the overlapping token(s) from either `{name}` or `suppress_tokens` (if "
                "you meant to prevent an early EOS token, use `min_new_tokens` instead)."
            )


def _check_return_sequences(config: GenerationConfig) -> None:
    wanted = config.num_return_sequences
    if wanted is None or wanted <= 1:
        return
    if config.num_beams in (None, 1):
        if not config.do_sample:
            raise ValueError(
                "Greedy methods (do_sample != True) without beam search do not support "
                f"`num_return_sequences` different than 1 (got {wanted})."
            )
    elif wanted > config.num_beams:
        raise ValueError(
            f"`num_return_sequences` ({wanted}) has to be smaller or equal to `num_beams` ({config.num_beams})."
        )


def _ignored_flags(config: GenerationConfig, explicit: set[str]):
    """Yields (name, why it will be ignored)."""
    if config.pad_token_id is not None and config.pad_token_id < 0:
        yield (
            "pad_token_id",
            f"`pad_token_id` should be positive but got {config.pad_token_id}. This will cause errors when batch "
            "generating, if there is padding. Please set `pad_token_id` explicitly as "
            "`model.generation_config.pad_token_id=PAD_TOKEN_ID` to avoid errors in generation",
        )

    def useless(mode_flag: str, harmless: dict[str, Any]):
        for name, neutral in harmless.items():
            value = getattr(config, name)
            # Who sets the mode but not this flag got the flag from the model's defaults: no reason to complain.
            chosen = name in explicit or mode_flag not in explicit
            if value is not None and value != neutral and chosen:
                yield name, value

    if config.do_sample is not True:
        for name, value in useless("do_sample", _SAMPLING_FLAGS):
            if name == "top_k" and config.penalty_alpha:  # contrastive search looks at so many
                continue
            yield (
                name,
                f"`do_sample` is not set to `True`. However, `{name}` is set to `{value}` -- this flag is only used "
                f"in sample-based generation modes. You should set `do_sample=True` or unset `{name}`.",
            )
    if config.num_beams in (None, 1):
        for name, value in useless("num_beams", _BEAM_FLAGS):
            yield (
                name,
                f"`num_beams` is set to {config.num_beams}. However, `{name}` is set to `{value}` -- this flag is "
                f"only used in beam-based generation modes. You should set `num_beams>1` or unset `{name}`.",
            )
    if config.use_cache is False:
        for name in ("cache_implementation", "cache_config"):
            value = getattr(config, name)
            if value is not None:
                yield (
                    name,
                    f"You have not set `use_cache` to `True`, but {name} is set to {value}.{name} will have no effect.",
                )
    if config.return_dict_in_generate is not True:
        for name in config.extra_output_flags:
            if getattr(config, name) is True:
                yield (
                    name,
                    f"`return_dict_in_generate` is NOT set to `True`, but `{name}` is. When "
                    f"`return_dict_in_generate` is not `True`, `{name}` is ignored.",
                )
