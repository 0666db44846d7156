"""Collators: bad input, and loaders with threads. What they return is in cases/collators.py."""

from __future__ import annotations

import eigenformers as ef
import numpy as np
import pytest
from eigenformers.utils.data import DataLoader


class Tokenizer:
    """What a masking collator asks of a tokenizer."""

    mask_token, pad_token, pad_token_id, mask_token_id, padding_side = "[MASK]", "[PAD]", 0, 4, "right"

    def __len__(self):
        return 100

    def convert_tokens_to_ids(self, token):
        return 4

    def get_special_tokens_mask(self, ids, already_has_special_tokens=False):
        return [int(i < 5) for i in ids]


def test_missing_keys_are_named():
    with pytest.raises(ValueError, match="item 1 of the batch has no 'x', the first item has"):
        ef.default_data_collator([{"x": 1}, {"y": 2}])


def test_ragged_rows_say_what_to_do():
    with pytest.raises(ValueError, match="Unable to create tensor: the values of 'input_ids' have different lengths"):
        ef.default_data_collator([{"input_ids": [1, 2]}, {"input_ids": [1]}])


def test_tensors_are_stacked():
    rows = [{"x": ef.ones(2), "label": ef.tensor(1)}, {"x": ef.zeros(2), "label": ef.tensor(0)}]
    batch = ef.default_data_collator(rows)
    assert batch["labels"].tolist() == [1, 0] and batch["x"].tolist() == [[1, 1], [0, 0]]


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("kind", ["pt", "np"])
def test_masks_do_not_depend_on_the_number_of_threads(seed, kind):
    rows = [list(range(5 + i, 25 + i)) for i in range(24)]
    drawn = []
    for workers in (1, 4):
        ef.manual_seed(1)
        collate = ef.DataCollatorForLanguageModeling(Tokenizer(), mlm_probability=0.5, seed=seed, return_tensors=kind)
        loader = DataLoader(rows, batch_size=4, collate_fn=collate, num_workers=workers)
        drawn.append([np.asarray(batch["labels"]).tolist() for batch in loader])
    assert drawn[0] == drawn[1] and len({str(b) for b in drawn[0]}) == 6


def test_share_of_masked_tokens():
    """Statistics of 20,000 tokens: 30 % chosen, of which 80 % masked and 10 % random."""
    ids = np.full((100, 200), 50)
    collate = ef.DataCollatorForLanguageModeling(Tokenizer(), mlm_probability=0.3, seed=0)
    inputs, labels = collate.torch_mask_tokens(ef.from_numpy(ids))
    chosen = labels.numpy() != -100
    assert abs(chosen.mean() - 0.3) < 0.02
    masked = (inputs.numpy() == 4)[chosen].mean()
    kept = (inputs.numpy() == 50)[chosen].mean()
    assert abs(masked - 0.8) < 0.02 and abs(kept - 0.1) < 0.02
    assert (inputs.numpy()[~chosen] == 50).all()


def test_without_pad_token():
    class Bare(Tokenizer):
        pad_token = pad_token_id = None

    with pytest.raises(ValueError, match="does not have a pad token"):
        ef.DataCollatorForLanguageModeling(Bare(), mlm=False)([[1, 2], [3]])
    whole = ef.DataCollatorForLanguageModeling(Bare(), mlm=False)([[1, 2], [3, 4]])
    assert whole["labels"].tolist() == [[1, 2], [3, 4]]


def test_flattening_trains_like_separate_rows():
    """The loss of one packed row is that of its items, each alone."""
    config = ef.AutoConfig.for_model(
        "llama", vocab_size=32, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=32,
    )  # fmt: skip
    ef.manual_seed(0)
    model = ef.AutoModelForCausalLM.from_config(config)
    rows = [{"input_ids": [1, 2, 3, 4]}, {"input_ids": [5, 6, 7]}]
    packed = model(**ef.DataCollatorWithFlattening()(rows), use_cache=False).loss.item()
    alone = [model(ef.tensor([r["input_ids"]]), labels=ef.tensor([r["input_ids"]])).loss.item() for r in rows]
    assert packed == pytest.approx((3 * alone[0] + 2 * alone[1]) / 5, rel=1e-5)
