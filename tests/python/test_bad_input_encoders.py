"""What encoders and the text pipelines say to input that can't be right: a typed error that names it."""

from __future__ import annotations

import json
import os

import eigenformers as ef
import numpy as np
import pytest
from cases._text_models import Folder
from eigenformers.sentence_transformers import SentenceTransformer

SMALL = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 4,
         "max_position_embeddings": 16}  # fmt: skip
LONG = " ".join(["the film was lovely"] * 40)


@pytest.mark.parametrize(
    "name, value",
    [
        ("hidden_size", 33), ("hidden_size", 0), ("hidden_size", -32), ("hidden_size", 2**40), ("hidden_size", "32"),
        ("hidden_size", 32.5), ("num_hidden_layers", -1), ("num_hidden_layers", 10**9), ("num_attention_heads", 0),
        ("num_attention_heads", 5), ("vocab_size", 0), ("vocab_size", 10**12), ("max_position_embeddings", 0),
        ("type_vocab_size", -1), ("hidden_dropout_prob", 2.0), ("hidden_dropout_prob", -1), ("classifier_dropout", 5.0),
        ("attention_probs_dropout_prob", float("nan")), ("layer_norm_eps", -1), ("layer_norm_eps", "x"),
        ("num_labels", -3), ("id2label", {"x": "y"}),
    ],
)  # fmt: skip
def test_values_of_a_configuration(name, value):
    words = {"hidden_size": "hidden.size", "num_attention_heads": "attention.heads", "id2label": "id2label"}
    with pytest.raises(ef.ConfigError, match=words.get(name, name)):
        ef.BertForSequenceClassification(ef.BertConfig(**{**SMALL, name: value}))


@pytest.mark.parametrize("name", ["vocab_size", "max_position_embeddings", "intermediate_size"])
def test_sizes_that_no_memory_holds(name):
    with pytest.raises(RuntimeError, match="can't allocate memory"):
        ef.BertForSequenceClassification(ef.BertConfig(**{**SMALL, name: 2**31 - 1}))


def test_unknown_activations_are_named():
    with pytest.raises(KeyError, match="unknown 'nope'"):
        ef.BertModel(ef.BertConfig(**SMALL, hidden_act="nope"))


@pytest.fixture(scope="module")
def model():
    return ef.BertForSequenceClassification(ef.BertConfig(**SMALL, num_labels=3)).eval()


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"labels": [3]}, IndexError, "out of bounds"), ({"labels": [-1]}, IndexError, "out of bounds"),
        ({"labels": [0, 1]}, ef.ShapeError, "labels"), ({"labels": [0.5]}, ef.DtypeError, "labels"),
        ({"labels": "x"}, TypeError, "labels"), ({"attention_mask": [[1, 1]]}, ef.ShapeError, "attention_mask"),
        ({"attention_mask": "x"}, TypeError, "attention_mask"),
        ({"token_type_ids": [[0, 0]]}, ef.ShapeError, "token_type_ids"),
        ({"token_type_ids": [[0, 5, 0]]}, IndexError, "id 5"), ({"position_ids": [[0, 1]]}, ef.ShapeError, "position_ids"),
        ({"position_ids": [[0, 99, 2]]}, IndexError, "id 99"), ({"position_ids": [[0, -1, 2]]}, IndexError, "id -1"),
    ],
)  # fmt: skip
def test_arguments_of_a_model(model, arguments, error, words):
    model.config.problem_type = "single_label_classification"
    with pytest.raises(error, match=words):
        model(ef.tensor([[5, 6, 7]]), **arguments)


@pytest.mark.parametrize(
    "ids, error, words",
    [
        ([[1] * 17], IndexError, "17 tokens, the model has 16 positions; truncate"), ([[64]], IndexError, "id 64"),
        ([[-1]], IndexError, "id -1"), ([[1.5]], ef.DtypeError, "input_ids"), ([1, 2], ef.ShapeError, "input_ids"),
        ([[[1]]], ef.ShapeError, "input_ids"), ("abc", TypeError, "input_ids"), (None, ef.ConfigError, "input_ids"),
        ([[1, 2], [3]], ValueError, "input_ids"),
    ],
)  # fmt: skip
def test_ids(model, ids, error, words):
    with pytest.raises(error, match=words):
        model(ids)


def labelled(*names):
    return {"id2label": dict(enumerate(names)), "label2id": {name: i for i, name in enumerate(names)}}


TASKS = {
    "text-classification": ("ForSequenceClassification", labelled("a", "b")),
    "token-classification": ("ForTokenClassification", labelled("O", "B-A")),
    "fill-mask": ("ForMaskedLM", {}), "question-answering": ("ForQuestionAnswering", {}),
    "zero-shot-classification": ("ForSequenceClassification", labelled("contradiction", "entailment")),
    "feature-extraction": ("", {}),
}  # fmt: skip


@pytest.fixture(scope="module")
def pipes():
    folders = {task: Folder(ef, head, **changes) for task, (head, changes) in TASKS.items()}
    yield {task: ef.pipeline(task, model=folder.path) for task, folder in folders.items()}
    for folder in folders.values():
        folder.__exit__()


@pytest.mark.parametrize(
    "task, arguments, error, words",
    [
        ("text-classification", (None,), TypeError, "NoneType"), ("text-classification", (5,), TypeError, "int"),
        ("text-classification", ([None, "a"],), TypeError, "NoneType"), ("text-classification", (b"a",), TypeError, "bytes"),
        ("text-classification", (LONG,), IndexError, "162 tokens, the model has 48 positions; truncate"),
        ("text-classification", ([["a", "b", "c"]],), ValueError, "text_pair"),
        ("text-classification", ("a", {"top_k": 0}), ValueError, "top_k"),
        ("text-classification", ("a", {"function_to_apply": "no"}), ValueError, "function_to_apply"),
        ("text-classification", (["a"], {"batch_size": 0}), ValueError, "batch_size"),
        ("text-classification", (["a"], {"batch_size": "x"}), TypeError, "batch_size"),
        ("token-classification", (None,), ValueError, "At least one input"),
        ("token-classification", (5,), ValueError, "sentence"),
        ("token-classification", ("a", {"aggregation_strategy": "no"}), ValueError, "aggregation_strategy"),
        ("token-classification", (LONG, {"stride": 1000}), ValueError, "stride"),
        ("token-classification", (LONG, {"stride": -1}), ValueError, "stride"),
        ("token-classification", (LONG, {"stride": "x"}), ValueError, "stride"),
        ("fill-mask", ("a film",), ef.pipelines.PipelineException, "No mask_token"),
        ("fill-mask", (None,), TypeError, "NoneType"), ("fill-mask", (LONG + " [MASK]",), IndexError, "truncate"),
        ("fill-mask", ("a [MASK]", {"targets": []}), ValueError, "target"),
        ("fill-mask", ("a [MASK]", {"targets": 5}), TypeError, "targets"),
        ("fill-mask", ("a [MASK]", {"top_k": 0}), ValueError, "top_k"),
        ("question-answering", ({"question": "", "context": "a"},), ValueError, "question"),
        ("question-answering", ({"question": "a", "context": ""},), ValueError, "context"),
        ("question-answering", ({"question": "a", "context": 5},), ValueError, "context"),
        ("question-answering", ({"question": "a", "context": "b"}, {"max_answer_len": 0}), ValueError, "max_answer_len"),
        ("zero-shot-classification", ("a", {"candidate_labels": []}), ValueError, "at least one label"),
        ("zero-shot-classification", ("", {"candidate_labels": "x"}), ValueError, "at least one"),
        ("zero-shot-classification", (5, {"candidate_labels": "x"}), TypeError, "int"),
        ("zero-shot-classification", ("a", {"candidate_labels": "x", "hypothesis_template": "no"}), ValueError, "template"),
        ("feature-extraction", (None,), TypeError, "NoneType"), ("feature-extraction", (5,), TypeError, "int"),
        ("feature-extraction", (LONG,), IndexError, "truncate"),
    ],
)  # fmt: skip
def test_inputs_of_pipelines(pipes, task, arguments, error, words):
    more = arguments[1] if len(arguments) > 1 else {}
    with pytest.raises(error, match=words):
        pipes[task](arguments[0], **more)


def test_empty_texts_and_lists(pipes):
    assert pipes["text-classification"]("")[0]["label"] in "ab"
    assert pipes["text-classification"]([]) == []
    assert pipes["token-classification"]("") == []
    assert len(pipes["feature-extraction"]("")[0]) == 2  # [CLS] [SEP]


@pytest.mark.parametrize(
    "texts, words", [(None, "NoneType"), (5, "int"), ([None], "NoneType"), (["a", 5], "int"), (b"a", "bytes")]
)
def test_texts_to_embed(pipes, texts, words):
    with pytest.raises(TypeError, match=words):
        SentenceTransformer(pipes["feature-extraction"].model.config.name_or_path).encode(texts)


def test_unknown_model_types_name_the_nearest_and_all(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "debertav2"}))
    with pytest.raises(ef.UnsupportedError, match=r"Did you mean `deberta-v2`\? Supported model types: albert, "):
        ef.AutoModel.from_pretrained(tmp_path)
    with pytest.raises(ef.UnsupportedError, match="Did you mean `roberta`"):
        ef.AutoConfig.for_model("robert")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ef.UnsupportedError, match="model_type"):
        ef.AutoModel.from_pretrained(tmp_path)
    with pytest.raises(TypeError, match="task of type int"):
        ef.pipeline(5)


@pytest.mark.parametrize("change", [{"hidden_size": 64}, {"vocab_size": 2**31 - 1}, {"num_hidden_layers": 50000}])
def test_a_configuration_that_its_weights_contradict(change):
    with Folder(ef, "ForSequenceClassification") as folder:
        path = os.path.join(folder, "config.json")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**config, **change}, file)
        with pytest.raises((RuntimeError, ef.ConfigError), match="sizes differ|num_hidden_layers"):
            ef.AutoModelForSequenceClassification.from_pretrained(folder)


TABLE = {"City": ["Oslo", "Rome"], "People": ["700", "2800"]}


@pytest.mark.parametrize(
    "table, error, words",
    [
        ({"City": ["Oslo"], "People": ["1", "2"]}, ValueError, "same length"), ({"City": [1]}, TypeError, "needed text"),
        ({"City": "Oslo"}, TypeError, "list of its cells"), (5, TypeError, "DataFrame"),
        ([{"a": "1"}, {"b": "2"}], ValueError, "row 1"),
        ({1: ["a"]}, TypeError, "name of a column"), ({"City": [None]}, TypeError, "None"),
    ],
)  # fmt: skip
def test_tables(tmp_path, table, error, words):
    tokenizer = tapas_tokenizer(tmp_path)
    with pytest.raises(error, match=words):
        tokenizer(table, "how many")


def tapas_tokenizer(folder, **kwargs):
    words = "[PAD] [UNK] [CLS] [SEP] [MASK] [EMPTY] oslo rome city people how many 7 ##00".split()
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    return ef.TapasTokenizer(str(folder / "vocab.txt"), **kwargs)


def test_questions_about_tables(tmp_path):
    tokenizer = tapas_tokenizer(tmp_path)
    with pytest.raises(ValueError, match="queries input"):
        tokenizer(TABLE, 5)
    with pytest.raises(ValueError, match="both answer_coordinates and answer_text"):
        tokenizer(TABLE, "how", answer_coordinates=[(0, 0)])
    with pytest.raises(ValueError, match="Couldn't find all answers"):
        tokenizer(TABLE, "how", answer_coordinates=[(7, 0)], answer_text=["x"])
    with pytest.raises(ValueError, match="max_length of 5"):
        tokenizer(TABLE, "how many", truncation=True, max_length=5)
    with pytest.raises(TypeError, match="nope"):
        tokenizer(TABLE, "how many", nope=1)
    with pytest.raises(ValueError, match="Too many columns"):
        tapas_tokenizer(tmp_path, max_column_id=2)(TABLE, "how")
    with pytest.raises(ValueError, match="as queries"):
        tokenizer(TABLE, [])
    records = [dict(zip(TABLE, row)) for row in zip(*TABLE.values())]
    assert dict(tokenizer(records, "how many")) == dict(tokenizer(TABLE, "how many"))


def test_tapas_models(tmp_path):
    sizes = {**SMALL, "max_position_embeddings": 64, "vocab_size": 14}
    model = ef.TapasForQuestionAnswering(ef.TapasConfig(**sizes, num_aggregation_labels=4, use_answer_as_supervision=True))
    inputs = tapas_tokenizer(tmp_path)(TABLE, "how many", return_tensors="pt")
    labels = ef.zeros(*inputs["input_ids"].shape, dtype=ef.int64)
    with pytest.raises(ValueError, match="float answers"):
        model(**inputs, labels=labels)
    with pytest.raises(ValueError, match="numeric values"):
        model(**inputs, labels=labels, float_answer=[1.0])
    with pytest.raises(ef.ConfigError, match="cell_selection_preference"):
        given = {"numeric_values": labels.float(), "numeric_values_scale": labels.float() + 1}
        model(**inputs, labels=labels, float_answer=[1.0], **given)
    with pytest.raises(ef.ShapeError, match="labels"):
        ef.TapasForQuestionAnswering(ef.TapasConfig(**sizes))(**inputs, labels=labels[:, 1:])
    with pytest.raises(ef.ShapeError, match="token_type_ids"):
        model(inputs["input_ids"], token_type_ids=np.zeros((1, 3), np.int64))
    with pytest.raises(ef.UnsupportedError, match="gumbel"):
        ef.TapasForQuestionAnswering(ef.TapasConfig(**sizes, use_gumbel_for_cells=True))
    with pytest.raises(ef.ConfigError, match="type_vocab_sizes"):
        ef.TapasModel(ef.TapasConfig(**sizes, type_vocab_sizes=[3]))


def test_longformer_models():
    for window in (0, 3, -4, [4]):
        with pytest.raises(ef.ConfigError, match="attention_window"):
            ef.LongformerModel(ef.LongformerConfig(**{**SMALL, "num_hidden_layers": 2}, attention_window=window))
    config = ef.LongformerConfig(**SMALL, attention_window=4)
    ids = ef.tensor([[5, 6, 7]])
    with pytest.raises(ValueError, match="exactly three separator tokens: 2"):
        ef.LongformerForQuestionAnswering(config)(ids)
    with pytest.raises(ef.ShapeError, match="attention_mask"):
        ef.LongformerModel(config)(ids, global_attention_mask=[[1, 0]])
    with pytest.raises(ef.ShapeError, match="global_attention_mask"):
        ef.LongformerModel(config)(ids, attention_mask=[[1, 1, 1]], global_attention_mask=[[1, 0]])
    with pytest.raises(TypeError, match="global_attention_mask"):
        ef.BertModel(ef.BertConfig(**SMALL))(ids, global_attention_mask=[[1, 0, 0]])


def test_an_encoder_takes_use_cache_and_keeps_nothing():
    sizes = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    model, ids = ef.BertModel(ef.BertConfig(**sizes)).eval(), ef.tensor([[1, 2]])
    plain = model(ids)
    for use_cache in (True, False, None):
        out = model(ids, use_cache=use_cache, past_key_values=None)
        assert ef.equal(out.last_hidden_state, plain.last_hidden_state) and out.get("past_key_values") is None
    for cls in (ef.BertForSequenceClassification, ef.BertForMaskedLM, ef.BertForTokenClassification):
        assert cls(model.config)(ids, use_cache=False, past_key_values=None).logits is not None
    with pytest.raises(TypeError, match="past_key_values"):
        model(ids, past_key_values=ef.DynamicCache())
