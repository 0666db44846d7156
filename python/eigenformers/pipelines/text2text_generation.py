"""`pipeline("text2text-generation")`, "summarization" and "translation": a text in, another text out."""

from __future__ import annotations

import enum
from typing import Any

from ..generation.configuration import GenerationConfig
from ..utils import logging
from .base import Pipeline

logger = logging.get_logger(__name__)


class ReturnType(enum.Enum):
    """What a result holds: token ids or text."""

    TENSORS = 0
    TEXT = 1


class Text2TextGenerationPipeline(Pipeline):
    """Turns texts into texts with an encoder-decoder.

    A string gives `[{"generated_text": str}]`, a list of strings one such dict each, or with
    `num_return_sequences=n` lists of n. Unless the model or the call says otherwise it searches with 4 beams for at
    most 256 new tokens. transformers 5 dropped this task; it works as in 4.57.

    >>> from eigenformers import pipeline
    >>> answer = pipeline("text2text-generation", model="./my-t5")  # doctest: +SKIP
    >>> answer("translate English to German: The house is wonderful.")  # doctest: +SKIP
    [{'generated_text': 'Das Haus ist wunderbar.'}]
    """

    _pipeline_calls_generate = True
    _pads_batches = True
    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True
    _default_generation_config = GenerationConfig(max_new_tokens=256, num_beams=4)

    return_name = "generated"  # the result's keys are `<return_name>_text` and `<return_name>_token_ids`

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.check_model_type(self.models_of("AutoModelForSeq2SeqLM"))
        own = (getattr(self.model.config, "task_specific_params", None) or {}).get(self.task) or {}
        self.prefix = own.get("prefix", self.prefix)  # as T5's "summarize: "
        known = vars(GenerationConfig())
        self._generate_kwargs = {**{name: value for name, value in own.items() if name in known}, **self._generate_kwargs}

    def _sanitize_parameters(  # type: ignore[override]
        self,
        return_tensors: bool | None = None,
        return_text: bool | None = None,
        return_type: ReturnType | None = None,
        clean_up_tokenization_spaces: bool | None = None,
        truncation: Any = None,
        stop_sequence: str | None = None,
        **generate_kwargs: Any,
    ) -> tuple[dict, dict, dict]:
        if return_type is None and return_tensors is not None:
            return_type = ReturnType.TENSORS if return_tensors else ReturnType.TEXT
        if stop_sequence is not None:
            ids = self.tokenizer.encode(stop_sequence, add_special_tokens=False)
            if not ids:
                raise ValueError(f"stop_sequence={stop_sequence!r}: found no tokens in it")
            if len(ids) > 1:
                logger.warning_once(
                    "Stopping on a multiple token sequence is not yet supported on transformers. The first token of the "
                    "stop sequence will be used as the stop sequence string in the interim. (`stop_strings=` stops on "
                    "the whole text.)"
                )
            generate_kwargs["eos_token_id"] = ids[0]
        if generate_kwargs.get("stop_strings") is not None:
            generate_kwargs.setdefault("tokenizer", self.tokenizer)
        postprocess = {"return_type": return_type, "clean_up_tokenization_spaces": clean_up_tokenization_spaces}
        postprocess = {name: value for name, value in postprocess.items() if value is not None}
        return {} if truncation is None else {"truncation": truncation}, generate_kwargs, postprocess

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Generates a text for each input.

        Args:
            args: a string, a list of strings, a generator, a dataset.
            return_tensors: `<name>_token_ids` instead of text.
            truncation: passed to the tokenizer.
            clean_up_tokenization_spaces: passed to the decoder of tokens.
            stop_sequence: a text whose first token ends generation.
            batch_size, num_workers: see `Pipeline`.
            kwargs: everything else goes to `generate`, as `max_new_tokens`, `num_beams`.
        """
        results = super().__call__(*args, **kwargs)
        texts = args[0]
        one_each = isinstance(texts, list) and all(isinstance(text, str) for text in texts)
        if one_each and all(len(result) == 1 for result in results):
            return [result[0] for result in results]
        return results

    def check_inputs(self, input_length: int, min_length: int, max_length: int) -> bool:
        """Logs what is odd about the lengths."""
        return True

    def preprocess(self, inputs: Any, truncation: Any = False, **kwargs: Any) -> Any:  # type: ignore[override]
        return self._parse_and_tokenize(inputs, truncation=truncation)

    def _parse_and_tokenize(self, texts: Any, truncation: Any) -> Any:
        prefix = self.prefix or ""
        many = isinstance(texts, list)
        if many and self.tokenizer.pad_token_id is None:
            raise ValueError("Please make sure that the tokenizer has a pad_token_id when using a batch input")
        if not many and not isinstance(texts, str):
            raise TypeError(f"{self.task}: found an input of type {type(texts).__name__}, needed a string")
        texts = [prefix + text for text in texts] if many else prefix + texts
        inputs = self.tokenizer(texts, padding=many, truncation=truncation, return_tensors="pt")
        inputs.pop("token_type_ids", None)
        return inputs

    def _forward(self, model_inputs: Any, **generate_kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        rows, length = model_inputs["input_ids"].shape
        generate_kwargs = self._prepare_generate_kwargs(generate_kwargs)
        params = self._get_set_generation_params(generate_kwargs)
        self.check_inputs(length, params.get("min_length") or 0, params.get("max_length") or 20)
        output = self.model.generate(**model_inputs, **generate_kwargs)
        ids = getattr(output, "sequences", output)
        return {"output_ids": ids.reshape(rows, ids.shape[0] // rows, ids.shape[1])}

    def postprocess(  # type: ignore[override]
        self,
        model_outputs: Any,
        return_type: ReturnType = ReturnType.TEXT,
        clean_up_tokenization_spaces: bool = False,
    ) -> list[dict[str, Any]]:
        sequences = model_outputs["output_ids"][0]
        if return_type is ReturnType.TENSORS:
            return [{f"{self.return_name}_token_ids": ids} for ids in sequences]
        decode = {"skip_special_tokens": True, "clean_up_tokenization_spaces": clean_up_tokenization_spaces}
        return [{f"{self.return_name}_text": self.tokenizer.decode(ids, **decode)} for ids in sequences.tolist()]


class SummarizationPipeline(Text2TextGenerationPipeline):
    """Summarizes texts: `[{"summary_text": str}]`. Arguments are those of `Text2TextGenerationPipeline`."""

    return_name = "summary"

    def check_inputs(self, input_length: int, min_length: int, max_length: int) -> bool:
        if max_length < min_length:
            logger.warning(f"Your min_length={min_length} must be inferior than your max_length={max_length}.")
        if input_length < max_length:
            logger.warning(
                f"Your max_length is set to {max_length}, but your input_length is only {input_length}. Since this is a "
                "summarization task, where outputs shorter than the input are typically wanted, you might consider "
                f"decreasing max_length manually, e.g. summarizer('...', max_length={input_length // 2})"
            )
        return True


class TranslationPipeline(Text2TextGenerationPipeline):
    """Translates texts: `[{"translation_text": str}]`.

    The languages of a multilingual model come from `src_lang=` and `tgt_lang=`, or from the task's name,
    "translation_en_to_fr". Other arguments are those of `Text2TextGenerationPipeline`.
    """

    return_name = "translation"

    def _sanitize_parameters(  # type: ignore[override]
        self, src_lang: str | None = None, tgt_lang: str | None = None, **kwargs: Any
    ) -> tuple[dict, dict, dict]:
        preprocess, forward, postprocess = super()._sanitize_parameters(**kwargs)
        parts = self.task.split("_")
        if src_lang is None and tgt_lang is None and len(parts) == 4:  # translation, xx, to, yy
            src_lang, tgt_lang = parts[1], parts[3]
        languages = {"src_lang": src_lang, "tgt_lang": tgt_lang}
        preprocess.update({name: language for name, language in languages.items() if language is not None})
        return preprocess, forward, postprocess

    def check_inputs(self, input_length: int, min_length: int, max_length: int) -> bool:
        if input_length > 0.9 * max_length:
            logger.warning(
                f"Your input_length: {input_length} is bigger than 0.9 * max_length: {max_length}. You might consider "
                "increasing your max_length manually, e.g. translator('...', max_length=400)"
            )
        return True

    def preprocess(  # type: ignore[override]
        self, inputs: Any, truncation: Any = False, src_lang: str | None = None, tgt_lang: str | None = None
    ) -> Any:
        build = getattr(self.tokenizer, "_build_translation_inputs", None)
        if build is None:
            return self._parse_and_tokenize(inputs, truncation=truncation)
        return build(inputs, return_tensors="pt", truncation=truncation, src_lang=src_lang, tgt_lang=tgt_lang)
