"""`pipeline("zero-shot-classification")`: labels chosen at the call, judged by a model of natural language inference."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..generation.arrays import as_array, softmax
from ..utils import logging
from .base import ArgumentHandler, ChunkPipeline

logger = logging.get_logger(__name__)


class ZeroShotClassificationArgumentHandler(ArgumentHandler):
    """Makes a pair (text, hypothesis) for each candidate label."""

    def _parse_labels(self, labels: Any) -> Any:
        return [label.strip() for label in labels.split(",") if label.strip()] if isinstance(labels, str) else labels

    def __call__(self, sequences: Any, labels: Any, hypothesis_template: str) -> Any:  # type: ignore[override]
        if not isinstance(sequences, (str, list, tuple)):
            raise TypeError(f"zero-shot-classification: found a {type(sequences).__name__}, needed a string")
        if not labels or len(sequences) == 0:
            raise ValueError("You must include at least one label and at least one sequence.")
        if hypothesis_template.format(labels[0]) == hypothesis_template:
            raise ValueError(
                f'The provided hypothesis_template "{hypothesis_template}" was not able to be formatted with the target '
                "labels. Make sure the passed template includes formatting syntax such as {} where the label should go."
            )
        sequences = [sequences] if isinstance(sequences, str) else sequences
        pairs = [[sequence, hypothesis_template.format(label)] for sequence in sequences for label in labels]
        return pairs, sequences


class ZeroShotClassificationPipeline(ChunkPipeline):
    """Scores labels by how far a text entails "This example is <label>.".

    Each text gives `{"sequence", "labels", "scores"}`, best label first. The model is one of natural language inference
    whose configuration names the label "entailment".

    >>> from eigenformers import pipeline
    >>> classify = pipeline("zero-shot-classification", model="./my-nli-model")  # doctest: +SKIP
    >>> classify("The match ended in a draw.", candidate_labels=["sport", "politics"])["labels"]  # doctest: +SKIP
    ['sport', 'politics']
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, args_parser: Any = None, **kwargs: Any):
        self._args_parser = args_parser or ZeroShotClassificationArgumentHandler()
        super().__init__(**kwargs)
        if self.entailment_id == -1:
            logger.warning(
                "Failed to determine 'entailment' label id from the label2id mapping in the model config. Setting to "
                "-1. Define a descriptive label2id mapping in the model config to ensure correct outputs."
            )

    @property
    def entailment_id(self) -> int:
        """The id of the label that starts with "entail"; -1 if there is none."""
        labels = self.model.config.label2id.items()
        return next((index for label, index in labels if label.lower().startswith("entail")), -1)

    def _sanitize_parameters(  # type: ignore[override]
        self,
        candidate_labels: Any = None,
        hypothesis_template: str | None = None,
        multi_label: bool | None = None,
        multi_class: bool | None = None,
        truncation: Any = None,
        **unknown: Any,
    ) -> tuple[dict, dict, dict]:
        if unknown:
            raise TypeError(f"zero-shot-classification: found unknown arguments {sorted(unknown)}")
        if multi_class is not None:
            logger.warning_once(
                "The `multi_class` argument has been deprecated and renamed to `multi_label`. `multi_class` will be "
                "removed in a future version of Transformers."
            )
            multi_label = multi_class if multi_label is None else multi_label
        preprocess: dict[str, Any] = {}
        if candidate_labels is not None:
            preprocess["candidate_labels"] = self._args_parser._parse_labels(candidate_labels)
        if hypothesis_template is not None:
            preprocess["hypothesis_template"] = hypothesis_template
        if truncation is not None:
            preprocess["truncation"] = "only_first" if truncation is True else truncation
        return preprocess, {}, {} if multi_label is None else {"multi_label": multi_label}

    def __call__(self, sequences: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Scores the labels for each text.

        Args:
            sequences: a string, a list of strings, a generator, a dataset. Long ones are cut, hypotheses are not.
            candidate_labels: a list, or one string with commas; also as second argument.
            hypothesis_template: with `{}` where the label goes ("This example is {}.").
            multi_label: each label on its own, against the contradiction; otherwise the scores add up to 1.
            truncation: the tokenizer's way to cut; True is "only_first", the default: hypotheses stay whole.
        """
        if len(args) == 1 and "candidate_labels" not in kwargs:
            kwargs["candidate_labels"] = args[0]
        elif args:
            raise ValueError(f"Unable to understand extra arguments {args}")
        return super().__call__(sequences, **kwargs)

    def preprocess(  # type: ignore[override]
        self,
        inputs: Any,
        candidate_labels: Any = None,
        hypothesis_template: str = "This example is {}.",
        truncation: Any = "only_first",
    ) -> Any:
        pairs, sequences = self._args_parser(inputs, candidate_labels, hypothesis_template)
        if self.tokenizer.pad_token is None:
            logger.error(
                "Tokenizer was not supporting padding necessary for zero-shot, attempting to use `pad_token=eos_token`"
            )
            self.tokenizer.pad_token = self.tokenizer.eos_token
        for i, (label, pair) in enumerate(zip(candidate_labels, pairs)):
            yield {
                "candidate_label": label,
                "sequence": sequences[0],
                "is_last": i == len(candidate_labels) - 1,
                **self._tokenize(pair, truncation),
            }

    def _tokenize(self, pair: list[str], truncation: Any) -> Any:
        try:
            return self.tokenizer([pair], return_tensors="pt", padding=True, truncation=truncation)
        except Exception as error:  # nothing of the text would be left next to a long hypothesis
            if "too short" not in str(error):
                raise
            return self.tokenizer([pair], return_tensors="pt", padding=True, truncation="do_not_truncate")

    def _forward(self, inputs: Any) -> Any:  # type: ignore[override]
        outputs = self.run_model({name: inputs[name] for name in self.tokenizer.model_input_names})
        kept = {name: inputs[name] for name in ("candidate_label", "sequence", "is_last")}
        return {**kept, "logits": outputs["logits"]}

    def postprocess(self, model_outputs: Any, multi_label: bool = False) -> dict[str, Any]:  # type: ignore[override]
        labels = [output["candidate_label"] for output in model_outputs]
        logits = np.concatenate([as_array(output["logits"]) for output in model_outputs]).astype(np.float32)
        entailment = self.entailment_id
        if multi_label or len(labels) == 1:
            contradiction = -1 if entailment == 0 else 0
            scores = softmax(logits[:, [contradiction, entailment]])[:, 1]
        else:
            scores = softmax(logits[:, entailment])
        best = scores.argsort()[::-1]
        return {
            "sequence": model_outputs[0]["sequence"],
            "labels": [labels[i] for i in best],
            "scores": scores[best].tolist(),
        }
