"""The text-generation pipeline around a model and a tokenizer of a few lines: shapes of inputs and results, and which
arguments reach the tokenizer and `generate`."""

from __future__ import annotations

import numpy as np

_WIDE = 1000


def _tensor(lib, values):
    if lib.__name__ == "transformers":
        import torch

        return torch.tensor(np.asarray(values))
    return lib.from_numpy(np.asarray(values))


def _home(lib):
    """The module with the pipeline classes."""
    import importlib

    return importlib.import_module(lib.__name__ + ".pipelines")


class CharTokenizer:
    """One id a character; ids 0 to 3 are pad, start, end and a special mark."""

    def __init__(self, lib, pad_token_id=0, max_length=_WIDE):
        self.lib = lib
        self.pad_token_id = pad_token_id
        self.padding_side = "right"
        self.model_max_length = max_length
        self.calls = []

    def __call__(self, text, return_tensors=None, add_special_tokens=True, **kwargs):
        self.calls.append({"text": text, "add_special_tokens": add_special_tokens, **kwargs})
        ids = [1] * bool(add_special_tokens) + [ord(char) for char in text]
        if kwargs.get("truncation") and kwargs.get("max_length"):
            ids = ids[: kwargs["max_length"]]
        if return_tensors is None:
            return {"input_ids": ids, "attention_mask": [1] * len(ids)}
        ids = np.array([ids], dtype=np.int64)
        return {"input_ids": _tensor(self.lib, ids), "attention_mask": _tensor(self.lib, np.ones_like(ids))}

    def apply_chat_template(
        self, messages, add_generation_prompt, continue_final_message, return_dict, return_tensors, tools, documents,
        **kwargs,
    ):  # fmt: skip
        text = "|".join(f"{message['role'][0]}:{message['content']}" for message in messages)
        text += "" if continue_final_message else "|"
        text += "a:" if add_generation_prompt else ""
        extra = {"tools": tools, "documents": documents}
        return self(text, return_tensors, add_special_tokens=False, **extra, **kwargs)

    def decode(self, ids, skip_special_tokens=False, clean_up_tokenization_spaces=None):
        names = {0: "<p>", 1: "<s>", 2: "</s>", 3: "<x>"}
        kept = [i for i in ids if not (skip_special_tokens and i in names)]
        text = "".join(names.get(i) or chr(i) for i in kept)
        return text.replace(" .", ".") if clean_up_tokenization_spaces else text


class CountingModel:
    """Continues each row with the characters that follow its last one in Unicode, then an end token."""

    def __init__(self, lib, prefix=None, **generation):
        self.lib = lib
        self.generation_config = lib.GenerationConfig(**generation)
        self.config = type("Config", (), {"prefix": prefix} if prefix is not None else {})()
        self.calls = []
        self.dtype = "float32"
        self.device = "cpu"
        if lib.__name__ == "transformers":
            import torch

            self.device = torch.device("cpu")

    def can_generate(self):
        return True

    def generate(self, input_ids=None, attention_mask=None, **kwargs):
        seen = {name: value for name, value in kwargs.items() if name not in ("tokenizer", "generation_config")}
        if "generation_config" in kwargs:
            config = kwargs["generation_config"].to_diff_dict()
            config.pop("transformers_version", None)
            seen["generation_config"] = config
        mask = None if attention_mask is None else np.asarray(attention_mask).tolist()
        self.calls.append({"kwargs": seen, "has_tokenizer": "tokenizer" in kwargs, "mask": mask})
        ids = np.array([[1]]) if input_ids is None else np.asarray(input_ids)
        ids = np.repeat(ids, kwargs.get("num_return_sequences", 1), axis=0)
        steps = 3
        rows = [
            [*row, *(max(row[-1], 64) + 1 + i + n for n in range(steps)), 3, 2] for i, row in enumerate(ids.tolist())
        ]
        sequences = _tensor(self.lib, np.array(rows))
        if not kwargs.get("return_dict_in_generate"):
            return sequences
        scores = tuple(
            _tensor(self.lib, np.arange(len(rows) * 2, dtype=np.float32).reshape(-1, 2) + n) for n in range(steps)
        )
        output = _generation(self.lib).GenerateDecoderOnlyOutput
        return output(sequences=sequences, scores=scores, past_key_values="not a result")


CountingModel.__name__ = "LlamaForCausalLM"  # a name that the pipelines know


def _generation(lib):
    import importlib

    return importlib.import_module(lib.__name__ + ".generation")


def _pipe(lib, tokenizer=None, model=None, **kwargs):
    tokenizer = tokenizer or CharTokenizer(lib)
    model = model or CountingModel(lib)
    return _home(lib).TextGenerationPipeline(model=model, tokenizer=tokenizer, task="text-generation", **kwargs)


CHAT = [{"role": "system", "content": "S"}, {"role": "user", "content": "hi"}]
OPEN = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "we"}]


def case_inputs(lib):
    pipe = _pipe(lib)
    key_dataset = __import__(lib.__name__ + ".pipelines.pt_utils", fromlist=["KeyDataset"]).KeyDataset
    rows = [{"text": "ab"}, {"text": "c"}]
    return {
        "string": pipe("ab"),
        "list": pipe(["ab", "c"]),
        "list_of_one": pipe(["ab"]),
        "generator": list(pipe(text for text in ("ab", "c"))),
        "empty_generator": list(pipe(text for text in ())),
        "key_dataset": list(pipe(key_dataset(rows, "text"))),
        "chat": pipe(CHAT),
        "open_chat": pipe(OPEN),
        "chats": pipe([CHAT, OPEN]),
        "chat_tuple": pipe(tuple(CHAT)),
        "chat_generator": pipe(message for message in CHAT),
        "chats_generator": list(pipe(chat for chat in (CHAT, OPEN))),
        "empty": pipe("", add_special_tokens=False),
        "predict": pipe.predict(["ab"]),
        "transform": pipe.transform("ab"),
        "batched": pipe(["def", "ab", "c"], batch_size=2),
        "batched_chats": pipe([CHAT, CHAT, OPEN], batch_size=2),
        "batched_generator": list(pipe((text for text in ("def", "ab", "c")), batch_size=2)),
        "sequences": pipe("ab", num_return_sequences=2),
        "batched_sequences": pipe(["ab", "c", "d"], num_return_sequences=2, batch_size=2),
        "scores": pipe("ab", return_dict_in_generate=True, output_scores=True, num_return_sequences=2),
        "batched_scores": pipe(["ab", "c"], return_dict_in_generate=True, output_scores=True, batch_size=2),
    }


def case_padding(lib):
    """Batches are padded on the left, with the mask to match."""
    model = CountingModel(lib)
    _pipe(lib, model=model)(["ab", "c", "defg"], batch_size=3)
    return model.calls[0]["mask"]


def case_results(lib):
    pipe = _pipe(lib)
    types = _home(lib).text_generation.ReturnType
    return {
        "new_text": pipe("ab", return_full_text=False),
        "full_text": pipe("ab", return_full_text=True),
        "tensors": pipe("ab", return_tensors=True),
        "text": pipe("ab", return_text=True),
        "type": pipe("ab", return_type=types.NEW_TEXT),
        "chat_new": pipe(CHAT, return_full_text=False),
        "chat_continued": pipe(CHAT, continue_final_message=True),
        "open_chat_answered": pipe(OPEN, continue_final_message=False),
        "special_tokens": pipe("ab", skip_special_tokens=False),
        "prefix": pipe("ab", prefix="xyz"),
        "clean_up": pipe("-", clean_up_tokenization_spaces=True),
    }


def case_tokenizer_arguments(lib):
    found = {}
    for name, inputs, kwargs in (
        ("plain", "ab", {}),
        ("no_special", "ab", {"add_special_tokens": False}),
        ("padding", "ab", {"padding": True}),
        ("truncated", "abcdef", {"truncation": True, "max_length": 3}),
        ("encode_kwargs", "ab", {"tokenizer_encode_kwargs": {"stride": 2}}),
        ("prefix", "ab", {"prefix": "xy"}),
        ("chat", CHAT, {"add_special_tokens": True}),
        ("tools", CHAT, {"tools": [{"name": "f"}], "documents": [{"text": "d"}]}),
        ("chat_kwargs", CHAT, {"tokenizer_encode_kwargs": {"enable_thinking": False}}),
    ):
        tokenizer = CharTokenizer(lib)
        _pipe(lib, tokenizer=tokenizer)(inputs, **kwargs)
        calls = [{key: value for key, value in call.items() if key != "padding" or value} for call in tokenizer.calls]
        found[name] = calls
    return found


def case_generate_arguments(lib):
    config = lib.GenerationConfig
    found = {}
    for name, model, construct, call in (
        ("defaults", {}, {}, {}),
        ("call", {}, {}, {"max_new_tokens": 5, "do_sample": False}),
        ("call_samples", {}, {}, {"top_k": 3, "temperature": 0.2}),
        ("max_length", {}, {}, {"max_length": 9}),
        ("constructor", {}, {"max_new_tokens": 7, "top_p": 0.5}, {}),
        ("call_wins", {}, {"max_new_tokens": 7, "top_p": 0.5}, {"max_new_tokens": 8}),
        ("model", {"do_sample": False, "max_new_tokens": 4}, {}, {}),
        ("model_temperature", {"temperature": 0.3, "do_sample": True}, {}, {}),
        ("config", {}, {}, {"generation_config": config(max_new_tokens=6)}),
        ("config_greedy", {}, {}, {"generation_config": config(max_length=6, do_sample=False)}),
        ("config_constructor", {}, {"generation_config": config(top_k=4, do_sample=True)}, {}),
        (
            "config_and_call",
            {},
            {"max_new_tokens": 3},
            {"generation_config": config(top_k=2, do_sample=True), "top_k": 9},
        ),
        ("stop", {}, {}, {"stop_sequence": "x"}),
        ("stops", {}, {}, {"stop_sequence": ["x", "yz"]}),
        ("prefix", {"max_length": 30, "min_length": 3}, {}, {"prefix": "xyz"}),
        ("prefix_call", {}, {}, {"prefix": "xyz", "max_length": 30, "max_new_tokens": 4}),
        ("streamer", {}, {}, {"streamer": "s", "num_return_sequences": 1}),
    ):
        fake = CountingModel(lib, **model)
        _pipe(lib, model=fake, **construct)("ab", **call)
        found[name] = [fake.calls[0]["kwargs"], fake.calls[0]["has_tokenizer"]]
    fake = CountingModel(lib, prefix="uv")
    found["config_prefix"] = [_pipe(lib, model=fake)("ab"), fake.calls[0]["kwargs"]]
    fake = CountingModel(lib)
    _pipe(lib, model=fake, tokenizer=CharTokenizer(lib, pad_token_id=None))("ab")
    found["no_pad"] = fake.calls[0]["kwargs"]
    return found


def case_hole(lib):
    """Long prompts lose their beginning, so that the new tokens fit."""
    found = {}
    for name, room, kwargs in (
        ("fits", 40, {"max_new_tokens": 5}),
        ("cut", 12, {"max_new_tokens": 5}),
    ):
        pipe = _pipe(lib, tokenizer=CharTokenizer(lib, max_length=room))
        result = pipe("abcdefghijkl", handle_long_generation="hole", return_tensors=True, **kwargs)
        found[name] = result[0]["generated_token_ids"]
    return found


def case_errors(lib):
    pipe = _pipe(lib)
    tight = _pipe(lib, tokenizer=CharTokenizer(lib, max_length=4))
    unpadded = _pipe(lib, tokenizer=CharTokenizer(lib, pad_token_id=None))
    texts = {}
    for name, run in {
        "text_and_full": lambda: pipe("a", return_text=True, return_full_text=True),
        "tensors_and_full": lambda: pipe("a", return_tensors=True, return_full_text=True),
        "tensors_and_text": lambda: pipe("a", return_tensors=True, return_text=True),
        "handle": lambda: pipe("a", handle_long_generation="cut"),
        "hole_new_tokens": lambda: tight("abc", handle_long_generation="hole", max_new_tokens=9),
        "no_pad_in_batch": lambda: unpadded(["a", "b"], batch_size=2),
        "half_a_chat": lambda: pipe([CHAT[0], {"role": "user"}]),
        "task": lambda: _home(lib).check_task("no-such-task"),
        "neither": lambda: _home(lib).pipeline(),
        "tokenizer_only": lambda: _home(lib).pipeline("text-generation", tokenizer="x"),
    }.items():
        try:
            run()
            texts[name] = None
        except (ValueError, KeyError, RuntimeError) as error:
            texts[name] = [type(error).__name__, str(error).split(", available tasks")[0]]
    return texts


def case_registry(lib):
    home = _home(lib)
    registry = home.PIPELINE_REGISTRY

    class OtherPipeline(home.TextGenerationPipeline):
        pass

    registry.register_pipeline("other", OtherPipeline, default={"model": ("a/b", "main")}, type="text")
    try:
        task, entry, options = registry.check_task("other")
        made = home.pipeline(
            "other", model=CountingModel(lib), tokenizer=CharTokenizer(lib), max_new_tokens=2, batch_size=3
        )
        return {
            "entry": [
                task,
                entry["impl"] is OtherPipeline,
                list(entry["pt"]),
                entry["default"],
                entry["type"],
                options,
            ],
            "listed": "other" in registry.get_supported_tasks(),
            "made": [type(made).__name__, made.task, made("ab"), made.call_count],
            "class": type(
                home.pipeline(
                    "text-generation",
                    model=CountingModel(lib),
                    tokenizer=CharTokenizer(lib),
                    pipeline_class=OtherPipeline,
                )
            ).__name__,
        }
    finally:
        del registry.supported_tasks["other"]
