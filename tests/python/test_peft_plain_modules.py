"""Adapters on modules that are no models of this library: copies, files, status, warnings."""

import copy
import gc
import pickle
import weakref

import eigenformers as ef
import pytest
from eigenformers import nn
from eigenformers.peft import (
    LoraConfig,
    PeftModel,
    get_layer_status,
    get_model_status,
    get_peft_model,
    inject_adapter_in_model,
)
from eigenformers.peft import get_peft_model_state_dict as adapter_state
from eigenformers.peft.helpers import check_if_peft_model, rescale_adapter_scale


class Net(nn.Module):
    """Two layers, a tied parameter, a buffer and an embedding."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(7, 4, padding_idx=1)
        self.lin0 = nn.Linear(4, 6)
        self.relu = nn.ReLU()
        self.lin1 = nn.Linear(6, 4)
        self.back = nn.Linear(4, 7, bias=False)
        self.back.weight = self.emb.weight
        self.register_buffer("steps", ef.arange(3))
        self.note = {"kept": [1]}

    def forward(self, ids):
        return self.back(self.lin1(self.relu(self.lin0(self.emb(ids)))))


IDS = [[1, 2, 3], [4, 5, 6]]


def twins(module):
    return copy.deepcopy(module), pickle.loads(pickle.dumps(module))


def adapted(**options):
    ef.manual_seed(0)
    model = get_peft_model(Net().eval(), LoraConfig(target_modules=["lin0", "lin1"], init_lora_weights=False, **options))
    return model.eval()


def test_copies_and_pickles_of_plain_modules():
    net, ids = Net().eval(), ef.tensor(IDS)
    for twin in twins(net):
        assert (twin(ids) == net(ids)).all() and not twin.training
        assert twin.emb.padding_idx == 1 and twin.steps.tolist() == [0, 1, 2]
        assert twin.back.weight.data_ptr() == twin.emb.weight.data_ptr()
        assert [n for n, _ in twin.named_parameters()] == [n for n, _ in net.named_parameters()]
        twin.lin0.weight.data.fill_(3.0)
        twin.note["kept"].append(2)
        assert net.lin0.weight.max() < 3 and net.note == {"kept": [1]}


@pytest.mark.parametrize("options", [{}, {"use_dora": True}, {"modules_to_save": ["back"]}, {"bias": "lora_only"}])
def test_copies_and_pickles_with_adapters(options):
    model, ids = adapted(**options), ef.tensor(IDS)
    model.add_adapter("other", LoraConfig(target_modules=["lin1"], init_lora_weights=False))
    want = {name: value.requires_grad for name, value in model.named_parameters()}
    for twin in twins(model):
        assert type(twin) is type(model) and type(twin.get_base_model()) is Net
        assert (twin(ids) == model(ids)).all()
        assert {name: value.requires_grad for name, value in twin.named_parameters()} == want
        twin.set_adapter("other")
        assert twin.active_adapters == ["other"] and model.active_adapters == ["default"]
        with twin.disable_adapter(), model.disable_adapter():
            assert (twin(ids) == model(ids)).all()


def test_load_adapter_says_what_is_missing_and_trains_what_it_is_told(tmp_path):
    model = adapted(modules_to_save=["back"])
    model.save_pretrained(tmp_path)
    model = PeftModel.from_pretrained(Net(), tmp_path, is_trainable=True)
    result = model.load_adapter(tmp_path, "other", is_trainable=True)
    assert result.missing_keys == [] and result.unexpected_keys == []
    model.load_adapter(tmp_path, "frozen")
    trained = {name for name, value in model.named_parameters() if value.requires_grad}
    assert trained == {n for n, _ in model.named_parameters() if ".default" in n or ".other" in n}
    values = adapter_state(model)
    gone = next(key for key in values if "lora_A" in key)
    del values[gone]
    from eigenformers.safetensors import save_file

    save_file(values, tmp_path / "adapter_model.safetensors")
    missing = model.load_adapter(tmp_path, "third").missing_keys
    assert missing == [gone.replace("lora_A.weight", "lora_A.third.weight")]


def test_a_module_that_another_adapter_trains_is_not_active():
    model = get_peft_model(Net(), LoraConfig(target_modules=["lin0"]))
    model.add_adapter("other", LoraConfig(target_modules=["lin0"], modules_to_save=["lin1"]))
    wrapper = model.base_model.model.lin1
    assert wrapper.active_adapters == [] and not wrapper.modules_to_save.other.weight.requires_grad
    model.set_adapter("other")
    assert wrapper.active_adapters == ["other"] and wrapper.modules_to_save.other.weight.requires_grad
    wrapper._active_adapter = ["nobody"]
    with pytest.raises(AttributeError, match="has no attribute 'weight'"):
        _ = wrapper.weight


def test_status_counts_modules_that_are_trained_whole():
    model = adapted(modules_to_save=["back"])
    layers = get_layer_status(model)
    assert [layer.name for layer in layers] == ["model.lin0", "model.lin1", "model.back"]
    assert [layer.module_type for layer in layers] == ["lora.Linear", "lora.Linear", "ModulesToSaveWrapper"]
    assert {layer.quantization_backend for layer in layers} == {None}
    status = get_model_status(model)
    assert status.num_adapter_layers == 3 and status.enabled is True and status.requires_grad == {"default": True}
    model.base_model.model.back.enable_adapters(False)
    model.base_model.model.lin0.merge()
    status = get_model_status(model)
    assert status.enabled == "irregular" and status.requires_grad == {"default": "irregular"}
    assert status.merged_adapters == "irregular"
    bare = inject_adapter_in_model(LoraConfig(target_modules=["lin0"]), Net())
    status = get_model_status(bare)
    assert (status.base_model_type, status.adapter_model_type, status.peft_types) == ("other", "None", {})


def test_scaling_is_given_back():
    model, ids = adapted(), ef.tensor(IDS)
    before, layer = model(ids), model.base_model.model.lin0
    scaling = layer.scaling
    with rescale_adapter_scale(model, 0.0):
        assert layer.scaling == {"default": 0.0} and scaling == {"default": 1.0}
        with model.disable_adapter():
            bare = model(ids)
        assert ef.allclose(model(ids), bare)
    assert layer.scaling == scaling and (model(ids) == before).all()


def test_small_things(tmp_path):
    model = adapted()
    assert model.has_active_enabled_adapter
    with model.disable_adapter():
        assert not model.has_active_enabled_adapter
    model.save_pretrained(tmp_path)
    assert check_if_peft_model(tmp_path)
    assert "base_model" not in (tmp_path / "README.md").read_text().split("---")[1]
    (tmp_path / "adapter_config.json").write_text("{ not json")
    assert not check_if_peft_model(tmp_path)
    with pytest.warns(UserWarning, match="was renamed from 'mine' to 'None'"):
        get_peft_model(Net(), LoraConfig(target_modules=["lin0"], base_model_name_or_path="mine"))
    with pytest.warns(UserWarning, match="for a second time"):
        get_peft_model(model, LoraConfig(target_modules=["lin0"]))
    with pytest.raises(ValueError, match="does not conflict with any of the targeted modules"):
        get_peft_model(Net(), LoraConfig(target_modules=["lin0"], modules_to_save=["emb"]), adapter_name="emb")


def test_a_state_dict_that_disagrees_with_the_configuration():
    state = adapter_state(inject_adapter_in_model(LoraConfig(target_modules=["lin0", "lin1"]), Net()))
    one = {key: value for key, value in state.items() if "lin0" in key}
    with pytest.warns(RuntimeWarning, match=r"config contained these additional target modules: \['lin1'\]"):
        model = inject_adapter_in_model(LoraConfig(target_modules=["lin0", "lin1"]), Net(), state_dict=one)
    assert adapter_state(model).keys() == one.keys()
    with pytest.warns(RuntimeWarning, match=r"state_dict contained these additional target modules: \['lin1'\]"):
        inject_adapter_in_model(LoraConfig(target_modules=["lin0"]), Net(), state_dict=state)


def test_attributes_before_init():
    class Early(nn.Module):
        def __init__(self, child=None):
            self.width = 3
            assert not hasattr(self, "depth")
            if child is not None:
                self.child = child
            super().__init__()

    assert Early().width == 3
    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        Early(nn.Linear(2, 2))
    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__\(\) call"):
        Early(nn.Parameter(ef.ones(2)))


def classifier():
    """A model whose `classifier` is a group that can't be replaced as a whole."""
    config = ef.RobertaConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    return ef.RobertaForSequenceClassification(config).eval()


def test_a_classifier_of_several_layers_is_trained_whole(tmp_path):
    base, ids = classifier(), ef.tensor([[3, 4, 5]])
    model = get_peft_model(copy.deepcopy(base), LoraConfig(task_type="SEQ_CLS", init_lora_weights=False))
    trained = {name for name, value in model.named_parameters() if value.requires_grad and "lora" not in name}
    parts = [f"classifier.{layer}.modules_to_save.default.{x}" for layer in ("dense", "out_proj") for x in ("weight", "bias")]
    assert trained == {f"base_model.model.{part}" for part in parts}
    for name in parts:
        model.base_model.model.get_parameter(name).data.add_(0.5)
    model.eval().save_pretrained(tmp_path)
    want = model(ids).logits
    assert "base_model.model.classifier.dense.weight" in adapter_state(model)
    again = PeftModel.from_pretrained(copy.deepcopy(base), tmp_path).eval()
    assert (again(ids).logits == want).all()
    with again.disable_adapter():
        assert (again(ids).logits == base(ids).logits).all()
    again.add_adapter("other", LoraConfig(task_type="SEQ_CLS"))
    again.set_adapter("other")
    assert (again(ids).logits == base(ids).logits).all()
    assert ef.allclose(model.merge_and_unload()(ids).logits, want, atol=1e-5)


def test_a_cycle_through_a_model_with_fixed_groups_is_collected():
    model = get_peft_model(classifier(), LoraConfig(task_type="SEQ_CLS"))
    model.myself = [model]
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
