"""The pipelines over text that transformers 5 dropped, recorded with the last release that has them."""

from __future__ import annotations

from cases._text_models import Folder

VERSION = "4.57.6"  # of the real library

_CONTEXT = "My name is Wolfgang and I live in Berlin. Angela Merkel visited New York City, he works at Google in Paris."
_QUESTIONS = ["Where does he live?", "who visited New York?"]


def _error(run):
    try:
        run()
    except Exception as error:  # noqa: BLE001  the text is what is compared
        return f"{type(error).__name__}: {error}"
    return None


def case_question_answering(lib):
    with Folder(lib, "ForQuestionAnswering", seed=4) as folder:
        pipe = lib.pipeline("question-answering", model=folder, device="cpu")
        one = {"question": _QUESTIONS[0], "context": _CONTEXT}
        return {
            "class": [type(pipe).__name__, pipe.task],
            "keywords": pipe(**one),
            "dict": pipe(one),
            "several": pipe(question=_QUESTIONS, context=_CONTEXT),
            "pairs": pipe(question=_QUESTIONS, context=[_CONTEXT, _CONTEXT[:60]]),
            "list": pipe([one, {"question": _QUESTIONS[1], "context": _CONTEXT[:50]}]),
            "top": pipe(**one, top_k=4),
            "short": pipe(**one, top_k=3, max_answer_len=1),
            "tokens": pipe(**one, top_k=3, align_to_words=False, max_answer_len=2),
            "impossible": pipe(**one, handle_impossible_answer=True, top_k=9),
            "pieces": pipe(question="who?", context=_CONTEXT * 3, max_seq_len=24, doc_stride=6, top_k=2),
            "default_pieces": pipe(question="who?", context=_CONTEXT * 3),
            "generator": list(pipe(item for item in [one, one])),
            "errors": [
                _error(lambda: pipe(question="", context="a")),
                _error(lambda: pipe(question="who?", context=None)),
                _error(lambda: pipe({"question": "who?"})),
                _error(lambda: pipe(**one, top_k=0)),
                _error(lambda: pipe(**one, max_seq_len=10, doc_stride=20)),
                _error(lambda: pipe(question=_QUESTIONS, context=[_CONTEXT])),
            ],
        }
