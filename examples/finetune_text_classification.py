"""Finetune a text classifier on labelled texts.

    python finetune_text_classification.py MODEL DATA.csv --text review --label sentiment

MODEL is a folder or a repository of an encoder or decoder (all-MiniLM-L6-v2 takes about a second a step on two cores);
DATA.csv has a header with the two columns. Prints the accuracy on texts that were held out, before and after, and leaves the
classifier in --output.
"""

from __future__ import annotations

import argparse
import csv
import random

import eigenformers as ef


def read(path: str, text: str, label: str, count: int) -> tuple[list[dict], list[str]]:
    """`count` rows in random order, and the names of the labels."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for column in (text, label):
        if not rows or column not in rows[0]:
            raise SystemExit(f"{path}: there is no column {column!r}; found {list(rows[0]) if rows else 'no rows'}")
    random.Random(0).shuffle(rows)
    rows = rows[:count]
    names = sorted({row[label] for row in rows})
    return [{"text": row[text], "label": names.index(row[label])} for row in rows], names


def accuracy(prediction: ef.EvalPrediction) -> dict[str, float]:
    """The share of items whose best class is the label."""
    return {"accuracy": (prediction.predictions.argmax(-1) == prediction.label_ids).mean()}


def main() -> None:
    """Read, tokenize, train, evaluate, try."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--text", default="text")
    parser.add_argument("--label", default="label")
    parser.add_argument("--train", type=int, default=1600, help="texts to train on")
    parser.add_argument("--test", type=int, default=400, help="texts to hold out")
    parser.add_argument("--length", type=int, default=128, help="tokens of a text that are read")
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1e-4)
    parser.add_argument("--output", default="classifier")
    given = parser.parse_args()

    rows, names = read(given.data, given.text, given.label, given.train + given.test)
    tokenizer = ef.AutoTokenizer.from_pretrained(given.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    ef.set_seed(0)  # the head begins with random weights
    model = ef.AutoModelForSequenceClassification.from_pretrained(
        given.model,
        num_labels=len(names),
        id2label=dict(enumerate(names)),
        label2id={n: i for i, n in enumerate(names)},
    )
    model.config.pad_token_id = tokenizer.pad_token_id
    encoded = [
        {**tokenizer(row["text"], truncation=True, max_length=given.length), "labels": row["label"]} for row in rows
    ]
    arguments = ef.TrainingArguments(
        given.output, num_train_epochs=given.epochs, per_device_train_batch_size=given.batch, learning_rate=given.rate,
        per_device_eval_batch_size=32, train_sampling_strategy="group_by_length", warmup_steps=0.1, logging_steps=10,
        save_strategy="epoch", save_total_limit=1, seed=0,
    )  # fmt: skip
    trainer = ef.Trainer(
        model, arguments, train_dataset=encoded[given.test :], eval_dataset=encoded[: given.test],
        processing_class=tokenizer, compute_metrics=accuracy,
    )  # fmt: skip
    before = trainer.evaluate()["eval_accuracy"]
    result = trainer.train()
    after = trainer.evaluate()["eval_accuracy"]
    seconds = result.metrics["train_runtime"] / result.global_step
    print(f"accuracy on {given.test} held-out texts: {before:.3f} before, {after:.3f} after ({seconds:.2f} s a step)")
    trainer.save_model()
    classify = ef.pipeline("text-classification", given.output)
    for text in ("I would watch it again tomorrow.", "Two hours of my life that I will not get back."):
        print(text, classify(text)[0])


if __name__ == "__main__":
    main()
