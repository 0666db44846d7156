"""`pipeline()` from a folder: a seeded tiny Llama and a byte-level BPE tokenizer with a chat template, greedy texts."""

from __future__ import annotations

import importlib
import json
import os
import tempfile

import numpy as np
from cases.models import causal_lm

_SPECIAL = ["<pad>", "<s>", "</s>", "<|user|>", "<|assistant|>"]
_MERGES = "h e,l l,he ll,hell o,Ġ w,o r,Ġw or,l d,Ġwor ld,Ġ a,i n,e r,Ġ t,Ġt he".split(",")
_TEMPLATE = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}"
    "{% if m['role'] == 'assistant' %}</s>{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def _byte_characters():
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(0x100 + n) for n in range(len(others))]


def write_tokenizer(folder):
    """tokenizer.json and tokenizer_config.json; returns the size of the vocabulary."""
    tokens = [*_SPECIAL, *_byte_characters(), *("".join(merge.split()) for merge in _MERGES)]
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": i, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
                "normalized": False, "special": True,
            }
            for i, text in enumerate(_SPECIAL)
        ],
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": None,
        "decoder": level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens)}, "merges": _MERGES,
        },
    }  # fmt: skip
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "model_max_length": 64,
        "clean_up_tokenization_spaces": False,
        "chat_template": _TEMPLATE,
    }
    for name, values in (("tokenizer.json", tokenizer), ("tokenizer_config.json", config)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(values, file)
    return len(tokens)


class Folder:
    """A temporary checkpoint that the library itself has written."""

    def __init__(self, lib, **generation):
        self._temporary = tempfile.TemporaryDirectory()
        self.path = self._temporary.name
        size = write_tokenizer(self.path)
        model = causal_lm(lib, "llama", vocab_size=size)
        model.generation_config.update(**generation)
        model.save_pretrained(self.path)

    def __enter__(self):
        return self.path

    def __exit__(self, *error):
        self._temporary.cleanup()


CHAT = [{"role": "user", "content": "hello"}]
OPEN = [*CHAT, {"role": "assistant", "content": "the"}]
GREEDY = {"do_sample": False, "max_new_tokens": 6}


def _sample(records):
    """The results with a few of their scores."""
    scores = np.array(records[0].pop("scores"))
    return [records, list(scores.shape), scores[:, ::40]]


def case_from_folder(lib):
    with Folder(lib) as folder:
        pipe = lib.pipeline("text-generation", model=folder, device="cpu")
        return {
            "class": type(pipe).__name__,
            "task": pipe.task,
            "sides": pipe.tokenizer.padding_side,
            "string": pipe("hello world", **GREEDY),
            "new": pipe("hello world", return_full_text=False, **GREEDY),
            "ids": pipe("hello world", return_tensors=True, **GREEDY),
            "list": pipe(["hello", "the world in"], **GREEDY),
            "batched": pipe(["hello", "the world in", "er"], batch_size=2, **GREEDY),
            "generator": list(pipe((text for text in ("hello", "er")), **GREEDY)),
            "special": pipe("hello</s>", skip_special_tokens=False, **GREEDY),
            "chat": pipe(CHAT, **GREEDY),
            "open_chat": pipe(OPEN, **GREEDY),
            "chats": pipe([CHAT, OPEN], **GREEDY),
            "batched_chats": pipe([CHAT, OPEN], batch_size=2, **GREEDY),
            "prefix": pipe("hello", prefix="the world", **GREEDY),
            "max_length": pipe("hello world", do_sample=False, max_length=9, return_tensors=True),
            "repetition": pipe("hello world", repetition_penalty=1.8, no_repeat_ngram_size=2, **GREEDY),
            "hole": pipe("hello world " * 24, handle_long_generation="hole", return_tensors=True, **GREEDY),
            "truncated": pipe("hello world in", truncation=True, tokenizer_encode_kwargs={"max_length": 2}, **GREEDY),
            "scores": _sample(pipe("er", return_dict_in_generate=True, output_scores=True, **GREEDY)),
        }


def case_stop_sequence(lib):
    """The text that the third new token completes ends generation."""
    with Folder(lib) as folder:
        pipe = lib.pipeline("text-generation", model=folder, device="cpu")
        ids = pipe("hello", return_tensors=True, **GREEDY)[0]["generated_token_ids"]
        text = pipe.tokenizer.decode(ids[2:4])
        return {
            "text": text,
            "stopped": pipe("hello", stop_sequence=text, return_tensors=True, **GREEDY),
            "never": pipe("hello", stop_sequence=["never seen"], return_tensors=True, **GREEDY),
        }


def case_generation_config_of_the_folder(lib):
    with Folder(lib, max_new_tokens=3, do_sample=False) as folder:
        with open(os.path.join(folder, "generation_config.json"), encoding="utf-8") as file:
            written = json.load(file)
        written.pop("transformers_version")
        pipe = lib.pipeline("text-generation", model=folder, device="cpu")
        more = lib.pipeline("text-generation", model=folder, device="cpu", max_new_tokens=2)
        return {
            "written": written,
            "model": pipe("hello", return_tensors=True),
            "constructor": more("hello", return_tensors=True),
            "call": more("hello", return_tensors=True, max_new_tokens=4),
            "config": pipe("hello", return_tensors=True, generation_config=lib.GenerationConfig(max_new_tokens=1)),
        }


def case_objects_and_parts(lib):
    with Folder(lib) as folder:
        model = lib.AutoModelForCausalLM.from_pretrained(folder)
        tokenizer = lib.AutoTokenizer.from_pretrained(folder)
        found = {
            "objects": lib.pipeline("text-generation", model=model, tokenizer=tokenizer, device="cpu"),
            "tokenizer_name": lib.pipeline("text-generation", model=model, tokenizer=folder, device="cpu"),
            "tokenizer_tuple": lib.pipeline(
                "text-generation", model=folder, tokenizer=(folder, {"padding_side": "left"}), device="cpu"
            ),
            "config_object": lib.pipeline("text-generation", model=folder, config=model.config, device="cpu"),
            "config_name": lib.pipeline("text-generation", model=folder, config=folder, device="cpu"),
            "dtype": lib.pipeline("text-generation", model=folder, dtype="float32", device="cpu"),
        }
        return {name: pipe("hello world", **GREEDY) for name, pipe in found.items()}


def case_saved_and_loaded(lib):
    with Folder(lib) as folder, tempfile.TemporaryDirectory() as copy:
        pipe = lib.pipeline("text-generation", model=folder, device="cpu")
        pipe.save_pretrained(copy)
        again = lib.pipeline("text-generation", model=copy, device="cpu")
        wanted = ["config.json", "generation_config.json", "model.safetensors"]
        wanted += ["tokenizer.json", "tokenizer_config.json"]
        return {
            "files": [name for name in wanted if os.path.exists(os.path.join(copy, name))],
            "same": again("hello world", **GREEDY) == pipe("hello world", **GREEDY),
        }


def case_streamed(lib):
    with Folder(lib) as folder:
        pipe = lib.pipeline("text-generation", model=folder, device="cpu")
        found = {}
        for skip_prompt in (False, True):
            streamer = lib.TextIteratorStreamer(pipe.tokenizer, skip_prompt=skip_prompt)
            pipe("hello", streamer=streamer, do_sample=False, max_new_tokens=30)
            found[f"skip_prompt={skip_prompt}"] = list(streamer)
        return found


def case_empty_prompt(lib):
    """Generation from the beginning-of-sequence token alone."""
    with Folder(lib) as folder:
        pipe = lib.pipeline("text-generation", model=folder, device="cpu")
        return pipe("", return_tensors=True, **GREEDY)


def case_errors(lib):
    home = importlib.import_module(lib.__name__)
    texts = {}
    with Folder(lib) as folder:
        pipe = home.pipeline("text-generation", model=folder, device="cpu")
        for name, run in {
            "typo": lambda: pipe("hello", max_new_token=3),
            "temperature": lambda: pipe("hello", do_sample=True, temperature=-1.0),
            "negative": lambda: pipe("hello", max_new_tokens=-1),
            "sequences": lambda: pipe("hello", do_sample=False, num_return_sequences=2),
        }.items():
            try:
                run()
                texts[name] = None
            except ValueError as error:
                texts[name] = str(error)
    return texts
