"""The reader of DPR: questions, titles and texts of passages in, the best spans of the passages out."""

from __future__ import annotations

from typing import Any, NamedTuple

from .._numpy import np
from .batch_encoding import BatchEncoding
from .tensors import to_py_obj


class DPRSpanPrediction(NamedTuple):
    """A span of a passage that may be the answer; both indices belong to it."""

    span_score: float
    relevance_score: float
    doc_id: int
    start_index: int
    end_index: int
    text: str


class PassageReading:
    """Calls with `questions`, `titles` and `texts`, and `decode_best_spans`."""

    def __call__(self, questions: Any, titles: Any = None, texts: Any = None, padding: Any = False,
                 truncation: Any = False, max_length: int | None = None, return_tensors: Any = None,
                 return_attention_mask: bool | None = None, **kwargs: Any) -> BatchEncoding:  # fmt: skip
        """`[CLS] question [SEP] title [SEP] text` of each passage; without titles or texts a pair as of any tokenizer.

        Args:
            questions: one for all passages, or one for each.
            titles, texts: a passage's, or a list of several passages'.
            padding, truncation, max_length, return_tensors, return_attention_mask: as of any tokenizer; a passage is
                cut at its end.
            **kwargs: of a call without titles or texts.
        """
        if titles is None or texts is None:
            return super().__call__(
                questions, texts if titles is None else titles, padding=padding, truncation=truncation,
                max_length=max_length, return_tensors=return_tensors, return_attention_mask=return_attention_mask,
                **kwargs,
            )  # fmt: skip
        titles = [titles] if isinstance(titles, str) else list(titles)
        texts = [texts] if isinstance(texts, str) else list(texts)
        if len(titles) != len(texts):
            raise ValueError(
                f"There should be as many titles than texts but got {len(titles)} titles and {len(texts)} texts."
            )
        questions = [questions] * len(titles) if isinstance(questions, str) else questions
        before = super().__call__(questions, titles)["input_ids"]
        behind = super().__call__(texts, add_special_tokens=False)["input_ids"]
        limit = max_length if truncation else None
        rows = [(first + second)[:limit] for first, second in zip(before, behind)]
        inputs = {"input_ids": rows}
        if return_attention_mask is not False:
            inputs["attention_mask"] = [[int(index != self.pad_token_id) for index in row] for row in rows]
        return self.pad(inputs, padding=padding, max_length=max_length, return_tensors=return_tensors)

    def decode_best_spans(
        self,
        reader_input: BatchEncoding,
        reader_output: Any,
        num_spans: int = 16,
        max_answer_length: int = 64,
        num_spans_per_passage: int = 4,
    ) -> list[DPRSpanPrediction]:
        """The best spans, those of the most relevant passage first.

        Args:
            reader_input: what a call gave.
            reader_output: the reader's start, end and relevance logits, in this order.
            num_spans: how many there are at most.
            max_answer_length: of a span, in tokens.
            num_spans_per_passage: how many there are at most of one passage; none of them holds another.
        """
        rows = to_py_obj(reader_input["input_ids"])
        starts, ends, relevance = ([np.asarray(to_py_obj(row), np.float32) for row in part] for part in reader_output[:3])
        found: list[DPRSpanPrediction] = []
        for doc in sorted(range(len(relevance)), key=lambda index: -float(relevance[index])):
            row = rows[doc]
            first = row.index(self.sep_token_id, 2) + 1  # behind question and title
            last = row.index(self.pad_token_id) if row[-1] == self.pad_token_id else len(row)
            spans = _best_spans(starts[doc][first:last], ends[doc][first:last], max_answer_length, num_spans_per_passage)
            for start, end in spans:
                start, end = start + first, end + first
                score = float(starts[doc][start] + ends[doc][end])
                text = self.decode(row[start : end + 1])
                found.append(DPRSpanPrediction(score, float(relevance[doc]), doc, start, end, text))
            if len(found) >= num_spans:
                break
        return found[:num_spans]


def _best_spans(starts: np.ndarray, ends: np.ndarray, longest: int, most: int) -> list[tuple[int, int]]:
    """Spans by their scores, without those that hold a better one or are held by it."""
    begin, stop = (part.ravel() for part in np.indices((len(starts), len(starts))))
    allowed = (begin <= stop) & (stop < begin + longest)
    begin, stop = begin[allowed], stop[allowed]
    chosen: list[tuple[int, int]] = []
    for index in np.argsort(-(starts[begin] + ends[stop]), kind="stable"):
        start, end = int(begin[index]), int(stop[index])
        if any(start <= a and b <= end or a <= start and end <= b for a, b in chosen):
            continue
        chosen.append((start, end))
        if len(chosen) == most:
            break
    return chosen
