"""Every logits processor on the same scores: ties, infinities, all-equal rows and batches of several rows."""

from __future__ import annotations

import numpy as np

VOCABULARY = 37


def _arrays(lib, *arrays):
    if lib.__name__ == "transformers":
        import torch

        return [torch.from_numpy(array.copy()) for array in arrays]
    return [array.copy() for array in arrays]


def _inputs():
    rng = np.random.default_rng(11)
    scores = (rng.standard_normal((4, VOCABULARY)) * 3).astype(np.float32)
    scores[1, 5:9] = -np.inf  # tokens that something else forbade
    scores[2, :] = np.round(scores[2, :])  # ties
    scores[3, :] *= 0.01  # nearly uniform
    ids = rng.integers(0, 6, (4, 9))  # few ids: n-grams repeat
    return ids, scores


def _run(lib, make, ids=None, scores=None, **kwargs):
    own_ids, own_scores = _inputs()
    ids, scores = _arrays(lib, own_ids if ids is None else ids, own_scores if scores is None else scores)
    return np.asarray(make(lib)(ids, scores, **kwargs))


def _all(lib, makers):
    return {name: _run(lib, make) for name, make in makers.items()}


def case_warpers(lib):
    return _all(
        lib,
        {
            "temperature": lambda lib: lib.TemperatureLogitsWarper(0.7),
            "top_k": lambda lib: lib.TopKLogitsWarper(5),
            "top_k_all": lambda lib: lib.TopKLogitsWarper(100),
            "top_k_keep": lambda lib: lib.TopKLogitsWarper(1, filter_value=-9.0, min_tokens_to_keep=3),
            "top_p": lambda lib: lib.TopPLogitsWarper(0.6),
            "top_p_keep": lambda lib: lib.TopPLogitsWarper(0.01, min_tokens_to_keep=4),
            "top_p_all": lambda lib: lib.TopPLogitsWarper(1.0),
            "min_p": lambda lib: lib.MinPLogitsWarper(0.1),
            "top_h": lambda lib: lib.TopHLogitsWarper(0.4),
            "typical": lambda lib: lib.TypicalLogitsWarper(0.5),
            "typical_keep": lambda lib: lib.TypicalLogitsWarper(0.1, min_tokens_to_keep=3),
            "epsilon": lambda lib: lib.EpsilonLogitsWarper(0.03),
            "epsilon_keep": lambda lib: lib.EpsilonLogitsWarper(0.5, min_tokens_to_keep=2),
            "eta": lambda lib: lib.EtaLogitsWarper(0.03),
            "eta_keep": lambda lib: lib.EtaLogitsWarper(0.5, min_tokens_to_keep=2),
        },
    )


def case_top_h_of_one(lib):
    """Tokens of probability 0 carry no entropy, and are dropped all the same."""
    scores = np.full((2, 40), np.finfo(np.float32).min, np.float32)
    scores[0, 7], scores[1, :3] = 0, [1, 2, 3]
    return _run(lib, lambda lib: lib.TopHLogitsWarper(0.5), ids=_inputs()[0][:2], scores=scores)


def case_min_p_keeps_two(lib):
    scores = _inputs()[1][[0, 1, 3]]
    return _run(lib, lambda lib: lib.MinPLogitsWarper(0.9, min_tokens_to_keep=2), ids=_inputs()[0][:3], scores=scores)


def case_constraints(lib):
    ids, _ = _inputs()
    encoder_ids, ignore = _arrays(lib, ids[:2, ::-1], np.array([0, 3, 9, 5]))
    return _all(
        lib,
        {
            "min_length_active": lambda lib: lib.MinLengthLogitsProcessor(10, 3),
            "min_length_passed": lambda lib: lib.MinLengthLogitsProcessor(9, [3, 7]),
            "min_new_active": lambda lib: lib.MinNewTokensLengthLogitsProcessor(5, 5, [3, 7]),
            "min_new_passed": lambda lib: lib.MinNewTokensLengthLogitsProcessor(5, 4, 3),
            "repetition": lambda lib: lib.RepetitionPenaltyLogitsProcessor(1.7),
            "repetition_reward": lambda lib: lib.RepetitionPenaltyLogitsProcessor(0.5),
            "repetition_ignore": lambda lib: lib.RepetitionPenaltyLogitsProcessor(1.7, prompt_ignore_length=6),
            "repetition_ignore_rows": lambda lib: lib.RepetitionPenaltyLogitsProcessor(
                1.7, prompt_ignore_length=ignore
            ),
            "encoder_repetition": lambda lib: lib.EncoderRepetitionPenaltyLogitsProcessor(1.7, encoder_ids),
            "no_repeat_1": lambda lib: lib.NoRepeatNGramLogitsProcessor(1),
            "no_repeat_2": lambda lib: lib.NoRepeatNGramLogitsProcessor(2),
            "no_repeat_20": lambda lib: lib.NoRepeatNGramLogitsProcessor(20),
            "encoder_no_repeat": lambda lib: lib.EncoderNoRepeatNGramLogitsProcessor(2, encoder_ids),
            "bias": lambda lib: lib.SequenceBiasLogitsProcessor(
                {(3,): 1.5, (int(ids[0, -1]), 8): -4.0, (int(ids[1, -2]), int(ids[1, -1]), 8): 2.0, (1,) * 12: 9.0}
            ),
            "bias_list": lambda lib: lib.SequenceBiasLogitsProcessor([[[3], 1.5], [[int(ids[0, -1]), 8], -4.0]]),
            "bad_words": lambda lib: lib.NoBadWordsLogitsProcessor([[4], [7], [int(ids[2, -1]), 9]], eos_token_id=7),
            "prefix": lambda lib: lib.PrefixConstrainedLogitsProcessor(
                lambda batch, sent: [batch, int(sent[-1]) + 3], 2
            ),
            "forced_bos_late": lambda lib: lib.ForcedBOSTokenLogitsProcessor(4),
            "forced_eos": lambda lib: lib.ForcedEOSTokenLogitsProcessor(10, [2, 6]),
            "forced_eos_late": lambda lib: lib.ForcedEOSTokenLogitsProcessor(11, 2),
            "decay": lambda lib: lib.ExponentialDecayLengthPenalty((2, 1.3), [2, 6], 4),
            "decay_early": lambda lib: lib.ExponentialDecayLengthPenalty((20, 1.3), 2, 4),
            "suppress": lambda lib: lib.SuppressTokensLogitsProcessor([1, 30]),
            "suppress_begin": lambda lib: lib.SuppressTokensAtBeginLogitsProcessor([1, 30], 9),
            "suppress_begin_late": lambda lib: lib.SuppressTokensAtBeginLogitsProcessor([1, 30], 8),
            "normalize": lambda lib: lib.LogitNormalization(),
        },
    )


def case_forced_bos_and_unsatisfiable_prefix(lib):
    ids, scores = _inputs()
    dead = scores.copy()
    dead[0:2, 3] = -np.inf
    return {
        "bos": _run(lib, lambda lib: lib.ForcedBOSTokenLogitsProcessor(4), ids=ids[:, :1]),
        "prefix": _run(lib, lambda lib: lib.PrefixConstrainedLogitsProcessor(lambda b, s: [3], 2), scores=dead),
    }


def case_invalid_values_and_guidance(lib):
    ids, scores = _inputs()
    broken = scores.copy()
    broken[0, 0], broken[1, 1], broken[2, 2] = np.nan, np.inf, -np.inf
    return {
        "removed": _run(lib, lambda lib: lib.InfNanRemoveLogitsProcessor(), scores=broken),
        "cfg": _run(
            lib, lambda lib: lib.ClassifierFreeGuidanceLogitsProcessor(1.5), ids=ids[:2], scores=scores[[0, 3, 2, 3]]
        ),
    }


def case_list_in_order(lib):
    def make(lib):
        return lib.LogitsProcessorList(
            [lib.RepetitionPenaltyLogitsProcessor(1.3), lib.TemperatureLogitsWarper(0.5), lib.TopPLogitsWarper(0.8)]
        )

    scores = _inputs()[1]
    scores[2] += np.linspace(0, 0.01, VOCABULARY, dtype=np.float32)  # which of equal tokens a cutoff keeps is undefined
    return _run(lib, make, scores=scores)


_BAD = {
    "temperature_zero": lambda lib: lib.TemperatureLogitsWarper(0.0),
    "temperature_int": lambda lib: lib.TemperatureLogitsWarper(1),
    "top_k": lambda lib: lib.TopKLogitsWarper(0),
    "top_p": lambda lib: lib.TopPLogitsWarper(1.5),
    "top_p_keep": lambda lib: lib.TopPLogitsWarper(0.5, min_tokens_to_keep=0),
    "min_p": lambda lib: lib.MinPLogitsWarper(-0.1),
    "top_h": lambda lib: lib.TopHLogitsWarper(0.0),
    "typical": lambda lib: lib.TypicalLogitsWarper(1.0),
    "epsilon": lambda lib: lib.EpsilonLogitsWarper(1.0),
    "eta": lambda lib: lib.EtaLogitsWarper(0.0),
    "min_length": lambda lib: lib.MinLengthLogitsProcessor(-1, 0),
    "min_new": lambda lib: lib.MinNewTokensLengthLogitsProcessor(0, -1, 0),
    "penalty": lambda lib: lib.RepetitionPenaltyLogitsProcessor(-1.0),
    "ngram": lambda lib: lib.NoRepeatNGramLogitsProcessor(0),
    "bias_empty": lambda lib: lib.SequenceBiasLogitsProcessor({}),
    "bias_keys": lambda lib: lib.SequenceBiasLogitsProcessor({1: 2.0}),
    "bias_negative": lambda lib: lib.SequenceBiasLogitsProcessor({(-1,): 2.0}),
    "bias_int": lambda lib: lib.SequenceBiasLogitsProcessor({(1,): 2}),
    "bias_list": lambda lib: lib.SequenceBiasLogitsProcessor([[[1], 2]]),
    "bad_words": lambda lib: lib.NoBadWordsLogitsProcessor([]),
    "bad_words_flat": lambda lib: lib.NoBadWordsLogitsProcessor([1]),
    "bad_words_negative": lambda lib: lib.NoBadWordsLogitsProcessor([[-1]]),
    "cfg": lambda lib: lib.ClassifierFreeGuidanceLogitsProcessor(1),
    "bias_beyond": lambda lib: _run(lib, lambda lib: lib.SequenceBiasLogitsProcessor({(99,): 2.0})),
    "abstract": lambda lib: _run(lib, lambda lib: lib.LogitsProcessor()).shape,
}


def case_error_texts(lib):
    texts = {}
    for name, make in _BAD.items():
        try:
            make(lib)
            texts[name] = None
        except (ValueError, NotImplementedError) as error:
            texts[name] = (
                str(error)
                .replace("transformers.generation.logits_process", "M")
                .replace("eigenformers.generation.logits_base", "M")
            )
    return texts
