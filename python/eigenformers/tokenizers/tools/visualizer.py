"""How a tokenizer cuts a text, as HTML."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Callable

from ..._core.tokenizers import Encoding, Tokenizer

_STYLE = """
.tokenized-text { font-family: monospace; line-height: 2.2; white-space: pre-wrap; }
.token { border-bottom: 2px solid #888; }
.even-token { background: #dde9f7; }
.odd-token { background: #f7ecd9; }
.special-token, .unk { background: #f7d4d4; }
.non-token { color: #999; }
.annotation { border-radius: 4px; padding: 4px 2px; }
.annotation::after { content: attr(data-label); font-size: 60%; vertical-align: super; }
"""


@dataclass
class Annotation:
    """A name for the characters from `start` to `end` of a text."""

    start: int
    end: int
    label: str


class EncodingVisualizer:
    """Shows the tokens of a text, each in a colour, under the annotations of that text.

    Args:
        tokenizer: what cuts the text.
        default_to_notebook: whether the result is shown in the notebook (which needs IPython) or returned.
        annotation_converter: makes an `Annotation` of whatever stands in `annotations`.

    >>> from eigenformers.tokenizers import Tokenizer, models
    >>> show = EncodingVisualizer(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")), default_to_notebook=False)
    >>> 'class="token even-token"' in show("a")
    True
    """

    unk_token_regex = re.compile(r"(.{1}\b)?(unk|oov)(\b.{1})?", flags=re.IGNORECASE)

    def __init__(
        self,
        tokenizer: Tokenizer,
        default_to_notebook: bool = True,
        annotation_converter: Callable[[Any], Annotation] | None = None,
    ) -> None:
        if default_to_notebook:
            _notebook()
        self.tokenizer = tokenizer
        self.default_to_notebook = default_to_notebook
        self.annotation_converter = annotation_converter

    def __call__(
        self, text: str, annotations: Iterable[Any] | None = None, default_to_notebook: bool | None = None
    ) -> str | None:
        """The HTML, or None where it is shown in the notebook."""
        names = list(annotations or ())
        if self.annotation_converter is not None:
            names = [self.annotation_converter(name) for name in names]
        page = self._page(text, self.tokenizer.encode(text), names)
        if self.default_to_notebook if default_to_notebook is None else default_to_notebook:
            html_class, display = _notebook()
            display(html_class(page))
            return None
        return page

    @staticmethod
    def calculate_label_colors(annotations: list[Annotation]) -> dict[str, str]:
        """A colour for each label, spread evenly over the circle of hues."""
        labels = sorted({annotation.label for annotation in annotations})
        return {label: f"hsl({round(360 * i / len(labels))},60%,85%)" for i, label in enumerate(labels)}

    def _page(self, text: str, encoding: Encoding, annotations: list[Annotation]) -> str:
        colors = self.calculate_label_colors(annotations)
        token_of: list[int | None] = [None] * len(text)
        for index, (begin, end) in enumerate(encoding.offsets):
            for i in range(begin, end):
                token_of[i] = index if token_of[i] is None else token_of[i]
        name_of: list[int | None] = [None] * len(text)
        for index, name in enumerate(annotations):
            name_of[name.start : name.end] = [index] * (min(name.end, len(text)) - min(name.start, len(text)))
        body = []
        for annotation, chars in itertools.groupby(range(len(text)), name_of.__getitem__):
            spans = [
                self._span(text[run[0] : run[-1] + 1], token, encoding)
                for token, run in ((key, list(group)) for key, group in itertools.groupby(chars, token_of.__getitem__))
            ]
            if annotation is None:
                body += spans
            else:
                label = annotations[annotation].label
                opening = f'<span class="annotation" style="background:{colors[label]}" data-label="'
                body += [f'{opening}{html.escape(label)}">', *spans, "</span>"]
        return (
            f'<html><head><meta charset="utf-8"><style>{_STYLE}</style></head><body>'
            f'<div class="tokenized-text" dir="auto">{"".join(body)}</div></body></html>'
        )

    def _span(self, text: str, token: int | None, encoding: Encoding) -> str:
        if token is None:
            return f'<span class="non-token">{html.escape(text)}</span>'
        content = encoding.tokens[token]
        kinds = "token even-token" if token % 2 == 0 else "token odd-token"
        if encoding.special_tokens_mask[token]:
            kinds += " special-token"
        if self.unk_token_regex.search(content):
            kinds += " unk"
        title = f"{html.escape(content)} {encoding.ids[token]}"
        return f'<span class="{kinds}" title="{title}">{html.escape(text)}</span>'


def _notebook() -> tuple[Any, Any]:
    try:
        from IPython.display import HTML, display
    except ImportError:
        raise ImportError(
            "EncodingVisualizer: IPython is needed to show HTML in a notebook; "
            "with `default_to_notebook=False` the HTML is returned instead."
        ) from None
    return HTML, display
