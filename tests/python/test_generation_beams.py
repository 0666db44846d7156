"""Groups, constraints, contrastive search, DoLa, guidance with beams and token healing, beyond what records compare."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest
from cases.models import IDS, causal_lm


@pytest.fixture(scope="module")
def model():
    return causal_lm(ef, "llama")


@pytest.fixture(scope="module")
def ids():
    return ef.from_numpy(IDS)


GROUPS = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0}


def test_groups_differ_more_than_beams(model, ids):
    def different(**changes):
        out = model.generate(ids[:1], max_new_tokens=6, eos_token_id=None, num_return_sequences=4, **changes)
        return len({tuple(row[20:22].tolist()) for row in out})

    assert different(**{**GROUPS, "num_beam_groups": 4, "diversity_penalty": 50.0}) == 4
    assert different(num_beams=4) < 4


@pytest.mark.parametrize("settings", [GROUPS, {"num_beams": 4, "force_words_ids": [[11, 12]]}, {"num_beams": 3}])
def test_transition_scores_sum_up_to_the_score(model, ids, settings):
    out = model.generate(
        ids, max_new_tokens=7, eos_token_id=None, num_return_sequences=3, output_scores=True,
        return_dict_in_generate=True, **settings,
    )  # fmt: skip
    transitions = model.compute_transition_scores(out.sequences, out.scores, out.beam_indices).numpy()
    # Constrained search returns sums as its scores, as the real library does: the last one is that of the whole text.
    total = transitions[:, -1] if "force_words_ids" in settings else transitions.sum(-1)
    np.testing.assert_allclose(out.sequences_scores.numpy(), total / 7, rtol=1e-4)


def test_a_constraint_of_ones_own(model, ids):
    class Even(ef.Constraint):
        """Some token that can be divided by `by` and is above 0."""

        def __init__(self, by, size=64):
            self.tokens = list(range(by, size, by))
            self.by, self.seqlen, self.completed = by, 1, False
            super().__init__()
            self.reset()

        def advance(self):
            return None if self.completed else self.tokens[0]

        def does_advance(self, token_id):
            return not self.completed and token_id in self.tokens

        def update(self, token_id):
            self.completed = stepped = self.does_advance(token_id)
            return stepped, self.completed, not stepped

        def reset(self):
            self.completed = False

        def remaining(self):
            return int(not self.completed)

        def copy(self, stateful=False):
            new = Even(self.by)
            new.completed = stateful and self.completed
            return new

    out = model.generate(ids[:1], max_new_tokens=6, num_beams=3, constraints=[Even(61)], eos_token_id=None)
    assert 61 in out[0, 20:].tolist()

    class Never(Even):
        def update(self, token_id):
            return True, False, False

    with pytest.raises(Exception, match="does not fulfill"):
        Never(5)
    with pytest.raises(NotImplementedError, match="abstract"):
        ef.Constraint()


def test_constraints_with_a_cache_and_stop_criteria(model, ids):
    class Third(ef.StoppingCriteria):
        def __call__(self, input_ids, scores, **kwargs):
            return np.array([len(row) >= 23 for row in input_ids.tolist()])

    settings = {"num_beams": 3, "force_words_ids": [[11]], "max_new_tokens": 6}
    cache = ef.DynamicCache()
    with ef.no_grad():
        model(ids[:, :11], past_key_values=cache)
    expected = model.generate(ids, **settings).tolist()
    assert model.generate(ids, past_key_values=cache, **settings).tolist() == expected
    assert model.generate(ids, stopping_criteria=[Third()], **{**settings, "max_new_tokens": 9}).shape[1] == 24
    assert model.generate(ids, stopping_criteria=[Third()], num_beams=4, num_beam_groups=2, diversity_penalty=0.5,
                          max_new_tokens=9, eos_token_id=None).shape[1] == 24  # fmt: skip


def test_prefix_functions_see_the_right_row_of_a_group(model, ids):
    out = model.generate(
        ids, max_new_tokens=5, eos_token_id=None, num_return_sequences=4,
        prefix_allowed_tokens_fn=lambda batch, ids: range(10 + 20 * batch, 30 + 20 * batch), **GROUPS,
    )  # fmt: skip
    new = out[:, 20:].numpy()
    assert new[:4].min() >= 10 and new[:4].max() < 30 and new[4:].min() >= 30 and new[4:].max() < 50


@pytest.mark.parametrize("settings", [{"num_beams": 3}, GROUPS, {"num_beams": 3, "force_words_ids": [[11]]}])
@pytest.mark.parametrize("cached", [True, False])
def test_guidance_with_beams(model, ids, settings, cached):
    """Each beam's unconditional text is its own: the negative prompt, and what the beam has written."""
    negative = ids[:, 4:9]
    settings = {"max_new_tokens": 6, "eos_token_id": None, **settings}

    class Whole(ef.LogitsProcessor):
        def __call__(self, input_ids, scores):
            texts = np.array(input_ids.tolist())
            prompts = np.array([IDS.tolist().index(row[:20].tolist()) for row in texts])
            joined = ef.from_numpy(np.concatenate([negative.numpy()[prompts], texts[:, 20:]], 1))
            with ef.no_grad():
                plain = model(joined).logits[:, -1].log_softmax(-1)
            scores = scores.log_softmax(-1)
            return plain + 1.7 * (scores - plain)

    found = model.generate(ids, guidance_scale=1.7, negative_prompt_ids=negative, use_cache=cached, **settings)
    if "num_beam_groups" in settings:  # a processor of one's own sees a group at a time, behind the diversity penalty
        again = model.generate(ids, guidance_scale=1.7, negative_prompt_ids=negative, use_cache=not cached, **settings)
        assert found.tolist() == again.tolist() != model.generate(ids, **settings).tolist()
        return
    assert found.tolist() == model.generate(ids, logits_processor=[Whole()], **settings).tolist()


def test_contrastive_search_with_streamer_and_criteria(model, ids):
    class Collect(ef.BaseStreamer):
        tokens: list = []

        def put(self, value):
            self.tokens.append(value.reshape(-1).tolist())

        def end(self):
            self.tokens.append("end")

    streamer = Collect()
    out = model.generate(ids[:1], penalty_alpha=0.6, top_k=4, max_new_tokens=5, eos_token_id=None, streamer=streamer)
    assert streamer.tokens == [IDS[0].tolist(), *[[t] for t in out[0, 20:].tolist()], "end"]


def _words():
    from cases._text_models import Folder

    with Folder(ef, "") as folder:
        return ef.AutoTokenizer.from_pretrained(folder)


def test_token_healing_exchanges_the_last_token_for_a_longer_one():
    tokenizer = _words()
    vocabulary = tokenizer.get_vocab()
    short, longer = next(
        (a, b) for a in sorted(vocabulary) for b in sorted(vocabulary) if b != a and b.startswith(a) and a.isalpha()
    )
    model = causal_lm(ef, "llama", vocab_size=len(vocabulary), pad_token_id=tokenizer.pad_token_id)
    ids = ef.tensor([[vocabulary[short], vocabulary[short], vocabulary[short]]])
    begins = {index for token, index in vocabulary.items() if token.startswith(short)}
    out = model.heal_tokens(ids, tokenizer)
    assert out.shape[1] >= 3 and int(out[0, -1]) in begins | {tokenizer.sep_token_id}
    # With its bias the old token stays unless another one is far likelier.
    with ef.no_grad():
        model.lm_head.weight[vocabulary[longer]] = 100 * model.model.norm.weight
    assert model.generate(ids, token_healing=True, tokenizer=tokenizer, max_new_tokens=1).shape[1] == out.shape[1] + 1
    with pytest.raises(ValueError, match="must pass the model's tokenizer"):
        model.generate(ids, token_healing=True, max_new_tokens=1)


@pytest.mark.parametrize(
    "changes, error, text",
    [
        ({**GROUPS, "diversity_penalty": -1.0}, ValueError, "strictly larger than 0"),
        ({**GROUPS, "num_beam_groups": 5}, ValueError, "divisible by `num_beam_groups`"),
        ({**GROUPS, "num_beam_groups": -2}, ValueError, "divisible by `num_beam_groups`"),
        ({"num_beams": 3, "constraints": []}, ValueError, "at least one Constraint"),
        ({"num_beams": 3, "constraints": [[5]]}, TypeError, "needed a Constraint"),
        ({"num_beams": 3, "force_words_ids": [[]]}, ValueError, "force_words_ids"),
        ({"num_beams": 3, "force_words_ids": [[[]]]}, ValueError, "force_words_ids"),
        ({"num_beams": 3, "force_words_ids": [[64]]}, ValueError, "outside the vocabulary"),
        ({"penalty_alpha": 0.5, "top_k": 65}, ValueError, "top_k"),
        ({"penalty_alpha": 0.5, "top_k": 4, "past_key_values": "cache"}, ef.UnsupportedError, "contrastive"),
        ({"dola_layers": []}, ValueError, "names no layer"),
        ({"dola_layers": [9]}, ValueError, "names no layer"),
        ({"dola_layers": [-1]}, ValueError, "list of integers"),
        ({"dola_layers": 2}, ValueError, "list of integers"),
    ],
)
def test_bad_arguments(model, ids, changes, error, text):
    if changes.get("past_key_values"):
        cache = ef.DynamicCache()
        with ef.no_grad():
            model(ids[:, :11], past_key_values=cache)
        changes = {**changes, "past_key_values": cache}
    with pytest.raises(error, match=text):
        model.generate(ids, max_new_tokens=2, **changes)


def test_modes_that_do_not_go_together(model, ids, caplog):
    """Who asks for two gets the one that the real library takes, and is told."""
    plain = model.generate(ids, max_new_tokens=4, num_beams=2).tolist()
    assert model.generate(ids, max_new_tokens=4, num_beams=2, dola_layers="low").tolist() == plain
    assert model.generate(ids, max_new_tokens=4, num_beams=2, penalty_alpha=0.5, top_k=4).tolist() == plain
    with pytest.raises(ValueError, match="stateful models"):
        from cases import recurrent

        recurrent.model_of(ef, "mamba").generate(ids, max_new_tokens=2, dola_layers="low")
