"""Continuous batching beyond what golden records compare: who joins when, streams, pauses, errors."""

from __future__ import annotations

import asyncio

import eigenformers as ef
import pytest
from cases import moe, recurrent
from cases.families import DECODERS, config_of, loaded
from cases.models import causal_lm
from eigenformers import ContinuousBatchingConfig, GenerationConfig

PROMPTS = [[3, 1, 4, 1, 5, 9], [7], [5, 9, 2, 6, 11, 5, 9, 2], [8, 8], [1, 2, 3], [12] * 11, [30]]


@pytest.fixture(scope="module")
def model():
    return causal_lm(ef, "llama")


@pytest.mark.parametrize(
    "name", ["gemma2", "gpt2", "bloom", "mistral", "opt", "deepseek_v3", "gpt_oss", "mamba", "lfm2", "qwen3_next"]
)
@pytest.mark.parametrize("options", [{}, {"repetition_penalty": 1.3, "no_repeat_ngram_size": 2, "min_new_tokens": 3}])
def test_texts_are_those_of_generate_for_each_alone(name, options):
    if name in DECODERS:
        model_type, changes = DECODERS[name]
        model = loaded(ef, ef.AutoModelForCausalLM, config_of(ef, model_type, changes))
    else:
        model = (moe if name in moe.MODELS else recurrent).model_of(ef, name)
    generation = GenerationConfig(max_new_tokens=7, eos_token_id=list(range(2, 16)), pad_token_id=0, **options)
    few = ContinuousBatchingConfig(max_requests_per_batch=3, max_batch_tokens=20)
    for config in (None, few):
        out = model.generate_batch(PROMPTS, generation, config)
        for prompt, answer in zip(PROMPTS, out.values()):
            alone = model.generate(ef.tensor([prompt]), generation_config=generation)[0].tolist()
            assert [answer.prompt_ids, answer.generated_tokens, answer.error] == [prompt, alone[len(prompt) :], None]


def test_drawing_repeats_with_a_seed_and_copies_have_their_names(model):
    generation = GenerationConfig(max_new_tokens=6, do_sample=True, num_return_sequences=3, eos_token_id=None)
    first, second = (model.generate_batch([[1, 2], [3]], generation, ContinuousBatchingConfig(seed=5)) for _ in range(2))
    assert list(first)[:3] == ["req_0__child#0", "req_0__child#1", "req_0"]
    texts = [one.generated_tokens for one in first.values()]
    assert texts == [one.generated_tokens for one in second.values()] and texts[0] != texts[1]


def test_one_bad_request_fails_alone(model):
    out = model.generate_batch([[1, 2], [5000], [7]], max_new_tokens=3)
    assert [one.status.name for one in out.values()] == ["FINISHED", "FAILED", "FINISHED"]
    assert "index out of range" in out["req_1"].error and out["req_1"].is_finished()
    small = ContinuousBatchingConfig(num_blocks=4, page_size=4)
    out = model.generate_batch([[1, 2], [7] * 30], max_new_tokens=3, continuous_batching_config=small)
    assert out["req_0"].error is None and "needs 33 positions" in out["req_1"].error


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: m.generate_batch(["hi"]), TypeError, "list of token ids"),
        (lambda m: m.generate_batch([[]]), ValueError, "at least one token id"),
        (lambda m: m.generate_batch([[1.5]]), ValueError, "all integers"),
        (lambda m: m.generate_batch([[1]], max_new_tokens=0), ValueError, "max_new_tokens"),
        (lambda m: m.generate_batch([[1]], other=1), TypeError, "'other'"),
        (lambda m: m.generate_batch([[1]], GenerationConfig(num_beams=2)), NotImplementedError, "num_beams"),
        (lambda m: m.generate_batch([[1]], GenerationConfig(stop_strings=["a"])), NotImplementedError, "stop_strings"),
        (lambda m: ContinuousBatchingConfig(page_size=2), ValueError, "page_size"),
        (lambda m: ContinuousBatchingConfig(max_batch_tokens="many"), ValueError, "max_batch_tokens"),
        (lambda m: ContinuousBatchingConfig(scheduler_type="lifo"), ValueError, "scheduler_type"),
        (lambda m: ContinuousBatchingConfig(cpu_offload_space=1.0), NotImplementedError, "cpu_offload_space"),
        (lambda m: ContinuousBatchingConfig(max_queue_size="a"), ValueError, "max_queue_size"),
        (lambda m: ContinuousBatchingConfig(seed="a"), ValueError, "seed"),
        (lambda m: ContinuousBatchingConfig(seed=2**64), ValueError, "seed"),
        (lambda m: m.generate_batch(None), TypeError, "inputs: found a NoneType"),
        (lambda m: m.generate_batch(ef.tensor([1, 2])), TypeError, r"inputs\[0\]: found a int"),
        (lambda m: m.generate_batch([[1]], max_new_tokens="3"), TypeError, "max_new_tokens='3'"),
        (lambda m: m.generate_batch([[1]], max_new_tokens=3.5), TypeError, "max_new_tokens=3.5"),
        (lambda m: m.generate_batch([[1]], continuous_batching_config={}), TypeError, "continuous_batching_config is a dict"),
        (
            lambda m: m.generate_batch([[1]], GenerationConfig(continuous_batching_config={"page_size": 8})),
            TypeError,
            "continuous_batching_config is a dict",
        ),
        (lambda m: m.init_continuous_batching().add_request([1], eos_token_id="x"), TypeError, "eos_token_id='x', needed the id"),
        (lambda m: m.init_continuous_batching().add_request([1], eos_token_id=[1, []]), TypeError, "eos_token_id="),
        (lambda m: m.init_continuous_batching().add_request([1], temperature=0.5), ValueError, "per_request_processors"),
    ],
)
def test_what_cannot_be_answered_is_named(model, call, error, text):
    with pytest.raises(error, match=text):
        call(model)


REFUSED = {
    "token_healing": True, "use_mtp": True, "max_time": 1.0, "prompt_lookup_num_tokens": 1, "penalty_alpha": 1.0,
    "encoder_repetition_penalty": 1.5, "encoder_no_repeat_ngram_size": 2, "assistant_early_exit": 1, "guidance_scale": 2,
}  # fmt: skip
OFF = {
    "token_healing": False, "use_mtp": False, "penalty_alpha": 0.0, "encoder_repetition_penalty": 1.0,
    "encoder_no_repeat_ngram_size": 0, "guidance_scale": 1.0, "cache_implementation": "dynamic",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_other_ways_of_decoding_are_refused(model, name):
    with pytest.raises(ef.UnsupportedError, match=f"{name}={REFUSED[name]!r}"):
        model.generate_batch([[1]], GenerationConfig(max_new_tokens=2, **{name: REFUSED[name]}))


def test_values_that_ask_for_nothing_pass(model):
    answers = model.generate_batch(ef.tensor([[1, 2], [3, 4]]), GenerationConfig(max_new_tokens=2, eos_token_id=None, **OFF))
    assert [len(one.generated_tokens) for one in answers.values()] == [2, 2]
    assert model.generate_batch(ef.tensor([[1]]).numpy(), max_new_tokens=1)["req_0"].prompt_ids == [1]


def test_encoders_that_are_no_decoders_are_refused():
    sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = ef.BertLMHeadModel(ef.BertConfig(**sizes))
    with pytest.raises(ef.UnsupportedError, match="is_decoder"):
        model.generate_batch([[1, 2]], max_new_tokens=2)


def test_a_configuration_in_the_generation_configuration(model, tmp_path):
    own = ContinuousBatchingConfig(return_logprobs=True)
    config = GenerationConfig(max_new_tokens=3, eos_token_id=None, continuous_batching_config=own)
    assert "max_new_tokens" in repr(config) and config == GenerationConfig(max_new_tokens=3, eos_token_id=None)
    config.save_pretrained(tmp_path)  # upstream writes null too
    assert GenerationConfig.from_pretrained(tmp_path).continuous_batching_config is None
    assert config.to_dict()["continuous_batching_config"] == own
    assert len(model.generate_batch([[1]], config)["req_0"].logprobs) == 3


@pytest.mark.parametrize("name", ["llama", "gemma2"])
def test_caches_never_hold_more_than_they_may(name, monkeypatch):
    from eigenformers.generation.continuous_batching import RequestState, batch, engine

    held = []

    class Watched(engine.Engine):
        def _advance(self, *args):
            held.append(sum(one.length * len(one.rows) for one in self.batches))
            super()._advance(*args)

    monkeypatch.setattr("eigenformers.generation.continuous_batching.manager.Engine", Watched)
    model_type, changes = DECODERS[name]
    model = loaded(ef, ef.AutoModelForCausalLM, config_of(ef, model_type, changes))
    assert batch.Batch(model, [RequestState("a", [1])]).joins == (name == "llama")
    small = ContinuousBatchingConfig(num_blocks=10, page_size=4, scheduler_type="prefill_first")
    generation = GenerationConfig(eos_token_id=None, do_sample=True, num_return_sequences=2)
    with model.continuous_batching_context_manager(generation, continuous_batching_config=small) as manager:
        for i, prompt in enumerate(PROMPTS * 2):
            manager.add_request(prompt, max_new_tokens=3 + 5 * i % 7)
        lengths = [len(manager.get_result(timeout=20).generated_tokens) for _ in range(4 * len(PROMPTS))]
    assert 20 < max(held) <= 40 and sum(lengths) == 2 * sum(3 + 5 * i % 7 for i in range(14))


def test_a_forced_end_is_that_of_the_request(model):
    generation = GenerationConfig(max_new_tokens=9, forced_eos_token_id=2, eos_token_id=None)
    answer = model.generate_batch([[1, 5, 6]], generation, max_new_tokens=4)["req_0"].generated_tokens
    assert len(answer) == 4 and answer[-1] == 2


def test_a_closed_loop_and_a_cancelled_handler(model):
    manager = model.init_continuous_batching(GenerationConfig(max_new_tokens=3, eos_token_id=None))

    async def register(*names):
        for name in names:
            manager.register_result_handler(name, lambda one: None)

    asyncio.run(register("gone", "cancelled"))  # the loop is closed now
    manager.add_request([1], request_id="cancelled")
    manager.cancel_request("cancelled")
    assert list(manager._handlers) == ["gone"]
    manager.start()
    manager.add_request([1], request_id="gone")
    assert manager.get_result(timeout=20).request_id == "gone" and manager.is_running() and not manager._handlers
    manager.stop()
    assert manager.get_result() is None and not manager._cancelled


def test_results_after_the_end(model):
    manager = model.init_continuous_batching(GenerationConfig(max_new_tokens=3, eos_token_id=None))
    manager.start()
    for name in ("one", "two"):
        manager.add_request([1], request_id=name)
    manager.stop(block=False)
    manager._thread.join()
    assert list(manager.request_id_iter("three")) == []  # others' results stay
    assert [one.request_id for one in manager.request_id_iter("two")] == ["two"]
    assert manager.get_result().request_id == "one" and manager.get_result() is None


def test_streams_handlers_pauses_and_cancelling(model):
    generation = GenerationConfig(max_new_tokens=12, eos_token_id=None)
    assert model.generate_batch([]) == {}
    with model.continuous_batching_context_manager(generation) as manager:
        manager.add_request([1, 2, 3], request_id="stream", streaming=True, record_timestamps=True)
        seen = list(manager.request_id_iter("stream"))
        assert [len(one.generated_tokens) for one in seen] == list(range(1, 13)) and len(seen[-1].timestamps) == 12
        with manager.pause(), pytest.raises(RuntimeError, match="inside a pause"):
            manager.stop()
        manager.add_request([1], request_id="endless", max_new_tokens=10**6)
        manager.cancel_request("endless")

        async def handled():
            done, sizes = asyncio.Event(), []

            def handle(one):
                sizes.append(len(one.generated_tokens))
                if one.is_finished():
                    done.set()

            manager.register_result_handler("handled", handle)
            manager.add_request([9], request_id="handled", streaming=True, max_new_tokens=4)
            await asyncio.wait_for(done.wait(), 20)
            return sizes

        assert asyncio.run(handled()) == [1, 2, 3, 4]
    assert not manager.is_running()
    with pytest.raises(RuntimeError, match="no generation loop"), manager.pause():
        pass


def test_a_hard_stop_fails_what_is_there(model):
    manager = model.init_continuous_batching(GenerationConfig(max_new_tokens=10**6, eos_token_id=None))
    assert manager.get_result() is None
    manager.start()
    manager.add_request([1])
    manager.stop(hard_stop=True)
    assert manager.get_result(timeout=5).status.name == "FAILED"
    assert manager.add_request([1]) is None  # it ends: dropped, with a warning


def test_ids_of_the_end_in_any_form(model):
    for given in (5, [5, -1], (5.0,), ef.tensor(5), ef.tensor([5])):
        with model.continuous_batching_context_manager(GenerationConfig(max_new_tokens=2)) as manager:
            manager.add_request([1], eos_token_id=given)
            assert len(manager.get_result(timeout=20).generated_tokens) <= 2


def test_an_interrupted_batch_ends_without_a_word(model, monkeypatch):
    from eigenformers.generation.continuous_batching import manager

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    said = []
    monkeypatch.setattr(manager.ContinuousBatchingManager, "get_result", interrupted)
    monkeypatch.setattr(manager.logger, "warning", said.append)
    with pytest.raises(KeyboardInterrupt):
        model.generate_batch([[1]], max_new_tokens=10**6)
    assert not said


def test_options_of_a_request_and_a_kept_manager(model):
    generation = GenerationConfig(max_new_tokens=5, do_sample=True, eos_token_id=None)
    own = ContinuousBatchingConfig(per_request_processors=True)
    greedy = model.generate(ef.tensor([[1]]), max_new_tokens=5, do_sample=False, eos_token_id=None)[0].tolist()[1:]
    with model.continuous_batching_context_manager(generation, continuous_batching_config=own) as manager:
        manager.add_request([1], top_k=1)
        assert manager.get_result(timeout=20).generated_tokens == greedy
        with pytest.raises(TypeError, match="expected float"):
            manager.add_request([1], temperature="hot")
    greedy = GenerationConfig(max_new_tokens=2, eos_token_id=None)
    model.generate_batch([[1]], greedy, persistent_manager=True)
    assert model.init_continuous_batching() is model.init_continuous_batching()
    assert list(model.generate_batch([[1]])) == ["req_1"]
    model.destroy_cached_continuous_batching_manager()
    assert list(model.generate_batch([[1]], max_new_tokens=2)) == ["req_0"]
