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
        (lambda m: m.init_continuous_batching().add_request([1], temperature=0.5), ValueError, "per_request_processors"),
    ],
)
def test_what_cannot_be_answered_is_named(model, call, error, text):
    with pytest.raises(error, match=text):
        call(model)


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
