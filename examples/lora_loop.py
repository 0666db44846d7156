"""A training loop by hand, beside Trainer: the same losses.

    python examples/lora_loop.py

A small Llama with LoRA learns to predict the bytes of this file. The loop is what Trainer does: batches in a seeded
order, backward, clipping, a step of the optimizer, a step of the schedule, gradients to zero.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import eigenformers as ef
from eigenformers.peft import LoraConfig, get_peft_model
from eigenformers.utils.data import DataLoader, RandomSampler

SEED, EPOCHS, BATCH, RATE, WARMUP = 7, 2, 4, 3e-3, 4


def examples(length: int = 48) -> list[dict[str, list[int]]]:
    """This file in pieces of `length` bytes."""
    data = list(Path(__file__).read_bytes())
    pieces = [data[i : i + length] for i in range(0, len(data) - length, length)]
    return [{"input_ids": piece, "labels": piece} for piece in pieces]


def make_model() -> Any:
    """A Llama with fresh weights, and LoRA on all of its linear layers."""
    ef.set_seed(SEED)
    config = ef.LlamaConfig(
        vocab_size=256, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2,
    )  # fmt: skip
    lora = LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", lora_dropout=0.1, modules_to_save=["lm_head"])
    return get_peft_model(ef.LlamaForCausalLM(config), lora)


def by_hand() -> list[float]:
    """The losses of a loop of one's own."""
    model, data = make_model(), examples()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = ef.optim.AdamW(trained, lr=RATE, weight_decay=0.0)
    order = ef.Generator()
    sampler = RandomSampler(data, generator=order)
    loader = DataLoader(data, batch_size=BATCH, sampler=sampler, collate_fn=ef.default_data_collator)
    schedule = ef.get_linear_schedule_with_warmup(optimizer, WARMUP, EPOCHS * len(loader))
    losses = []
    ef.set_seed(SEED)
    model.train()
    for epoch in range(EPOCHS):
        order.manual_seed(SEED + epoch)
        for batch in loader:
            loss = model(**batch).loss
            loss.backward()
            ef.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(loss.item())
    return losses


def by_trainer(folder: str) -> list[float]:
    """The losses that Trainer logs."""
    args = ef.TrainingArguments(
        folder, seed=SEED, num_train_epochs=EPOCHS, per_device_train_batch_size=BATCH, learning_rate=RATE,
        warmup_steps=WARMUP, logging_steps=1, save_strategy="no", report_to="none", disable_tqdm=True,
    )  # fmt: skip
    trainer = ef.Trainer(make_model(), args, train_dataset=examples(), data_collator=ef.default_data_collator)
    trainer.remove_callback(ef.PrinterCallback)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def main() -> None:
    """Print both."""
    import tempfile

    print("step  by hand  Trainer")
    for step, (a, b) in enumerate(zip(by_hand(), by_trainer(tempfile.mkdtemp())), 1):
        print(f"{step:4d}  {a:7.4f}  {b:7.4f}")


if __name__ == "__main__":
    main()
