"""What Whisper's tokenizer does beyond byte-level BPE: language and task in front, times between."""

from __future__ import annotations

import os
import re
from typing import Any

from ..tokenizers import processors
from ._engine import TokenizerError, UnsupportedError
from ._whisper_languages import LANGUAGES, TO_LANGUAGE_CODE
from .saving import write_json
from .tensors import to_py_obj
from .vocab_files import read_json

TASK_IDS = ["translate", "transcribe"]
_TIMES = 1500  # of one segment, beside zero


def basic_normalize(text: str, remove_diacritics: bool = False) -> str:
    """Lower case without marks, symbols, punctuation and what stands in brackets."""
    from .whisper_english import without_brackets, without_symbols  # only speech needs its rules

    text = without_symbols(without_brackets(text.lower()), remove_diacritics)
    return re.sub(r"\s+", " ", text.lower())


def _spelling(path: str) -> dict[str, str]:
    mapping = read_json(path)
    if not all(isinstance(word, str) for word in mapping.values()):
        raise TokenizerError(f"{path}: a spelling is no text; needed an object from words to words")
    return mapping


class WhisperBehaviour:
    """Language, task and times; see `set_prefix_tokens` and `decode`.

    Args:
        language: name or code of the language that is spoken.
        task: "transcribe" or "translate".
        predict_timestamps: whether the model is to write times.
        normalizer_file: path of a JSON object from British to American spelling, for `normalize`.
    """

    def __init__(
        self,
        *args: Any,
        language: str | None = None,
        task: str | None = None,
        predict_timestamps: bool = False,
        normalizer_file: str | None = None,
        **kwargs: Any,
    ):
        self.english_spelling_normalizer = None if normalizer_file is None else _spelling(normalizer_file)
        self.language, self.task, self.predict_timestamps = language, task, predict_timestamps
        named = {"language": language, "task": task, "predict_timestamps": predict_timestamps}
        super().__init__(*args, **named, **kwargs)
        if self.convert_tokens_to_ids("<|startoftranscript|>") is not None:
            self.set_prefix_tokens()

    @property
    def prefix_tokens(self) -> list[int]:
        """Ids in front of a text: start, language, task, and that no times are wanted."""
        start = self.convert_tokens_to_ids("<|startoftranscript|>")
        out = [start]
        if self.language is not None:
            self.language = self.language.lower()
            code = TO_LANGUAGE_CODE.get(self.language, self.language)
            if code not in LANGUAGES:
                known = list(TO_LANGUAGE_CODE.values() if len(self.language) == 2 else TO_LANGUAGE_CODE)
                raise ValueError(f"Unsupported language: {self.language}. Language should be one of: {known}.")
            out.append(start + 1 + list(LANGUAGES).index(code))
        if self.task is not None:
            if self.task not in TASK_IDS:
                raise ValueError(f"Unsupported task: {self.task}. Task should be in: {TASK_IDS}")
            out.append(self.convert_tokens_to_ids(f"<|{self.task}|>"))
        if not self.predict_timestamps:
            out.append(self.convert_tokens_to_ids("<|notimestamps|>"))
        return out

    def set_prefix_tokens(
        self, language: str | None = None, task: str | None = None, predict_timestamps: bool | None = None
    ) -> None:
        """Change what stands in front of texts; what is None stays."""
        self.language = self.language if language is None else language
        self.task = self.task if task is None else task
        self.predict_timestamps = self.predict_timestamps if predict_timestamps is None else predict_timestamps
        ids = self.prefix_tokens
        tokens, eos = self.convert_ids_to_tokens(ids), self.eos_token
        front = [f"{token}:0" for token in tokens]
        self._tokenizer.post_processor = processors.TemplateProcessing(
            single=[*front, "$A:0", f"{eos}:0"],
            pair=[*front, "$A:0", "$B:1", f"{eos}:1"],
            special_tokens=[(eos, self.eos_token_id), *zip(tokens, ids)],
        )

    def get_decoder_prompt_ids(
        self, task: str | None = None, language: str | None = None, no_timestamps: bool = True
    ) -> list[tuple[int, int]]:
        """(position, id) of what the decoder has to begin with, behind the start token."""
        self.set_prefix_tokens(task=task, language=language, predict_timestamps=not no_timestamps)
        return [(rank + 1, token) for rank, token in enumerate(self.prefix_tokens[1:])]

    def get_prompt_ids(self, text: str, return_tensors: str | None = "np"):
        """Ids of a text that the transcription is to continue."""
        encoding = self("<|startofprev|>", " " + text.strip(), add_special_tokens=False)
        first = self.all_special_ids[0]
        special = next((index for index in encoding["input_ids"][1:] if index >= first), None)
        if special is not None:
            token = self.convert_ids_to_tokens(special)
            raise ValueError(f"Encountered text in the prompt corresponding to disallowed special token: {token}.")
        encoding.convert_to_tensors(tensor_type=return_tensors)
        return encoding["input_ids"]

    def timestamp_ids(self, time_precision: float = 0.02) -> list[int]:
        """Ids of the tokens for times."""
        return self.convert_tokens_to_ids([f"<|{i * time_precision:.2f}|>" for i in range(_TIMES + 1)])

    @staticmethod
    def basic_normalize(text: str, remove_diacritics: bool = False) -> str:
        """Lower case without marks, symbols, punctuation and what stands in brackets."""
        return basic_normalize(text, remove_diacritics)

    def normalize(self, text: str) -> str:
        """English as it is compared: lower case, numbers in digits, one spelling; see `whisper_english`."""
        from .whisper_english import EnglishTextNormalizer

        return EnglishTextNormalizer(self.english_spelling_normalizer)(text)

    def save_vocabulary(self, save_directory, filename_prefix: str | None = None) -> tuple[str, ...]:
        """Write vocab.json, merges.txt and, where there is a spelling table, normalizer.json; returns the paths."""
        files = super().save_vocabulary(save_directory, filename_prefix)
        if not files or self.english_spelling_normalizer is None:
            return files
        name = (f"{filename_prefix}-" if filename_prefix else "") + self.vocab_files_names["normalizer_file"]
        path = os.path.join(save_directory, name)
        write_json(path, self.english_spelling_normalizer)
        return (*files, path)

    def decode(
        self,
        token_ids,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        output_offsets: bool = False,
        time_precision: float = 0.02,
        decode_with_timestamps: bool = False,
        normalize: bool = False,
        basic_normalize: bool = False,
        remove_diacritics: bool = False,
        **kwargs: Any,
    ):
        """Text of ids, without the tokens for times.

        Args:
            token_ids: ids of a text, or a batch of them.
            skip_special_tokens: leave special tokens, and a prompt, out.
            output_offsets: return a dict with the text and, at "offsets", the segments with their times.
            time_precision: seconds between two times.
            decode_with_timestamps: write the times into the text.
            normalize: write English in one way, see `normalize`.
            basic_normalize, remove_diacritics: see `basic_normalize`.
        """
        ids = to_py_obj(token_ids)
        prompt, start = map(self.convert_tokens_to_ids, ("<|startofprev|>", "<|startoftranscript|>"))
        shown = self._strip_prompt(ids, prompt, start) if skip_special_tokens else ids
        if decode_with_timestamps:
            rows = shown if shown and isinstance(shown[0], list) else [shown]
            text = [self._decode_with_timestamps(row, skip_special_tokens, time_precision) for row in rows]
            text = text if rows is shown else text[0]
        else:
            text = super().decode(shown, skip_special_tokens=skip_special_tokens,
                                  clean_up_tokenization_spaces=clean_up_tokenization_spaces, **kwargs)  # fmt: skip
            finish = self._finisher(normalize, basic_normalize, remove_diacritics)
            text = [finish(t) for t in text] if isinstance(text, list) else finish(text)
        return {"text": text, "offsets": self._compute_offsets(ids, time_precision)} if output_offsets else text

    def _finisher(self, normalize: bool, basic: bool, remove_diacritics: bool):
        def finish(text: str) -> str:
            if normalize:
                text = self.normalize(text)
            elif basic:
                text = basic_normalize(text, remove_diacritics)
            return re.sub(r"<\|(\d+\.\d+)\|>", "", text)

        return finish

    def _strip_prompt(self, token_ids: Any, prompt_token_id: int, decoder_start_token_id: int) -> Any:
        """Ids without the text that the transcription was to continue."""
        ids = to_py_obj(token_ids)
        if not isinstance(ids, list) or not ids or ids[0] != prompt_token_id:
            return ids
        return ids[ids.index(decoder_start_token_id) :] if decoder_start_token_id in ids else []

    def _decode_asr(self, model_outputs: Any, **kwargs: Any) -> Any:
        """Refused: joining the pieces of a long recording belongs to a pipeline for speech, which there is not."""
        raise UnsupportedError(
            "WhisperTokenizer._decode_asr: pieces of a long recording are not joined; decode each with "
            "output_offsets=True"
        )

    def _first_time(self) -> int:
        return self.all_special_ids[-1] + 1

    def _decode_with_timestamps(self, ids: list[int], skip: bool, precision: float) -> str:
        first = self._first_time()
        parts: list[Any] = [[]]
        latest = before = offset = 0.0
        for i, index in enumerate(ids):
            if index < first:
                parts[-1].append(index)
                continue
            time = float((index - first) * precision)
            if time < latest:  # a new segment begins
                if i >= 2 and not (ids[i - 1] >= first and ids[i - 2] >= first):
                    offset += precision * _TIMES
                else:
                    latest = before
                    offset += before
                    parts = parts[:-2]
            before, latest = latest, time
            parts += [f"<|{time + offset:.2f}|>", []]
        decode = super().decode
        return "".join(
            part if isinstance(part, str) else decode(part, skip_special_tokens=skip) if part else "" for part in parts
        )

    def _compute_offsets(
        self, token_ids: Any, time_precision: float = 0.02, segment_size: int = _TIMES
    ) -> list[dict[str, Any]]:
        """Segments of a text, with their times; `segment_size` is the length of one, in steps of `time_precision`."""
        ids, precision = to_py_obj(token_ids), time_precision
        if ids and isinstance(ids[0], list):
            if len(ids) > 1:
                raise ValueError("Can only process a single input at a time")
            ids = ids[0]
        first = self._first_time()
        times = [i for i, index in enumerate(ids) if index >= first]
        ends = [i for i in times if i - 1 in set(times)]
        if not ends and len(times) <= 1:
            return []
        if times[-1] + 1 not in ends:
            ends.append(times[-1] + 1)
        out, last, latest, offset = [], times[0], 0, 0
        for end in ends:
            part = ids[last:end]
            if len(part) > 1:
                begin, stop = part[0] - first, part[-1] - first
                if begin < latest:
                    single = last >= 2 and not (ids[last - 2] >= first and ids[last - 1] >= first)
                    offset += segment_size if single else latest
                latest = stop
                text = self._finisher(False, False, False)(self._decode(part))
                span = (begin * precision + offset * precision, stop * precision + offset * precision)
                out.append({"text": text, "timestamp": span})
            last = end
        return out
