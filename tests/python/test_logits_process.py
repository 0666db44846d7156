"""Logits processors with Tensors and arrays, at their edges. Their values are compared in the golden cases."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest

IDS = np.array([[1, 2, 1], [3, 3, 3]])
SCORES = np.array([[0.5, -1.0, 2.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0, 1.0]], dtype=np.float32)

PROCESSORS = [
    ef.TemperatureLogitsWarper(0.5),
    ef.TopKLogitsWarper(2),
    ef.TopPLogitsWarper(0.5),
    ef.MinPLogitsWarper(0.5),
    ef.TopHLogitsWarper(0.5),
    ef.TypicalLogitsWarper(0.5),
    ef.EpsilonLogitsWarper(0.2),
    ef.EtaLogitsWarper(0.2),
    ef.RepetitionPenaltyLogitsProcessor(2.0),
    ef.EncoderRepetitionPenaltyLogitsProcessor(2.0, IDS),
    ef.NoRepeatNGramLogitsProcessor(2),
    ef.EncoderNoRepeatNGramLogitsProcessor(2, IDS),
    ef.SequenceBiasLogitsProcessor({(1, 2): 1.0, (0,): 2.0}),
    ef.NoBadWordsLogitsProcessor([[1, 4]]),
    ef.MinLengthLogitsProcessor(5, 4),
    ef.MinNewTokensLengthLogitsProcessor(2, 2, [4]),
    ef.PrefixConstrainedLogitsProcessor(lambda batch, ids: [batch, 4], 1),
    ef.ForcedBOSTokenLogitsProcessor(1),
    ef.ForcedEOSTokenLogitsProcessor(4, [2, 3]),
    ef.InfNanRemoveLogitsProcessor(),
    ef.ExponentialDecayLengthPenalty((0, 1.5), 4, 1),
    ef.SuppressTokensLogitsProcessor([0]),
    ef.SuppressTokensAtBeginLogitsProcessor([0], 3),
    ef.LogitNormalization(),
]


@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda p: type(p).__name__)
def test_tensors_give_what_arrays_give_and_inputs_stay(processor):
    ids, scores = IDS.copy(), SCORES.copy()
    from_arrays = processor(ids, scores)
    assert isinstance(from_arrays, np.ndarray) and from_arrays.dtype == np.float32
    np.testing.assert_array_equal(scores, SCORES)
    np.testing.assert_array_equal(ids, IDS)
    from_tensors = processor(ef.from_numpy(ids), ef.from_numpy(scores))
    assert isinstance(from_tensors, ef.Tensor) and from_tensors.dtype == ef.float32
    np.testing.assert_array_equal(from_tensors.numpy(), from_arrays)


def test_bfloat16_scores_come_back_as_bfloat16():
    scores = ef.from_numpy(SCORES).to(ef.bfloat16)
    out = ef.TopKLogitsWarper(1)(ef.from_numpy(IDS), scores)
    assert out.dtype == ef.bfloat16
    assert np.isneginf(out.float().numpy()[0]).tolist() == [True, True, False, True, True]


def test_scores_that_require_gradients_are_taken():
    scores = ef.from_numpy(SCORES.copy()).requires_grad_()
    assert not ef.TopKLogitsWarper(1)(ef.from_numpy(IDS), scores).requires_grad


def test_ids_beyond_the_vocabulary_name_nothing():
    ids = np.array([[1, 99, 1], [3, 99, 99]])
    for processor in (ef.RepetitionPenaltyLogitsProcessor(2.0), ef.NoRepeatNGramLogitsProcessor(1)):
        out = processor(ids, SCORES)
        assert out.shape == SCORES.shape
        np.testing.assert_array_equal(out[:, 4], SCORES[:, 4])
    np.testing.assert_array_equal(ef.SuppressTokensLogitsProcessor([99])(ids, SCORES), SCORES)


def test_negative_ids_are_an_index_error():
    with pytest.raises(IndexError, match="-1"):
        ef.RepetitionPenaltyLogitsProcessor(2.0)(np.array([[-1], [0]]), SCORES)


def test_short_histories():
    short = IDS[:, :1]
    for processor in (ef.NoRepeatNGramLogitsProcessor(3), ef.EncoderNoRepeatNGramLogitsProcessor(3, IDS)):
        np.testing.assert_array_equal(processor(short, SCORES), SCORES)


def test_a_list_passes_arguments_to_those_that_take_them():
    class Shifted(ef.LogitsProcessor):
        def __call__(self, input_ids, scores, shift):
            return scores + shift

    processors = ef.LogitsProcessorList([Shifted(), ef.TemperatureLogitsWarper(2.0)])
    np.testing.assert_array_equal(processors(IDS, SCORES, shift=1.0), (SCORES + 1) / 2)
    with pytest.raises(ValueError, match="shift"):
        processors(IDS, SCORES)


def test_unsatisfiable_prefix_names_the_item():
    processor = ef.PrefixConstrainedLogitsProcessor(lambda batch, ids: [0] if batch == 0 else [], 1)
    with pytest.raises(ValueError, match="batch ID 1"):
        processor(IDS, SCORES)


def test_prefix_function_gets_rows_of_the_kind_it_was_called_with():
    seen = []
    processor = ef.PrefixConstrainedLogitsProcessor(lambda batch, ids: seen.append(type(ids)) or [0], 1)
    processor(ef.from_numpy(IDS), ef.from_numpy(SCORES))
    processor(IDS, SCORES)
    assert seen == [ef.Tensor, ef.Tensor, np.ndarray, np.ndarray]


def test_unbatched_guidance_runs_the_model_on_the_negative_prompt():
    calls = []

    class Model:
        def __call__(self, ids, attention_mask, use_cache, past_key_values):
            calls.append((ids.numpy().tolist(), attention_mask.numpy().tolist(), past_key_values))
            logits = np.zeros((2, ids.shape[1], 5), dtype=np.float32)
            logits[..., 0] = 3.0
            return ef.outputs.CausalLMOutputWithPast(logits=ef.from_numpy(logits), past_key_values=f"cache{len(calls)}")

    for use_cache, second in ((True, [[5], [5]]), (False, [[7, 8, 5], [7, 8, 5]])):
        calls.clear()
        negative = np.array([[7, 8], [7, 8]])
        guide = ef.UnbatchedClassifierFreeGuidanceLogitsProcessor(2.0, Model(), negative, use_cache=use_cache)
        first = guide(IDS, SCORES)
        guide(np.array([[1, 5], [1, 5]]), SCORES)
        assert calls[0] == ([[7, 8], [7, 8]], [[1, 1], [1, 1]], None)
        assert calls[1] == (second, [[1, 1, 1], [1, 1, 1]], "cache1")
        log = lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True))  # noqa: E731
        unconditional = log(np.array([[3.0, 0, 0, 0, 0]]))
        np.testing.assert_allclose(first, 2 * (log(SCORES) - unconditional) + unconditional, rtol=1e-5)
