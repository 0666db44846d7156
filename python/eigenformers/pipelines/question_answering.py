"""`pipeline("question-answering")`: the passage of a text that answers a question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..generation.arrays import as_array, to_tensor
from ..utils import logging
from .base import ArgumentHandler, ChunkPipeline, _is_dataset

logger = logging.get_logger(__name__)


@dataclass(frozen=True)
class SquadExample:
    """A question about a text."""

    qas_id: str | None
    question_text: str
    context_text: str
    answer_text: str | None = None
    start_position_character: int | None = None
    title: str | None = None


class QuestionAnsweringArgumentHandler(ArgumentHandler):
    """The examples that a call's arguments stand for."""

    def normalize(self, item: Any) -> SquadExample:
        """An example out of a dict with `question` and `context`."""
        if isinstance(item, SquadExample):
            return item
        if not isinstance(item, dict):
            raise ValueError(f"{item} argument needs to be of type (SquadExample, dict)")
        for name in ("question", "context"):
            if name not in item:
                raise KeyError("You need to provide a dictionary with keys {question:..., context:...}")
            if item[name] is None:
                raise ValueError(f"`{name}` cannot be None")
            if not isinstance(item[name], str):
                raise ValueError(f"`{name}` is a {type(item[name]).__name__}, needed a string")
            if not item[name]:
                raise ValueError(f"`{name}` cannot be empty")
        return SquadExample(None, item["question"], item["context"])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args:
            inputs = args[0] if len(args) == 1 else list(args)
            if len(args) == 2 and all(isinstance(item, str) for item in args):
                inputs = {"question": args[0], "context": args[1]}
        elif "X" in kwargs or "data" in kwargs:
            inputs = kwargs["X"] if "X" in kwargs else kwargs["data"]
        elif "question" in kwargs and "context" in kwargs:
            inputs = self._pairs(kwargs["question"], kwargs["context"])
        else:
            raise ValueError(f"Unknown arguments {kwargs}")
        if isinstance(inputs, (dict, SquadExample)):
            inputs = [inputs]
        if isinstance(inputs, (list, tuple)):
            return [self.normalize(item) for item in inputs]
        if isinstance(inputs, Iterator) or _is_dataset(inputs):
            return inputs  # read as it goes
        raise ValueError(f"Invalid arguments {args or kwargs}")

    def _pairs(self, questions: Any, contexts: Any) -> list[dict[str, Any]]:
        if isinstance(questions, str) and isinstance(contexts, str):
            questions, contexts = [questions], [contexts]
        elif isinstance(questions, list) and isinstance(contexts, str):
            contexts = [contexts] * len(questions)
        elif not (isinstance(questions, list) and isinstance(contexts, list)):
            raise ValueError("Arguments can't be understood")
        if len(questions) != len(contexts):
            raise ValueError("Questions and contexts don't have the same lengths")
        return [{"question": question, "context": context} for question, context in zip(questions, contexts)]


def select_spans(
    start: np.ndarray, end: np.ndarray, allowed: np.ndarray, count: int, max_answer_len: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The likeliest spans of one piece of text.

    Args:
        start, end: logits `[length]` of where the answer begins and of its last token.
        allowed: bool `[length]`, tokens that an answer may touch; the first stands for "no answer".
        count: how many spans at most.
        max_answer_len: in tokens.

    Returns:
        First tokens, last tokens and probabilities, best first, and the probability of no answer.
    """

    def probabilities(logits: np.ndarray) -> np.ndarray:
        masked = np.where(allowed, logits, -10000.0).astype(np.float32)
        exponentials = np.exp(masked - masked.max())
        return exponentials / exponentials.sum()

    first, last = probabilities(start), probabilities(end)
    no_answer = float(first[0] * last[0])
    first[0] = last[0] = 0.0
    scores = np.tril(np.triu(np.outer(first, last)), max_answer_len - 1)
    scores *= allowed[:, None] & allowed[None, :]
    flat = scores.ravel()
    best = np.argpartition(-flat, count)[:count] if 1 < count < flat.size else np.arange(flat.size)
    best = np.array([flat.argmax()]) if count == 1 else best[np.argsort(-flat[best], kind="stable")]
    starts, ends = np.unravel_index(best, scores.shape)
    real = allowed[starts] & allowed[ends] & (starts <= ends) & (ends - starts < max_answer_len)
    return starts[real], ends[real], scores[starts[real], ends[real]], no_answer


class QuestionAnsweringPipeline(ChunkPipeline):
    """Finds the answer to a question in a text.

    Gives `{"score", "start", "end", "answer"}` (places in characters), a list of them with `top_k` above 1. Texts that
    are too long are read in overlapping pieces. transformers 5 dropped this task; it works as in 4.57.

    >>> from eigenformers import pipeline
    >>> answer = pipeline("question-answering", model="./my-qa-model")  # doctest: +SKIP
    >>> answer(question="Where do I live?", context="I live in Berlin.")  # doctest: +SKIP
    {'score': 0.98, 'start': 10, 'end': 16, 'answer': 'Berlin'}
    """

    _load_processor = False
    _load_image_processor = False
    _load_video_processor = False
    _load_feature_extractor = False
    _load_tokenizer = True

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self._args_parser = QuestionAnsweringArgumentHandler()
        self.check_model_type(self.models_of("AutoModelForQuestionAnswering"))
        if not self.tokenizer.is_fast:
            raise UnsupportedError(
                f"question-answering: {type(self.tokenizer).__name__} knows no character offsets; needed a fast tokenizer"
            )

    @staticmethod
    def create_sample(question: Any, context: Any) -> Any:
        """An example, or a list of them for lists."""
        if isinstance(question, list):
            return [SquadExample(None, *pair) for pair in zip(question, context)]
        return SquadExample(None, question, context)

    def _sanitize_parameters(  # type: ignore[override]
        self,
        padding: Any = None,
        topk: int | None = None,
        top_k: int | None = None,
        doc_stride: int | None = None,
        max_answer_len: int | None = None,
        max_seq_len: int | None = None,
        max_question_len: int | None = None,
        handle_impossible_answer: bool | None = None,
        align_to_words: bool | None = None,
        **inputs: Any,
    ) -> tuple[dict, dict, dict]:
        unknown = set(inputs) - {"question", "context", "X", "data"}
        if unknown:
            raise TypeError(f"question-answering: found unknown arguments {sorted(unknown)}")
        if topk is not None and top_k is None:
            logger.warning_once("topk parameter is deprecated, use top_k instead")
            top_k = topk
        if top_k is not None and top_k < 1:
            raise ValueError(f"top_k parameter should be >= 1 (got {top_k})")
        if max_answer_len is not None and max_answer_len < 1:
            raise ValueError(f"max_answer_len parameter should be >= 1 (got {max_answer_len})")
        preprocess = {"padding": padding, "doc_stride": doc_stride, "max_question_len": max_question_len,
                      "max_seq_len": max_seq_len}  # fmt: skip
        postprocess = {"top_k": top_k, "max_answer_len": max_answer_len, "align_to_words": align_to_words,
                       "handle_impossible_answer": handle_impossible_answer}  # fmt: skip
        given = lambda values: {name: value for name, value in values.items() if value is not None}  # noqa: E731
        return given(preprocess), {}, given(postprocess)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Answers questions.

        Args:
            question, context: strings, or lists of them; also as two strings, or as dicts with these keys.
            top_k: how many answers (1).
            doc_stride: overlap of the pieces of a long text, in tokens (128, at most half a piece).
            max_answer_len: longest answer in tokens (15).
            max_seq_len: length of a piece with its question, in tokens (384, or what the model takes).
            max_question_len: kept for old scripts; questions are never cut.
            handle_impossible_answer: allow the empty answer.
            align_to_words: answers begin and end with whole words.
            padding: passed to the tokenizer.
        """
        examples = self._args_parser(*args, **kwargs)
        if isinstance(examples, list) and len(examples) == 1:
            examples = examples[0]
        return super().__call__(examples, **kwargs)

    def preprocess(  # type: ignore[override]
        self,
        example: Any,
        padding: Any = "do_not_pad",
        doc_stride: int | None = None,
        max_question_len: int = 64,
        max_seq_len: int | None = None,
    ) -> Any:
        example = self._args_parser.normalize(example)
        length = min(self.tokenizer.model_max_length, 384) if max_seq_len is None else max_seq_len
        stride = min(length // 2, 128) if doc_stride is None else doc_stride
        if stride > length:
            raise ValueError(f"`doc_stride` ({stride}) is larger than `max_seq_len` ({length})")
        question_first = self._question_first
        texts = (example.question_text, example.context_text)
        encoded = self.tokenizer(
            *(texts if question_first else texts[::-1]),
            padding=padding,
            truncation="only_second" if question_first else "only_first",
            max_length=length,
            stride=stride,
            return_token_type_ids=True,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        pieces = len(encoded["input_ids"])
        for i in range(pieces):
            ids = np.array(encoded["input_ids"][i])
            context = int(question_first)
            forbidden = np.array([part != context for part in encoded.sequence_ids(i)])
            forbidden[ids == self.tokenizer.cls_token_id] = False  # some models answer there that there is no answer
            inputs = {
                name: np.array(encoded[name][i])[None] for name in self.tokenizer.model_input_names if name in encoded
            }
            yield {
                "example": example,
                "encoding": encoded[i],
                "is_last": i == pieces - 1,
                "p_mask": forbidden[None],
                **{name: to_tensor(value) for name, value in inputs.items()},
            }

    @property
    def _question_first(self) -> bool:
        return self.tokenizer.padding_side == "right"

    def _forward(self, inputs: Any) -> Any:  # type: ignore[override]
        output = self.run_model({name: inputs[name] for name in self.tokenizer.model_input_names if name in inputs})
        return {"start": output["start_logits"], "end": output["end_logits"], **inputs}

    def postprocess(  # type: ignore[override]
        self,
        model_outputs: Any,
        top_k: int = 1,
        handle_impossible_answer: bool = False,
        max_answer_len: int = 15,
        align_to_words: bool = True,
    ) -> Any:
        answers: dict[str, dict[str, Any]] = {}
        no_answer = 1000000.0
        # Candidates that end in the same words become one, so there have to be more of them.
        count = 2 * top_k + 10 if align_to_words else top_k
        for output in model_outputs:
            allowed = ~np.asarray(output["p_mask"])[0].astype(bool)
            if output.get("attention_mask") is not None:
                allowed &= as_array(output["attention_mask"])[0] != 0
            start, end = (as_array(output[name])[0] for name in ("start", "end"))
            *spans, null_score = select_spans(start, end, allowed, count, max_answer_len)
            no_answer = min(no_answer, null_score)
            for first, last, score in zip(*spans):
                begin, stop = self.get_indices(
                    output["encoding"], int(first), int(last), int(self._question_first), align_to_words
                )
                text = output["example"].context_text[begin:stop]
                same = answers.setdefault(text.lower(), {"score": 0.0, "start": begin, "end": stop, "answer": text})
                same["score"] += float(score)
        found = list(answers.values())
        if handle_impossible_answer:
            found.append({"score": no_answer, "start": 0, "end": 0, "answer": ""})
        found = sorted(found, key=lambda answer: answer["score"], reverse=True)[:top_k]
        return found[0] if len(found) == 1 else found

    def get_indices(self, enc: Any, s: int, e: int, sequence_index: int, align_to_words: bool) -> tuple[int, int]:
        """The characters from token `s` to token `e`, widened to whole words where the tokenizer knows words."""
        if align_to_words:
            words = enc.token_to_word(s), enc.token_to_word(e)
            if None not in words:
                first = enc.word_to_chars(words[0], sequence_index)
                last = enc.word_to_chars(words[1], sequence_index)
                if first is not None and last is not None:
                    return first[0], last[1]
        return enc.offsets[s][0], enc.offsets[e][1]
