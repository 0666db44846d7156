"""The logits processors that a configuration asks for, as Python objects in transformers' order.

`generate` runs its own in C++; these are for code that decodes step by step.
"""

from __future__ import annotations

from typing import Any

from . import logits_process as p


def history_processors(config: Any, prompt_length: int, max_new_tokens: int | None) -> p.LogitsProcessorList:
    """Those that look at a sequence's tokens or its length; `prompt_length` tokens were given, `max_new_tokens` may follow."""
    out = p.LogitsProcessorList()
    eos = config.eos_token_id
    eos = [] if eos is None else [int(i) for i in (eos if isinstance(eos, (list, tuple)) else [eos]) if int(i) >= 0]

    def add(name: str, off: tuple[Any, ...], build: Any) -> None:
        value = getattr(config, name, None)
        if value is not None and value not in off:
            out.append(build(value))

    add("sequence_bias", (), p.SequenceBiasLogitsProcessor)
    add("repetition_penalty", (1.0,), p.RepetitionPenaltyLogitsProcessor)
    add("no_repeat_ngram_size", (0,), p.NoRepeatNGramLogitsProcessor)
    add("bad_words_ids", (), lambda words: p.NoBadWordsLogitsProcessor(words, eos or None))
    if eos:
        add("min_length", (0,), lambda value: p.MinLengthLogitsProcessor(value, eos))
        add("min_new_tokens", (0,), lambda value: p.MinNewTokensLengthLogitsProcessor(prompt_length, value, eos))
    add("forced_bos_token_id", (), p.ForcedBOSTokenLogitsProcessor)
    if max_new_tokens is not None:
        total = prompt_length + max_new_tokens
        add("forced_eos_token_id", (), lambda value: p.ForcedEOSTokenLogitsProcessor(total, value))
    if config.remove_invalid_values is True:
        out.append(p.InfNanRemoveLogitsProcessor())
    if eos:
        add("exponential_decay_length_penalty", (), lambda v: p.ExponentialDecayLengthPenalty(v, eos, prompt_length))
    add("suppress_tokens", (), p.SuppressTokensLogitsProcessor)
    begin = prompt_length + (1 if prompt_length <= 1 and config.forced_bos_token_id is not None else 0)
    add("begin_suppress_tokens", (), lambda value: p.SuppressTokensAtBeginLogitsProcessor(value, begin))
    return out


def warpers(config: Any) -> p.LogitsProcessorList:
    """Those that look at the scores alone; none where nothing is drawn."""
    out = p.LogitsProcessorList()
    if config.do_sample:
        for name, off, build in (
            ("temperature", (1.0,), p.TemperatureLogitsWarper), ("top_h", (), p.TopHLogitsWarper),
            ("top_k", (0,), p.TopKLogitsWarper), ("top_p", (1.0,), p.TopPLogitsWarper),
            ("min_p", (), p.MinPLogitsWarper), ("typical_p", (1.0,), p.TypicalLogitsWarper),
            ("epsilon_cutoff", (0.0,), p.EpsilonLogitsWarper), ("eta_cutoff", (0.0,), p.EtaLogitsWarper),
        ):  # fmt: skip
            value = getattr(config, name, None)
            if value is not None and value not in off:
                out.append(build(value))
    if config.renormalize_logits is True:
        out.append(p.LogitNormalization())
    return out
