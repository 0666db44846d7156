"""accelerate's names: placing weights in memory and on disk, and the object of training loops."""

from __future__ import annotations

import copy
import os
import pickle

import eigenformers as ef
import numpy as np
import pytest
from cases.models import IDS, causal_lm
from eigenformers.accelerate import (
    Accelerator,
    disk_offload,
    dispatch_model,
    infer_auto_device_map,
    init_empty_weights,
    load_checkpoint_and_dispatch,
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    causal_lm(ef, "llama").save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def expected(saved):
    return logits(ef.AutoModelForCausalLM.from_pretrained(saved))


def logits(model):
    with ef.no_grad():
        return model(ef.from_numpy(IDS)).logits.numpy()


def test_a_map_for_little_memory(saved):
    model = ef.AutoModelForCausalLM.from_pretrained(saved)
    assert infer_auto_device_map(model) == {"": "cpu"}
    layer = sum(p.numel() * 4 for p in model.model.layers[0].parameters())
    embeddings = 64 * 32 * 4
    places = infer_auto_device_map(
        model, {"cpu": embeddings + layer + 10, 0: "10GB"}, no_split_module_classes=["DecoderLayer"]
    )
    assert places["model.embed_tokens"] == places["model.layers.0"] == "cpu"
    assert places["model.layers.1"] == places["lm_head"] == "disk"
    assert set(infer_auto_device_map(model, {"cpu": 0}).values()) == {"disk"}


@pytest.mark.parametrize("size", ["10 bananas", "1.2.3GB", -1, "IB", True])
def test_sizes_that_are_none(saved, size):
    with pytest.raises(ValueError, match="max_memory"):
        infer_auto_device_map(ef.nn.Linear(2, 2), {"cpu": size})


def test_weights_on_disk_compute_the_same(saved, expected, tmp_path):
    model = ef.AutoModelForCausalLM.from_pretrained(
        saved, device_map="auto", max_memory={"cpu": "20KB"}, offload_folder=str(tmp_path)
    )
    assert "disk" in model.hf_device_map.values()
    assert any(name.endswith(".safetensors") for name in os.listdir(tmp_path))
    np.testing.assert_array_equal(logits(model), expected)
    whole = disk_offload(ef.AutoModelForCausalLM.from_pretrained(saved), tmp_path / "all")
    assert whole.hf_device_map == {"": "disk"}
    np.testing.assert_array_equal(logits(whole), expected)


@pytest.mark.parametrize("device_map", ["auto", "cpu", "disk", {"": "cpu"}, {"model": "cpu", "lm_head": "disk"}])
def test_device_maps(saved, expected, device_map):
    model = ef.AutoModelForCausalLM.from_pretrained(saved, device_map=device_map, low_cpu_mem_usage=True)
    assert set(model.hf_device_map.values()) <= {"cpu", "disk"}
    np.testing.assert_array_equal(logits(model), expected)


def test_an_empty_model_is_filled(saved, expected):
    with init_empty_weights():
        model = ef.AutoModelForCausalLM.from_config(ef.AutoConfig.from_pretrained(saved))
    model = load_checkpoint_and_dispatch(model, saved, device_map="auto", strict=True)
    assert model.hf_device_map == {"": "cpu"}
    np.testing.assert_array_equal(logits(model.eval()), expected)


def test_bad_maps(saved):
    model = ef.AutoModelForCausalLM.from_pretrained(saved)
    with pytest.raises(ValueError, match="lm_head.weight"):
        dispatch_model(model, {"model": "cpu"})
    with pytest.raises(ef.UnsupportedError, match="cuda:0"):
        dispatch_model(model, {"": "cuda:0"})
    with pytest.raises(ValueError, match="offload_dir"):
        dispatch_model(model, {"": "disk"})
    with pytest.raises(ef.UnsupportedError, match="CPU only"):
        ef.AutoModelForCausalLM.from_pretrained(saved, device_map={"": 0})


def test_checkpoints_of_other_frameworks(saved, tmp_path):
    ef.AutoConfig.from_pretrained(saved).save_pretrained(tmp_path)
    (tmp_path / "tf_model.h5").write_bytes(b"\x89HDF")
    with pytest.raises(OSError, match="from_tf=True"):
        ef.AutoModelForCausalLM.from_pretrained(tmp_path)
    with pytest.raises(ef.UnsupportedError, match="model.safetensors"):
        ef.AutoModelForCausalLM.from_pretrained(saved, from_flax=True)


def _train(steps, accumulate):
    ef.manual_seed(0)
    layer = ef.nn.Linear(3, 1)
    optimizer = ef.optim.SGD(layer.parameters(), lr=0.1)
    schedule = ef.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    data = [ef.from_numpy(np.random.RandomState(i).standard_normal((2, 3)).astype(np.float32)) for i in range(steps)]
    accelerator = Accelerator(gradient_accumulation_steps=accumulate)
    loader = ef.data.DataLoader(data, batch_size=None)
    layer, optimizer, schedule, data = accelerator.prepare(layer, optimizer, schedule, loader)
    rates = []
    for x in data:
        with accelerator.accumulate(layer):
            accelerator.backward((layer(x) ** 2).mean())
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(layer.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            rates.append(schedule.get_last_lr()[0])
    return layer.weight.detach().numpy(), rates


def test_accumulated_gradients_are_one_large_batch():
    found, rates = _train(4, 2)
    assert [round(0.1 / rate) for rate in rates] == [1, 2, 2, 3]
    ef.manual_seed(0)
    layer = ef.nn.Linear(3, 1)
    for step in range(2):
        x = np.concatenate([np.random.RandomState(2 * step + i).standard_normal((2, 3)) for i in range(2)])
        (layer(ef.from_numpy(x.astype(np.float32))) ** 2).mean().backward()
        ef.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
        with ef.no_grad():
            for p in layer.parameters():
                p -= 0.1 / (1 + step) * p.grad
                p.grad = None
    np.testing.assert_allclose(found, layer.weight.detach().numpy(), rtol=1e-5)


def test_the_last_batch_of_a_loader_ends_an_accumulated_one():
    _, rates = _train(3, 2)
    assert [round(0.1 / rate) for rate in rates] == [1, 2, 3]


def test_accelerator_refuses_what_it_does_not_do():
    with pytest.raises(ef.UnsupportedError, match="fp16"):
        Accelerator(mixed_precision="fp16")
    with pytest.raises(ef.UnsupportedError, match="deepspeed_plugin"):
        Accelerator(deepspeed_plugin=object())
    with pytest.raises(ValueError, match="gradient_accumulation_steps"):
        Accelerator(gradient_accumulation_steps=0)


def test_sizes_of_a_model_without_memory(saved):
    """Nothing is there yet, and still the map is the one of the filled model."""
    with init_empty_weights():
        empty = ef.AutoModelForCausalLM.from_config(ef.AutoConfig.from_pretrained(saved))
        plain = ef.nn.Sequential(*[ef.nn.Linear(100_000, 100_000) for _ in range(50)], ef.nn.Embedding(10, 4, padding_idx=0))
    filled = ef.AutoModelForCausalLM.from_pretrained(saved)
    for budget in ("20KB", "40KB"):
        for dtype in (None, "float16", ef.float32):
            assert infer_auto_device_map(empty, {"cpu": budget}, dtype=dtype) == infer_auto_device_map(
                filled, {"cpu": budget}, dtype=dtype
            )
    assert set(infer_auto_device_map(plain, {"cpu": "100GB"}).values()) == {"cpu", "disk"}
    special = dict.fromkeys(filled.state_dict(), ef.int8)
    total = sum(p.numel() for p in filled.state_dict().values())
    assert infer_auto_device_map(filled, {"cpu": total}, special_dtypes=special) == {"": "cpu"}


@pytest.mark.parametrize("name", ["any.bin", "any.safetensors", "any.pt"])
def test_a_checkpoint_file_of_any_name(name, tmp_path):
    source, target = ef.nn.Linear(3, 4), ef.nn.Linear(3, 4)
    if name.endswith(".safetensors"):
        ef.safetensors.torch.save_file(source.state_dict(), tmp_path / name)
    else:
        ef.save(source.state_dict(), tmp_path / name)
    load_checkpoint_and_dispatch(target, tmp_path / name, device_map="auto")
    assert ef.equal(source.weight, target.weight) and target.hf_device_map == {"": "cpu"}
    with pytest.raises(OSError, match="no file named"):
        load_checkpoint_and_dispatch(target, tmp_path)


def _parts(seed, **options):
    ef.manual_seed(seed)
    accelerator, layer = Accelerator(**options), ef.nn.Linear(4, 1)
    optimizer = ef.optim.AdamW(layer.parameters(), lr=0.1)
    schedule = ef.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    return (accelerator, *accelerator.prepare(layer, optimizer, schedule))


def _steps(accelerator, layer, optimizer, schedule, batches):
    for x in batches:
        with accelerator.accumulate(layer):
            accelerator.backward((layer(x) + ef.rand(1)).square().sum())
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()


def test_a_run_goes_on_from_its_saved_state(tmp_path):
    batches = [ef.full((2, 4), i / 7) for i in range(8)]
    counted = {"seen": 3}

    class Counter:
        state_dict = lambda self: dict(counted)  # noqa: E731
        load_state_dict = lambda self, state: counted.update(state)  # noqa: E731

    accelerator, *parts = _parts(0, gradient_accumulation_steps=2)
    accelerator.register_for_checkpointing(Counter())
    _steps(accelerator, *parts, batches[:4])
    assert accelerator.save_state(tmp_path) == str(tmp_path)
    _steps(accelerator, *parts, batches[4:])
    again, *others = _parts(1, gradient_accumulation_steps=2)
    with pytest.raises(ValueError, match="custom checkpoints"):
        again.load_state(tmp_path)
    again.register_for_checkpointing(Counter())
    counted["seen"] = 0
    again.load_state(tmp_path)
    assert counted["seen"] == 3 and again.step == 4
    _steps(again, *others, batches[4:])
    assert ef.equal(parts[0].weight, others[0].weight) and parts[2].get_last_lr() == others[2].get_last_lr()
    with pytest.raises(ValueError, match="folder does not exist"):
        again.load_state(tmp_path / "none")
    with pytest.raises(ValueError, match="project_dir"):
        again.save_state()
    with pytest.raises(ValueError, match="state_dict"):
        again.register_for_checkpointing(3)


def test_what_scripts_ask_of_an_accelerator(capsys):
    accelerator = Accelerator(mixed_precision="bf16")
    assert "Distributed environment: NO" in repr(accelerator.state) and accelerator.distributed_type.value == "NO"
    loader = accelerator.prepare(ef.data.DataLoader(list(range(7)), batch_size=2))
    assert [x.tolist() for x in accelerator.skip_first_batches(loader, 2)] == [[4, 5], [6]]
    assert len(accelerator.skip_first_batches(accelerator.skip_first_batches(loader, 1), 2)) == 1
    assert accelerator.reduce(ef.tensor([2.0]), reduction="mean").item() == 2
    assert accelerator.pad_across_processes(ef.tensor([[1]]), dim=1, pad_index=-100).item() == 1
    accelerator.set_trigger()
    assert [accelerator.check_trigger(), accelerator.check_trigger()] == [True, False]
    with accelerator.split_between_processes([1, 2, 3]) as mine, accelerator.main_process_first():
        accelerator.print(mine)
    assert capsys.readouterr().out == "[1, 2, 3]\n"
    assert accelerator.on_process(process_index=1)(lambda: 5)() is None
    with pytest.raises(ValueError, match="Unknown mixed_precision mode"):
        Accelerator(mixed_precision="fp7")
    with pytest.raises(NotImplementedError, match="fp16"):
        Accelerator(mixed_precision="fp16")


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"device_map": "foo"}, ValueError, "needs to be a device name"),
        ({"device_map": {"": "foo"}}, ValueError, "but found foo"),
        ({"device_map": {"": "auto"}}, ValueError, "but found auto"),
        ({"device_map": -1}, ValueError, "negative int"),
        ({"device_map": ["cpu"]}, TypeError, "found a list"),
        ({"device_map": True}, TypeError, "found a bool"),
        ({"device_map": "cuda:1"}, NotImplementedError, "CPU only"),
        ({"device_map": {"": 0}}, NotImplementedError, "CPU only"),
        ({"device_map": {"model": "cpu"}}, ValueError, "lm_head.weight"),
        ({"device_map": {}}, ValueError, "does not give any device"),
        ({"device_map": "auto", "max_memory": "1GB"}, TypeError, "needed a dict"),
        ({"device_map": "auto", "max_memory": {"gpu": "1GB"}}, ValueError, "Device gpu is not recognized"),
        ({"device_map": "auto", "max_memory": {"cpu": "much"}}, ValueError, "found the size 'much'"),
        ({"device_map": "auto", "max_memory": {0: None}}, ValueError, "found the size None"),
        ({"attn_implementation": "foo"}, ValueError, 'attn_implementation="foo"'),
    ],
)
def test_places_that_are_none(saved, arguments, error, text):
    for load in (ef.AutoModelForCausalLM, ef.LlamaForCausalLM):
        with pytest.raises(error, match=text):
            load.from_pretrained(saved, **arguments)


class _Tied(ef.nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.norm, self.head = ef.nn.Embedding(5, 4), ef.nn.LayerNorm(4), ef.nn.Linear(4, 5, bias=False)
        self.head.weight = self.table.weight

    def forward(self, x):
        return self.head(self.norm(self.table(x)))


@pytest.fixture(scope="module")
def tied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tied")
    config = ef.AutoConfig.for_model("llama", hidden_size=8, intermediate_size=8, num_hidden_layers=1, vocab_size=64,
                                     num_attention_heads=2, num_key_value_heads=1, tie_word_embeddings=True)  # fmt: skip
    ef.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize(
    "arguments",
    [{"device_map": "disk"}, {"device_map": {"": "disk"}}, {"device_map": "auto", "max_memory": {"cpu": 0}},
     {"device_map": {"model": "disk", "lm_head": "cpu"}}, {"device_map": {"model": "cpu", "lm_head": "disk"}}],
)  # fmt: skip
def test_tied_weights_on_disk(tied, tmp_path, arguments):
    expected = ef.AutoModelForCausalLM.from_pretrained(tied)
    model = ef.AutoModelForCausalLM.from_pretrained(tied, offload_folder=str(tmp_path), **arguments)
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()
    np.testing.assert_array_equal(logits(model), logits(expected))
    np.testing.assert_array_equal(logits(disk_offload(expected, tmp_path / "all")), logits(model))
    with init_empty_weights():
        empty = ef.AutoModelForCausalLM.from_config(ef.AutoConfig.from_pretrained(tied))
    places = {"device_map": {"": "disk"}, "offload_folder": tmp_path / "again"}
    filled = load_checkpoint_and_dispatch(empty, tied, **places)
    np.testing.assert_array_equal(logits(filled.eval()), logits(model))
    with pytest.raises(TypeError, match="offload_foldr"):
        load_checkpoint_and_dispatch(empty, tied, offload_foldr=".")


@pytest.mark.parametrize(
    "places", [{"": "disk"}, {"": "disk", "head": "cpu"}, {"": "cpu", "table": "disk"}, {"": "cpu", "norm.weight": "disk"}]
)
def test_tied_weights_of_a_plain_module_on_disk(tmp_path, places):
    model, x = _Tied(), ef.tensor([1, 4])
    expected, kept = model(x), {name: value.clone() for name, value in model.state_dict().items()}
    dispatch_model(model, places, offload_dir=tmp_path)
    assert ef.equal(model(x), expected) and model.head.weight.data_ptr() == model.table.weight.data_ptr()
    assert all(p.requires_grad for p in model.parameters())
    name = next(name for name, place in places.items() if place == "disk")
    held = ef.safetensors.torch.load_file(tmp_path / f"{name or 'model'}.safetensors")
    assert all(ef.equal(value, kept[key]) for key, value in held.items())
    wanted = {"": {"table.weight", "norm.weight", "norm.bias"}, "table": {"table.weight"}}
    assert set(held) == wanted.get(name, {"norm.weight"})


def test_maps_that_are_none(tmp_path):
    for device_map in (None, ["cpu"], "auto"):
        with pytest.raises(TypeError, match="device_map: found a"):
            dispatch_model(ef.nn.Linear(2, 2), device_map)
    with pytest.warns(UserWarning, match="nosuch"):
        model = dispatch_model(ef.nn.Linear(2, 2), {"": "cpu", "nosuch": "disk", 3: "disk"}, offload_dir=tmp_path)
    assert model.hf_device_map["nosuch"] == "disk" and not os.listdir(tmp_path)
    for size in (".GB", "9" * 400 + "GB", "."):
        with pytest.raises(ValueError, match="found the size"):
            infer_auto_device_map(model, {"cpu": size})
    assert infer_auto_device_map(model, {"cpu": ".5KB"}) == {"": "cpu"}


def test_what_is_not_prepared():
    accelerator = Accelerator(gradient_accumulation_steps=2)
    for part in ([1, 2], {"a": 1}, "text", (3,), None, np.ones(2)):
        assert accelerator.prepare(part) is part


def test_gradients_are_clipped_whenever_asked():
    accelerator, layer = Accelerator(gradient_accumulation_steps=2), ef.nn.Linear(2, 1, bias=False)
    with accelerator.accumulate(layer):
        accelerator.backward(layer(ef.tensor([[6.0, 8.0]])).sum())
        assert not accelerator.sync_gradients
        assert accelerator.clip_grad_norm_(layer.parameters(), 1.0).item() == pytest.approx(5.0)
        np.testing.assert_allclose(layer.weight.grad.numpy(), [[0.6, 0.8]], rtol=1e-5)
        accelerator.clip_grad_value_(layer.parameters(), 0.7)
        np.testing.assert_allclose(layer.weight.grad.numpy(), [[0.6, 0.7]], rtol=1e-5)


def test_what_is_prepared_can_be_copied():
    _, _, optimizer, schedule = _parts(0)
    loader = Accelerator().prepare(ef.data.DataLoader([1, 2, 3], batch_size=2))
    for part in (optimizer, schedule, loader):
        with pytest.raises(AttributeError, match="nosuch"):
            _ = part.nosuch
        with pytest.raises(AttributeError, match="optimizer|anything"):
            _ = type(part).__new__(type(part)).anything
    assert [x.tolist() for x in copy.deepcopy(loader)] == [[1, 2], [3]]
    assert [x.tolist() for x in pickle.loads(pickle.dumps(loader))] == [[1, 2], [3]]
    assert copy.copy(optimizer).param_groups is optimizer.param_groups


def test_gradient_state():
    accelerator = Accelerator(gradient_accumulation_steps=2)
    state = accelerator.gradient_state
    assert (state.num_steps, state.sync_gradients, state.end_of_dataloader, state.remainder) == (2, True, False, -1)
    train, test = accelerator.prepare(
        ef.data.DataLoader(list(range(5)), batch_size=2), ef.data.DataLoader(list(range(4)), batch_size=2)
    )
    seen = []
    for _ in train:
        with accelerator.accumulate():
            seen.append((state.sync_gradients, state.end_of_dataloader, state.remainder))
        assert [state.remainder for _ in test] == [0, 0] and state.active_dataloader is train
    assert seen == [(False, False, 1), (True, False, 1), (True, True, 1)]
    for _ in train:
        break
    assert not state.in_dataloader and "Sync Gradients: True" in repr(state)
    assert [len(x) for x in accelerator.skip_first_batches(train, -1)] == [2, 2, 1]
    with pytest.raises(ValueError, match="wandb is not an available tracker"):
        accelerator.get_tracker("wandb")


def test_modules_without_memory_can_be_copied():
    with init_empty_weights():
        module = ef.nn.Sequential(ef.nn.LayerNorm(3), ef.nn.RMSNorm(3), ef.nn.Linear(3, 2), ef.nn.Embedding(4, 3, padding_idx=0))
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert [part._empty_slots() for part in twin] == [part._empty_slots() for part in module]
        assert not list(twin.parameters()) and repr(twin) == repr(module)


@pytest.mark.parametrize("safe", [True, False])
def test_how_models_are_saved(safe, tmp_path):
    accelerator, model, other = Accelerator(), _Tied(), _Tied()
    accelerator.save_model(model, tmp_path, safe_serialization=safe)
    assert os.listdir(tmp_path) == ["model.safetensors" if safe else "pytorch_model.bin"]
    load_checkpoint_and_dispatch(other, tmp_path)
    assert ef.equal(other.table.weight, model.table.weight)
    accelerator.save(model.state_dict(), tmp_path / "file", safe_serialization=safe)
    load = ef.safetensors.torch.load_file if safe else ef.load
    assert ef.equal(load(tmp_path / "file")["table.weight"], model.table.weight)
    accelerator.prepare(model)
    accelerator.save_state(tmp_path / "state", safe_serialization=not safe)
    folder = accelerator.save_state(tmp_path / "state", safe_serialization=safe)
    assert os.path.exists(os.path.join(folder, "model.safetensors")) == safe
    with ef.no_grad():
        model.table.weight.fill_(0)
    accelerator.load_state(folder)
    assert ef.equal(other.table.weight, model.table.weight)
    if safe:
        accelerator.save_model(model, tmp_path / "cut", max_shard_size=20)
        assert len(os.listdir(tmp_path / "cut")) == 4  # three files and their index
        load_checkpoint_and_dispatch(_Tied(), tmp_path / "cut")
        accelerator.save_model(model, tmp_path / "cut")
        assert os.listdir(tmp_path / "cut") == ["model.safetensors"]
    else:
        with pytest.raises(ef.UnsupportedError, match="max_shard_size='1B'"):
            accelerator.save_model(model, tmp_path, max_shard_size="1B", safe_serialization=False)
    with pytest.raises(TypeError, match="foo"):
        accelerator.save_model(model, tmp_path, foo=1)
