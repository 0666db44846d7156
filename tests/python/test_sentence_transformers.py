"""Sentence embeddings and cross-encoders: pooling, order, prompts, files, bad input, and numbers of the real library."""

from __future__ import annotations

import json

import eigenformers as ef
import numpy as np
import pytest
from conftest import ASSETS
from eigenformers.sentence_transformers import CrossEncoder, SentenceTransformer, util

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "man", "plays", "guitar", "cat", "sits", "outside", "film"]
TEXTS = ["a man plays guitar", "cat", "a cat sits outside a film", "", "a man plays a cat"]
SIZES = {"vocab_size": len(WORDS), "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
         "intermediate_size": 24, "max_position_embeddings": 12, "initializer_range": 0.5}  # fmt: skip


def write(folder, model):
    model.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "model_max_length": 12}))
    return folder


def add_modules(folder, pooling, *more):
    kinds = [("", "Transformer"), ("1_Pooling", "Pooling"), *((f"{i + 2}_{kind}", kind) for i, kind in enumerate(more))]
    modules = [{"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
               for i, (path, kind) in enumerate(kinds)]  # fmt: skip
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 16, **pooling}))
    return folder


@pytest.fixture
def folder(tmp_path):
    ef.manual_seed(0)
    return write(tmp_path, ef.BertModel(ef.BertConfig(**SIZES)))


def states(model, text):
    """The tokens' vectors of one text alone, by the model itself."""
    with ef.no_grad():
        return model.auto_model(**model.tokenizer(text, return_tensors="pt")).last_hidden_state.numpy()[0]


def test_every_pooling_is_its_definition(folder):
    definitions = {
        "cls_token": lambda x: x[0], "max_tokens": lambda x: x.max(0), "mean_tokens": lambda x: x.mean(0),
        "mean_sqrt_len_tokens": lambda x: x.sum(0) / np.sqrt(len(x)), "lasttoken": lambda x: x[-1],
        "weightedmean_tokens": lambda x: np.average(x, axis=0, weights=np.arange(1, len(x) + 1)),
    }  # fmt: skip
    for name, definition in definitions.items():
        model = SentenceTransformer(add_modules(folder, {f"pooling_mode_{name}": True}))
        wanted = np.stack([definition(states(model, text)) for text in TEXTS])
        for size in (1, 2, 32):  # longest first inside, the caller's order outside
            assert np.allclose(model.encode(TEXTS, batch_size=size), wanted, atol=1e-6), name  # other blocks of products
    both = SentenceTransformer(add_modules(folder, {"pooling_mode": ["cls", "mean"]}, "Normalize"))
    assert both.get_sentence_embedding_dimension() == 32
    assert np.allclose(np.linalg.norm(both.encode(TEXTS), axis=1), 1, atol=1e-6)


def test_forms_of_input_and_output(folder, capsys):
    model = SentenceTransformer(folder)  # no modules.json: the mean
    rows = model.encode(TEXTS)
    assert rows.shape == (5, 16) and rows.dtype == np.float32
    assert np.allclose(model.encode(TEXTS[2]), rows[2], atol=1e-6)
    assert np.allclose(model.encode(TEXTS, convert_to_tensor=True).numpy(), rows)
    assert isinstance(model.encode(TEXTS, convert_to_numpy=False)[0], ef.Tensor)
    assert model.encode([]).shape == (0, 16)
    assert np.allclose(model.encode(TEXTS, truncate_dim=4), rows[:, :4])
    assert np.allclose(np.linalg.norm(model.encode(TEXTS, normalize_embeddings=True), axis=1), 1, atol=1e-6)
    tokens = model.encode(TEXTS, output_value="token_embeddings")
    assert [len(one) for one in tokens] == [len(ids) for ids in model.tokenizer(TEXTS)["input_ids"]]
    assert np.allclose(tokens[0].numpy(), states(model, TEXTS[0]), atol=1e-6)
    assert np.isfinite(model.encode("cat " * 100)).all()  # cut to the model's positions
    capsys.readouterr()
    model.encode(TEXTS, batch_size=2, show_progress_bar=True)
    assert "Batches" in capsys.readouterr().err


def test_prompts(folder):
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": {"query": "a film ", "document": ""}}))
    model = SentenceTransformer(folder)
    assert np.allclose(model.encode_query("cat"), model.encode("a film cat"), atol=1e-6)
    assert np.allclose(model.encode("cat", prompt="a film "), model.encode_query("cat"))
    assert np.allclose(model.encode_document("cat"), model.encode("cat"))
    left_out = SentenceTransformer(add_modules(folder, {"pooling_mode_mean_tokens": True, "include_prompt": False}))
    assert np.allclose(left_out.encode_query("cat"), states(left_out, "a film cat")[3:].mean(0), atol=1e-6)
    with pytest.raises(ValueError, match="Prompt name 'poem' not found"):
        model.encode("cat", prompt_name="poem")
    with pytest.raises(ValueError, match="Default prompt name"):
        SentenceTransformer(folder, default_prompt_name="poem")


def test_a_saved_folder_gives_the_same(folder, tmp_path):
    model = SentenceTransformer(add_modules(folder, {"pooling_mode_cls_token": True}, "Normalize"))
    model.save(tmp_path / "again")
    again = SentenceTransformer(tmp_path / "again")
    assert np.array_equal(again.encode(TEXTS), model.encode(TEXTS)) and again.max_seq_length == 12


def test_search_is_a_sort():
    rng = np.random.RandomState(0)
    queries, corpus = rng.randn(3, 8), rng.randn(50, 8)
    corpus[7] = corpus[3]  # equal scores: the first comes first
    scores = util.cos_sim(queries, corpus).numpy()
    for chunk in (50, 7, 1):
        found = util.semantic_search(queries, corpus, top_k=5, corpus_chunk_size=chunk, query_chunk_size=2)
        for row, hits in zip(scores, found):
            assert [hit["corpus_id"] for hit in hits] == np.argsort(-row, kind="stable")[:5].tolist()
            assert np.allclose([hit["score"] for hit in hits], np.sort(row)[::-1][:5])
    assert len(util.semantic_search(queries, corpus[:2], top_k=5)[0]) == 2
    assert np.allclose(util.pairwise_cos_sim(queries, corpus[:3]).numpy(), np.diag(scores[:, :3]))
    with pytest.raises(ValueError, match="top_k is 0"):
        util.semantic_search(queries, corpus, top_k=0)


def test_cross_encoder_is_the_classifier_on_pairs(tmp_path):
    ef.manual_seed(0)
    pairs = [("a man", "plays guitar"), ("cat", "a cat sits outside"), ("film", "")]
    for labels in (1, 3):
        model = CrossEncoder(write(tmp_path, ef.BertForSequenceClassification(ef.BertConfig(**SIZES, num_labels=labels))))
        with ef.no_grad():
            inputs = [model.tokenizer([first], [second], return_tensors="pt") for first, second in pairs]
            wanted = [model.model(**one).logits[0].numpy() for one in inputs]
        wanted = np.stack(wanted) if labels > 1 else 1 / (1 + np.exp(-np.concatenate(wanted)))
        assert np.allclose(model.predict(pairs), wanted, atol=1e-6)
        assert np.allclose(model.predict(pairs[1]), wanted[1], atol=1e-6)
    assert np.allclose(model.predict(pairs, apply_softmax=True).sum(1), 1)
    with pytest.raises(ValueError, match="num_labels=1"):
        model.rank("cat", ["film"])
    with pytest.raises(ValueError, match="found 3 texts"):
        model.predict([("a", "b", "c")])


def test_rank(tmp_path):
    ef.manual_seed(0)
    model = CrossEncoder(write(tmp_path, ef.BertForSequenceClassification(ef.BertConfig(**SIZES, num_labels=1))))
    found = model.rank("cat", TEXTS, top_k=3, return_documents=True)
    scores = model.predict([("cat", text) for text in TEXTS])
    assert [item["corpus_id"] for item in found] == np.argsort(-scores)[:3].tolist()
    assert [item["text"] for item in found] == [TEXTS[item["corpus_id"]] for item in found]


def test_embeddings_in_fewer_bits(folder):
    """Values recorded from sentence-transformers' function of that name."""
    rows = np.array(
        [[0.5, -1, 2, 0, 3, 1, -2, 0.25, 1], [1, 1, -1, 0, 2.5, -1, 2, 0.75, -1], [-0.5, 0.1, 0.2, 0, 1, 0.5, 0.6, -3, 0]]
    )
    want = {
        "int8": [[42, -128, 127, -128, 126, 126, -128, 93, 126], [127, 126, -128, -128, 63, -128, 126, 127, -128],
                 [-128, 12, -26, -128, -128, 63, 37, -128, -1]],
        "uint8": [[170, 0, 255, 0, 254, 254, 0, 221, 254], [255, 254, 0, 0, 191, 0, 254, 255, 0],
                  [0, 140, 102, 0, 0, 191, 165, 0, 127]],
        "binary": [[45, 0], [75, -128], [-18, -128]],
        "ubinary": [[173, 128], [203, 0], [110, 0]],
    }  # fmt: skip
    for precision, values in want.items():
        found = util.quantize_embeddings(rows, precision)
        assert found.tolist() == values and found.dtype == (np.uint8 if precision[0] == "u" else np.int8)
    far = util.quantize_embeddings(rows[:1] * 5, "uint8", calibration_embeddings=rows)
    assert far.tolist() == [[255, 0, 255, 0, 255, 255, 0, 255, 255]]
    with pytest.raises(ValueError, match="from a single embedding"):
        util.quantize_embeddings(rows[:1], "int8")
    model = SentenceTransformer(folder)
    signs = model.encode(TEXTS, precision="ubinary")
    assert (np.unpackbits(signs, axis=-1).astype(bool) == (model.encode(TEXTS) > 0)).all()
    assert model.encode(TEXTS, precision="int8", convert_to_tensor=True).dtype == ef.int8


def test_bad_folders_and_arguments_are_named(folder):
    with pytest.raises(ef.UnsupportedError, match="backend='onnx'"):
        SentenceTransformer(folder, backend="onnx")
    with pytest.raises(ef.UnsupportedError, match="trust_remote_code"):
        SentenceTransformer(folder, trust_remote_code=True)
    with pytest.raises(ValueError, match="similarity_fn_name 'nope'"):
        SentenceTransformer(folder, similarity_fn_name="nope")
    model = SentenceTransformer(folder)
    for arguments, message in (
        ({"precision": "int4"}, "Precision 'int4' is not supported"), ({"batch_size": 0}, "batch_size is 0"),
        ({"output_value": "poem"}, "output_value='poem'"), ({"device": "cuda"}, "device='cuda'"),
    ):  # fmt: skip
        with pytest.raises(ef.UnsupportedError if "=" in message else ValueError, match=message):
            model.encode("cat", **arguments)
    with pytest.raises(ef.UnsupportedError, match="WordWeights"):
        SentenceTransformer(add_modules(folder, {}, "WordWeights"))
    add_modules(folder, {"word_embedding_dimension": None})
    with pytest.raises(ef.ConfigError, match="word_embedding_dimension"):
        SentenceTransformer(folder)
    for text, message in (("[1", "modules.json"), ('{"a": 1}', "needed a list")):
        (folder / "modules.json").write_text(text)
        with pytest.raises(ef.ConfigError, match=message):
            SentenceTransformer(folder)


def test_minilm_is_the_real_librarys():
    if not (ASSETS / "minilm-l6").is_dir():
        pytest.skip("asset minilm-l6 is missing")
    model = SentenceTransformer(ASSETS / "minilm-l6")
    rows = model.encode(["The cat sits outside", "A man is playing guitar", "The new movie is awesome"])
    # sentence-transformers 6.2.0 on torch 2.13.0
    wanted = [
        [0.1391911, 0.003029, 0.0470147, 0.0395738],
        [0.0226613, -0.0013886, -0.0056135, -0.0670217],
        [-0.1004432, -0.0773928, -0.0013741, -0.0484606],
    ]
    assert np.allclose(rows[:, :4], wanted, atol=2e-6)


def test_pairs_and_groups_are_those_of_all_scores():
    """Every pair, and every row's neighbours, by the whole matrix of cosines."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(90, 24)).astype(np.float32)
    rows[:30] = rows[0] + 0.1 * random.normal(size=(30, 24))
    rows[30:45] = rows[30] + 0.1 * random.normal(size=(15, 24))
    scores = util.cos_sim(rows, rows).numpy()
    found = util.paraphrase_mining_embeddings(rows, top_k=89, query_chunk_size=7, corpus_chunk_size=11)
    pairs = {(i, j): scores[i, j] for i in range(90) for j in range(i + 1, 90)}
    assert {(i, j) for _, i, j in found} == set(pairs) and [s for s, _, _ in found] == sorted(pairs.values(), reverse=True)
    assert util.paraphrase_mining_embeddings(rows, max_pairs=3)[:3] == found[:3]
    assert util.paraphrase_mining_embeddings(rows, max_pairs=-1) == []
    groups = util.community_detection(rows, threshold=0.9, min_community_size=10, batch_size=16)
    assert [set(group) for group in groups] == [set(range(30)), set(range(30, 45))]
    for group in groups:
        assert (scores[group[0], group] >= 0.9).all()
    assert util.community_detection(rows[:0]) == [] == util.paraphrase_mining_embeddings(rows[:0])
    assert util.truncate_embeddings(rows, 2).shape == (90, 2) and util.pytorch_cos_sim is util.cos_sim
    assert util.SimilarityFunction.to_similarity_fn("dot") is util.dot_score
    with pytest.raises(ValueError, match="min_community_size"):
        util.community_detection(rows, min_community_size=0)


def test_dense_layers_are_saved(folder, tmp_path):
    from eigenformers.sentence_transformers.modules import Dense

    model = SentenceTransformer(str(folder), similarity_fn_name=util.SimilarityFunction.DOT)
    size = model.get_sentence_embedding_dimension()
    matrix = np.random.default_rng(0).normal(size=(3, size)).astype(np.float32)
    config = {"in_features": size, "out_features": 3, "bias": False, "activation_function": "torch.nn.Tanh"}
    model._after.append(Dense(config, matrix, None))
    model.save_pretrained(tmp_path, create_model_card=False)
    again = SentenceTransformer(str(tmp_path))
    np.testing.assert_array_equal(again.encode(["one", "two"]), model.encode(["one", "two"]))
    assert again.similarity_fn_name == "dot" and again.dtype == ef.float32
    with again.truncate_sentence_embeddings(2):
        assert again.encode("one").shape == (2,)
    assert again.encode("one").shape == (3,)
    for call in (
        again.start_multi_process_pool,
        lambda: again.encode_multi_process(["one"], {}),
        lambda: again.encode(["one"], pool={}),
        lambda: SentenceTransformer(modules=[]),
        lambda: again.save(tmp_path, safe_serialization=False),
    ):
        with pytest.raises(NotImplementedError):
            call()
