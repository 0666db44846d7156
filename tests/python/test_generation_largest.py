"""Greedy search over a large quantized head, which is only read as far as its largest entry needs."""

from pathlib import Path

import eigenformers as ef
import numpy as np
import pytest


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ef.PreTrainedModel:
    """A Llama of one layer whose head takes 35 MB as Q8_0: more than a cache is taken to hold."""
    ef.set_seed(0)
    config = ef.LlamaConfig(
        vocab_size=131072, hidden_size=256, intermediate_size=256, num_hidden_layers=1, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, bos_token_id=1, eos_token_id=None, pad_token_id=0,
        tie_word_embeddings=False, initializer_range=0.2,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("large_head")
    path = Path(ef.LlamaForCausalLM(config).save_pretrained_gguf(folder, None, "q8_0")["gguf_files"][0])
    return ef.AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name)


PROMPTS = [[1, 70000, 5], [1, 131071], [9, 8, 7, 6, 5, 4], [1]]


def test_tokens_are_those_of_all_logits(model: ef.PreTrainedModel) -> None:
    for prompt in PROMPTS:
        ids = np.asarray([prompt])
        tokens = np.asarray(model.generate(ids, max_new_tokens=24, do_sample=False))
        for wanted in ("output_scores", "output_logits"):
            whole = model.generate(
                ids, max_new_tokens=24, do_sample=False, return_dict_in_generate=True, **{wanted: True}
            )
            assert (np.asarray(whole.sequences) == tokens).all()
            rows = whole.scores if wanted == "output_scores" else whole.logits
            assert [int(np.asarray(row).argmax()) for row in rows] == tokens[0, len(prompt) :].tolist()


def test_whoever_reads_scores_gets_all_of_them(model: ef.PreTrainedModel) -> None:
    seen: list[np.ndarray] = []

    def watch(ids: object, scores: object) -> object:
        seen.append(np.asarray(scores).copy())
        return scores

    ids = np.asarray([PROMPTS[0]])
    tokens = model.generate(ids, max_new_tokens=8, do_sample=False, logits_processor=[watch])
    assert (np.asarray(tokens) == np.asarray(model.generate(ids, max_new_tokens=8, do_sample=False))).all()
    want = model.generate(ids, max_new_tokens=8, do_sample=False, output_logits=True, return_dict_in_generate=True)
    for got, row in zip(seen, want.logits, strict=True):
        np.testing.assert_array_equal(got, np.asarray(row))
    with ef.no_grad():  # a forward pass is not asked for its largest alone
        full = np.asarray(model(np.asarray(tokens)).logits)[0]
    for got, row in zip(seen, full[len(PROMPTS[0]) - 1 :], strict=False):
        # Attention of many rows sums in another order, and a last bit may round an int8 activation the other way.
        np.testing.assert_allclose(got[0], row, rtol=0, atol=1e-3 * np.abs(row).max())


def test_criteria_that_want_scores_get_all_of_them(model: ef.PreTrainedModel) -> None:
    ids = np.asarray([PROMPTS[2]])
    options = {"max_new_tokens": 16, "do_sample": False, "is_assistant": True, "assistant_confidence_threshold": 0.01}
    whole = model.generate(ids, output_scores=True, return_dict_in_generate=True, **options)
    assert (np.asarray(model.generate(ids, **options)) == np.asarray(whole.sequences)).all()


def test_hooks_see_all_logits(model: ef.PreTrainedModel) -> None:
    ids, seen = np.asarray([PROMPTS[0]]), []
    with model.register_forward_hook(lambda module, args, output: seen.append(np.asarray(output.logits)[0, -1].copy())):
        tokens = np.asarray(model.generate(ids, max_new_tokens=8, do_sample=False))
    want = model.generate(ids, max_new_tokens=8, do_sample=False, output_logits=True, return_dict_in_generate=True)
    assert (np.asarray(want.sequences) == tokens).all()
    np.testing.assert_array_equal(np.stack(seen), np.concatenate([np.asarray(row) for row in want.logits]))


def test_damaged_heads_are_noticed(model: ef.PreTrainedModel) -> None:
    ids = np.asarray([PROMPTS[0]])
    norm = model.model.norm.weight
    before = np.asarray(norm).copy()
    try:
        with ef.no_grad():
            norm.fill_(float("nan"))
        with pytest.raises(ef.Error, match="probability tensor contains either `inf`, `nan`"):
            model.generate(ids, max_new_tokens=4, do_sample=False)
    finally:
        with ef.no_grad():
            norm.copy_(ef.tensor(before))
    assert model.generate(ids, max_new_tokens=4, do_sample=False) is not None
