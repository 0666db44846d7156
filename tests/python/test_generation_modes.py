"""Ways of decoding beyond what golden records compare."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest
from cases.generation import long_rope
from cases.models import IDS, causal_lm


@pytest.fixture(scope="module")
def model():
    return causal_lm(ef, "llama")


@pytest.fixture(scope="module")
def ids():
    return ef.from_numpy(IDS)


def _log_likelihood(model, sequence, prompt):
    with ef.no_grad():
        scores = model(sequence[None, :-1]).logits[0].log_softmax(-1).numpy()
    tokens = sequence.numpy()
    return sum(scores[i - 1, tokens[i]] for i in range(prompt, len(tokens)))


def test_beams_find_likelier_texts_than_greedy_search(model, ids):
    settings = {"max_new_tokens": 8, "eos_token_id": None}
    greedy = model.generate(ids, **settings)
    beam = model.generate(ids, num_beams=8, **settings)
    for row in range(2):
        assert _log_likelihood(model, beam[row], 20) >= _log_likelihood(model, greedy[row], 20)
    out = model.generate(ids, num_beams=8, return_dict_in_generate=True, output_scores=True, **settings)
    expected = [_log_likelihood(model, row, 20) / 8 for row in out.sequences]
    np.testing.assert_allclose(out.sequences_scores.numpy(), expected, rtol=1e-4)


def test_all_beams_are_a_full_search_where_the_tree_is_small(model, ids):
    """Two tokens from a vocabulary of five: 25 beams hold every text."""
    allowed = [3, 9, 14, 39, 44]
    out = model.generate(
        ids[:1], num_beams=25, num_return_sequences=25, max_new_tokens=2, eos_token_id=None, output_scores=True,
        return_dict_in_generate=True, prefix_allowed_tokens_fn=lambda batch, ids: allowed,
    )  # fmt: skip
    found = [tuple(row[-2:].tolist()) for row in out.sequences]
    assert sorted(found) == sorted((a, b) for a in allowed for b in allowed)
    scores = out.sequences_scores.tolist()
    assert scores == sorted(scores, reverse=True)


def test_beam_sampling_repeats_with_a_seed_and_varies_without(model, ids):
    def draw(seed, **changes):
        ef.manual_seed(seed)
        return model.generate(ids, do_sample=True, num_beams=3, max_new_tokens=8, top_k=0, **changes).tolist()

    assert draw(1) == draw(1)
    assert len({str(draw(seed)) for seed in range(6)}) > 1
    assert draw(1, temperature=1e-4) == model.generate(ids, num_beams=3, max_new_tokens=8).tolist()
    assert draw(2, top_p=0.3, min_p=0.1, typical_p=0.9, epsilon_cutoff=0.01, eta_cutoff=0.01)


def test_beams_of_a_row_do_not_depend_on_the_others(model, ids):
    both = model.generate(ids, num_beams=4, max_new_tokens=10, eos_token_id=None)
    for row in range(2):
        assert (
            both[row].tolist()
            == model.generate(ids[row : row + 1], num_beams=4, max_new_tokens=10, eos_token_id=None)[0].tolist()
        )


def test_beams_with_stop_strings_and_criteria(model, ids):
    class Third(ef.StoppingCriteria):
        def __call__(self, input_ids, scores, **kwargs):
            return np.array([len(row) >= 23 for row in input_ids.tolist()])

    out = model.generate(ids, num_beams=3, max_new_tokens=10, stopping_criteria=[Third()])
    assert out.shape[1] == 23


def test_beams_continue_a_cache(model, ids):
    cache = ef.DynamicCache()
    with ef.no_grad():
        model(ids[:, :11], past_key_values=cache)
    found = model.generate(ids, past_key_values=cache, num_beams=3, max_new_tokens=6)
    assert found.tolist() == model.generate(ids, num_beams=3, max_new_tokens=6).tolist()


def test_a_cache_that_holds_the_whole_prompt(model, ids):
    cache = ef.DynamicCache()
    with ef.no_grad():
        model(ids, past_key_values=cache)
    assert (
        model.generate(ids, past_key_values=cache, max_new_tokens=6).tolist()
        == model.generate(ids, max_new_tokens=6).tolist()
    )


@pytest.mark.parametrize("named", [None, "new", "all"])
@pytest.mark.parametrize("more", [{}, {"prefill_chunk_size": 3}, {"num_beams": 3}])
def test_embeddings_behind_a_cache_that_the_mask_covers(model, ids, named, more):
    """Whatever tokens are named beside them, the embeddings are what is run."""
    settings = {"max_new_tokens": 6, "eos_token_id": None, **more}
    past, length = 11, ids.shape[1]
    cache, mask = ef.DynamicCache(), ef.ones(ids.shape, dtype=ef.int64)
    with ef.no_grad():
        model(ids[:, :past], past_key_values=cache)
        embeds = model.get_input_embeddings()(ids[:, past:])
    tokens = {"new": ef.zeros_like(ids[:, past:]), "all": ef.zeros_like(ids)}.get(named)
    found = model.generate(tokens, inputs_embeds=embeds, past_key_values=cache, attention_mask=mask, **settings)
    skip = 0 if tokens is None else tokens.shape[1]
    assert found[:, skip:].tolist() == model.generate(ids, **settings)[:, length:].tolist()


def test_embeddings_that_leave_a_gap():
    """A cache that has to be made anew holds what neither the tokens nor the embeddings say."""
    model = causal_lm(ef, "phi3", eos_token_id=None, **{**long_rope(12), "original_max_position_embeddings": 12})
    ids, cache = ef.from_numpy(IDS), ef.DynamicCache()
    with ef.no_grad():
        model(ids[:, :11], past_key_values=cache)
        embeds = model.get_input_embeddings()(ids[:, 11:])
    with pytest.raises(ef.ConfigError, match="position 0 has to be run, inputs_embeds begin at position 11"):
        mask = ef.ones(ids.shape, dtype=ef.int64)
        model.generate(ids, inputs_embeds=embeds, past_key_values=cache, attention_mask=mask, max_new_tokens=3)


@pytest.mark.parametrize(
    "changes, error, text",
    [
        ({"num_beams": 2, "num_return_sequences": 3}, ValueError, "num_return_sequences"),
        ({"num_beams": 0}, ValueError, "num_beams"),
        ({"num_beams": 2, "early_stopping": "sometimes"}, ValueError, "early_stopping"),
        ({"num_beams": 2, "suppress_tokens": list(range(64))}, ef.Error, "forbid every token"),
        ({"logits_to_keep": -1}, ef.UnsupportedError, "logits_to_keep"),
        ({"position_ids": [[0, 1]]}, ValueError, "position_ids"),
        ({"generation_config": {}}, TypeError, "needed a GenerationConfig"),
        ({"inputs": ef.tensor([[[1, 2]]])}, ef.ShapeError, r"input_ids has shape \[1, 1, 2\]"),
        ({"max_new_tokens": 2.5}, ValueError, "max_new_tokens=2.5"),
        ({"num_return_sequences": 0}, ValueError, "num_return_sequences=0"),
        ({"prefill_chunk_size": 0}, ValueError, "prefill_chunk_size=0"),
        ({"prefill_chunk_size": True}, ValueError, "prefill_chunk_size=True"),
        ({"eos_token_id": "a"}, TypeError, "eos_token_id='a'"),
        ({"streamer": 5}, TypeError, "streamer is a int"),
        ({"logits_processor": 5}, TypeError, "logits_processor is 5"),
        ({"stopping_criteria": ["a"]}, TypeError, "stopping_criteria is"),
        ({"watermarking_config": 5}, TypeError, "watermarking_config` is 5"),
        ({"past_key_values": 5}, TypeError, "past_key_values is a int"),
        ({"cache_implementation": "quantized", "cache_config": 5}, TypeError, "cache_config=5"),
        (
            {"cache_implementation": "static", "past_key_values": ef.DynamicCache()},
            ValueError,
            "Passing both `cache_implementation`",
        ),
    ],
)
def test_bad_arguments(model, ids, changes, error, text):
    with pytest.raises(error, match=text):
        model.generate(**{"inputs": ids, "max_new_tokens": 2, **changes})


def test_numbers_of_other_kinds(model, ids):
    expected = model.generate(ids, max_new_tokens=4, min_new_tokens=2, eos_token_id=[9, 10]).tolist()
    for four in (4.0, np.int64(4), np.array(4), ef.tensor(4)):
        for ends in ([9, 10], np.array([9, 10]), ef.tensor([9, 10]), range(9, 11)):
            found = model.generate(ids, max_new_tokens=four, min_new_tokens=np.int64(2), eos_token_id=ends)
            assert found.tolist() == expected


def test_a_cache_beside_an_implementation_that_says_nothing(model, ids):
    expected = model.generate(ids, max_new_tokens=2).tolist()
    static = ef.GenerationConfig(cache_implementation="static", max_new_tokens=2)
    for options in (
        {"cache_implementation": "hybrid", "max_new_tokens": 2},
        {"generation_config": static, "cache_implementation": None},
    ):
        assert model.generate(ids, past_key_values=ef.DynamicCache(), **options).tolist() == expected


def test_defaults_of_the_model_beside_a_configuration(model, ids):
    own, model.generation_config = model.generation_config, ef.GenerationConfig(
        max_length=26, eos_token_id=5, pad_token_id=0
    )
    try:
        given = ef.GenerationConfig(suppress_tokens=[5])
        lengths = [
            model.generate(ids, generation_config=given, use_model_defaults=use).shape[1] - ids.shape[1]
            for use in (None, True, False)
        ]
        assert lengths == [26 - ids.shape[1]] * 2 + [20]  # the library's own default
        given = ef.GenerationConfig(suppress_tokens=[t for t in range(64) if t != 5])
        assert model.generate(ids, generation_config=given, use_model_defaults=False).shape[1] == ids.shape[1] + 1
    finally:
        model.generation_config = own


class Watched:
    """Counts what an assistant is asked for."""

    def __init__(self, model):
        self.model, self.calls = model, 0
        self.config, self.generation_config = model.config, model.generation_config

    def generate(self, *args, **kwargs):
        self.calls += 1
        return self.model.generate(*args, **kwargs)


@pytest.mark.parametrize("seed", [0, 3])  # the same model, which is always right, and another, which rarely is
@pytest.mark.parametrize("threshold", [0.0, 0.4])
def test_assisted_decoding_gives_the_same_text(model, ids, seed, threshold):
    from cases.models import config, fill

    assistant = fill(ef, ef.AutoModelForCausalLM.from_config(config(ef, "llama")), seed)
    assistant.generation_config.num_assistant_tokens = 5
    assistant.generation_config.assistant_confidence_threshold = threshold
    watched = Watched(assistant)
    settings = {"max_new_tokens": 40, "eos_token_id": None, "do_sample": False}
    expected = model.generate(ids[:1], **settings)
    assert model.generate(ids[:1], assistant_model=watched, **settings).tolist() == expected.tolist()
    assert watched.calls > 0
    if seed == 0 and threshold == 0:
        assert watched.calls < 10 and model._last_generation["accepted_tokens"] > 25
    ended = {"max_new_tokens": 40, "eos_token_id": int(expected[0, 30])}
    assert (
        model.generate(ids[:1], assistant_model=watched, **ended).tolist() == model.generate(ids[:1], **ended).tolist()
    )


def test_assisted_sampling_repeats_with_a_seed(model, ids):
    def draw(**changes):
        ef.manual_seed(5)
        return model.generate(ids[:1], do_sample=True, max_new_tokens=20, top_k=0, **changes).tolist()

    assert draw() == draw(assistant_model=model)


def test_an_assistant_with_another_tokenizer():
    from cases._text_models import Folder
    from cases.models import config, fill

    with Folder(ef, "") as folder:
        own = ef.AutoTokenizer.from_pretrained(folder)
    letters = {letter: i for i, letter in enumerate([*"abcdefghijklmnopqrstuvwxyz .,!?'-", "[UNK]"])}
    core = ef.tokenizers.Tokenizer(ef.tokenizers.models.WordLevel(letters, unk_token="[UNK]"))
    core.pre_tokenizer = ef.tokenizers.pre_tokenizers.Split("", "isolated")
    core.decoder = ef.tokenizers.decoders.Fuse()
    other = ef.PreTrainedTokenizerFast(tokenizer_object=core)
    model = fill(ef, ef.AutoModelForCausalLM.from_config(config(ef, "llama", vocab_size=len(own))))
    assistant = Watched(fill(ef, ef.AutoModelForCausalLM.from_config(config(ef, "llama", vocab_size=len(letters))), 1))
    inputs = own("the capital of france", return_tensors="pt").input_ids
    settings = {"max_new_tokens": 24, "eos_token_id": None}
    expected = model.generate(inputs, **settings).tolist()
    found = model.generate(inputs, assistant_model=assistant, tokenizer=own, assistant_tokenizer=other, **settings)
    assert found.tolist() == expected
    assert assistant.calls > 0
    with pytest.raises(ValueError, match="assistant_tokenizer"):
        model.generate(inputs, assistant_model=assistant, assistant_tokenizer=other, **settings)


@pytest.mark.parametrize(
    "changes, error, text",
    [
        ({"num_beams": 2}, ValueError, "only supported with Greedy"),
        ({"use_cache": False}, ValueError, "use_cache"),
        ({"do_sample": True, "num_return_sequences": 2}, ValueError, "num_return_sequences"),
        ({"assistant_model": "a name"}, (TypeError, AttributeError), "assistant_model|config"),
    ],
)
def test_what_assistants_cannot_do(model, ids, changes, error, text):
    with pytest.raises(error, match=text):
        model.generate(ids[:1], max_new_tokens=2, **{"assistant_model": model, **changes})


def test_an_assistant_by_its_configuration_stops_where_it_is_unsure(model, ids):
    settings = {"max_new_tokens": 10, "eos_token_id": None, "is_assistant": True}
    plain = model.generate(ids[:1], max_new_tokens=10, eos_token_id=None)
    assert model.generate(ids[:1], assistant_confidence_threshold=0.0, **settings).tolist() == plain.tolist()
    out = model.generate(ids[:1], assistant_confidence_threshold=0.9, **settings)
    assert out.shape[1] == 21 and out[0].tolist() == plain[0, :21].tolist()


def test_one_row_at_a_time_with_an_assistant(model, ids):
    with pytest.raises(ValueError, match="batch_size = 1"):
        model.generate(ids, max_new_tokens=2, assistant_model=model)


def test_watermark_settings_are_checked(model, ids):
    with pytest.raises(ValueError, match="seeding_scheme"):
        model.generate(ids, watermarking_config=ef.WatermarkingConfig(seeding_scheme="righthash"))
    with pytest.raises(ValueError, match="token to score"):
        ef.WatermarkDetector(model.config, "cpu", ef.WatermarkingConfig(context_width=30))(ids)
    with pytest.raises(ValueError, match="inconsistent"):
        detector = ef.WatermarkDetector(model.config, "cpu", ef.WatermarkingConfig())
        detector(np.array([[1, 5, 6], [4, 5, 6]]))


@pytest.mark.parametrize("name", ["llama", "gemma3_text", "gpt2", "smollm3", "gpt_neo", "opt", "falcon", "bloom"])
def test_a_model_drafts_with_its_own_first_layers(name):
    from cases.families import DECODERS, config_of, loaded
    from eigenformers.generation.assisted import early_exit

    model = loaded(ef, ef.AutoModelForCausalLM, config_of(ef, *DECODERS[name])).eval()
    settings = {
        "max_new_tokens": 12, "do_sample": False, "assistant_confidence_threshold": 0.0, "eos_token_id": None,
    }  # fmt: skip
    ids = ef.tensor([[3, 1, 4, 1, 5]])
    assert ef.equal(model.generate(ids, assistant_early_exit=1, **settings), model.generate(ids, **settings))
    assert model.generate(ids, assistant_early_exit=1, **settings) is not None and model._last_generation["guessed_tokens"]
    small = early_exit(model, 1)
    own = {value.data_ptr() for value in model.state_dict().values()}
    assert {value.data_ptr() for value in small.state_dict().values()} < own  # no memory of its own
    for wrong in (0, 2, "all", True):
        with pytest.raises(ValueError, match="assistant_early_exit"):
            model.generate(ids, assistant_early_exit=wrong)


@pytest.mark.parametrize("name", ["BertLMHeadModel", "RobertaForCausalLM", "ElectraForCausalLM"])
def test_early_exit_names_models_with_layers_elsewhere(name):
    cls = getattr(ef, name)
    sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = cls(cls.config_class(**sizes, is_decoder=True, pad_token_id=0))
    with pytest.raises(ef.UnsupportedError, match="assistant_early_exit.*layers elsewhere"):
        model.generate(ef.tensor([[1, 2]]), assistant_early_exit=1, max_new_tokens=3)


def test_a_row_of_padding_alone_is_continued(model):
    ids = ef.tensor([[0, 0, 0, 0], [3, 1, 4, 1]])
    mask = ef.tensor([[0, 0, 0, 0], [1, 1, 1, 1]])
    settings = {"max_new_tokens": 6, "do_sample": False, "pad_token_id": 0, "eos_token_id": None}
    for more in ({}, {"num_beams": 2}, {"use_cache": False}):
        both = model.generate(ids, attention_mask=mask, **settings, **more)
        assert ef.equal(both[1:], model.generate(ids[1:], **settings, **more))
        assert ef.equal(both[:1, 4:], model.generate(ids[:1, -1:], **settings, **more)[:, 1:])


def test_processors_leave_logits_that_others_hold_alone(model, ids):
    seen = []
    hook = model.lm_head.register_forward_hook(lambda module, args, out: seen.append(out))
    settings = {"max_new_tokens": 5, "eos_token_id": None, "return_dict_in_generate": True, "output_logits": True}
    out = model.generate(ids, repetition_penalty=1.5, **settings)
    hook.remove()
    for held, raw in zip(seen, out.logits):
        assert np.array_equal(held[:, -1].numpy(), raw.numpy())
    again = model.generate(ids, repetition_penalty=1.5, **settings)
    assert again.sequences.tolist() == out.sequences.tolist()


def test_a_forward_patched_between_and_within_generations_is_called(ids):
    class Patched(ef.LlamaForCausalLM):
        pass

    model, calls = causal_lm(ef, "llama"), []
    patched = Patched(model.config).eval()
    patched.load_state_dict(model.state_dict())
    settings = {"max_new_tokens": 6, "eos_token_id": None}
    expected = model.generate(ids, **settings).tolist()
    original = Patched.forward

    def forward(self, *args, **kwargs):
        calls.append(1)
        return original(self, *args, **kwargs)

    assert patched.generate(ids, **settings).tolist() == expected and not calls
    Patched.forward = forward
    assert patched.generate(ids, **settings).tolist() == expected and len(calls) == 6
    del Patched.forward, calls[:]
    assert patched.generate(ids, **settings).tolist() == expected and not calls

    def patch(input_ids, scores, **kwargs):
        if input_ids.shape[1] == ids.shape[1] + 3:
            patched.forward = lambda **kw: forward(patched, **kw)
        return False

    found = patched.generate(ids, stopping_criteria=ef.StoppingCriteriaList([patch]), **settings)
    assert found.tolist() == expected and len(calls) == 3


def test_processors_leave_arrays_behind_logits_alone(ids):
    kept = np.random.default_rng(0).normal(size=(1, 1, 64)).astype(np.float32)
    before = kept.copy()

    class Foreign(ef.LlamaForCausalLM):
        def forward(self, input_ids=None, **kwargs):
            return ef.outputs.CausalLMOutputWithPast(logits=ef.from_numpy(kept))

    model = Foreign(causal_lm(ef, "llama").config)
    out = model.generate(ids[:1], max_new_tokens=3, use_cache=False, repetition_penalty=1.5, suppress_tokens=[4, 5])
    assert out.shape[1] == ids.shape[1] + 3
    np.testing.assert_array_equal(kept, before)
