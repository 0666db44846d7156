"""eigenformers.nn beyond the golden records: bad arguments, containers, surgery on models."""

from __future__ import annotations

import copy
from collections import OrderedDict

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import nn
from eigenformers.errors import UnsupportedError


def test_containers_have_pythons_methods():
    layers = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
    layers.insert(1, nn.Tanh()).append(nn.Linear(2, 3))
    assert [type(m).__name__ for m in layers] == ["Linear", "Tanh", "ReLU", "Linear"]
    assert list(layers.state_dict()) == ["0.weight", "0.bias", "3.weight", "3.bias"]
    del layers[1:3]
    assert len(layers) == 2 and layers[-1].out_features == 3 and list(layers.state_dict())[2] == "1.weight"
    assert isinstance(layers[:1], nn.ModuleList) and isinstance(layers + [nn.ReLU()], nn.ModuleList)
    assert layers.pop(0).out_features == 2 and len(layers) == 1
    with pytest.raises(IndexError):
        layers.pop(4)
    chain = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    assert isinstance(chain[:2], nn.Sequential) and chain[:2](ef.ones(1, 2)).shape == (1, 2)


def test_dicts_of_modules_and_parameters():
    heads = nn.ModuleDict([("a", nn.Linear(2, 1)), ("b", nn.ReLU())])
    heads.update({"c": nn.Tanh()})
    assert list(heads) == ["a", "b", "c"] and heads.pop("b") is not None and "b" not in heads
    for bad, error in (("pop", KeyError), (3, TypeError)):
        with pytest.raises(error):
            heads[bad] = nn.ReLU()
    with pytest.raises(KeyError):
        heads["zzz"]
    values = nn.ParameterDict({"x": ef.ones(2)})
    values["y"] = nn.Parameter(ef.zeros(3))
    values["x"] = ef.ones(4)
    assert values["x"].shape == (4,) and isinstance(values["x"], nn.Parameter)
    assert [name for name, _ in values.named_parameters()] == ["x", "y"]
    numbers = nn.ParameterList([ef.ones(1)])
    numbers.append(ef.zeros(2))
    numbers[0] = ef.ones(5)
    assert [tuple(p.shape) for p in numbers] == [(5,), (2,)]
    with pytest.raises(IndexError):
        numbers[2]


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda: nn.Linear(-1, 2), ValueError), (lambda: nn.Conv1d(3, 4, 2, groups=2), ValueError),
        (lambda: nn.Conv2d(3, 4, 2, padding_mode="reflect"), UnsupportedError),
        (lambda: nn.Conv1d(3, 4, 2)(ef.ones(1, 2, 5)), RuntimeError), (lambda: nn.GroupNorm(3, 4), ValueError),
        (lambda: nn.Dropout(1.5), ValueError), (lambda: nn.MSELoss(reduction="most")(ef.ones(2), ef.ones(2)), ValueError),
        (lambda: nn.CrossEntropyLoss(reduce=True), UnsupportedError), (lambda: nn.Softmax(1, 2), TypeError),
        (lambda: nn.Linear(2, 2, device="cuda"), NotImplementedError),
        (lambda: nn.MaxPool2d(2, ceil_mode=True)(ef.ones(1, 1, 3, 3)), UnsupportedError),
        (lambda: nn.init.eye_(ef.empty(3)), ValueError), (lambda: nn.init.kaiming_normal_(ef.empty(3)), ValueError),
        (lambda: nn.CrossEntropyLoss()(ef.ones(2, 3), ef.tensor([0, 3])), IndexError),
        (lambda: nn.GLU()(ef.ones(3)), RuntimeError),
    ],
)  # fmt: skip
def test_bad_arguments(make, error):
    with pytest.raises(error):
        make()


def test_truncated_normals_stay_inside():
    ef.manual_seed(0)
    for low, high in ((-2.0, 2.0), (1.0, 1.5), (3.0, 4.0)):
        x = nn.init.trunc_normal_(ef.empty(2000), a=low, b=high)
        assert low <= x.min().item() and x.max().item() <= high
    # The mean of a normal beyond 3, below 4: from its density.
    assert abs(x.mean().item() - 3.2635) < 0.02


def test_copies_are_apart():
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.proj = nn.Linear(2, 3)
            self.note = ["kept"]
            self.register_buffer("scale", ef.ones(3))

        def forward(self, x):
            return self.proj(x) * self.scale

    head = Head()
    twin = copy.deepcopy(head)
    with ef.no_grad():
        twin.proj.weight.zero_()
        twin.scale.zero_()
    twin.note.append("changed")
    assert head.note == ["kept"] and head.scale.sum().item() == 3 and head.proj.weight.abs().sum().item() > 0
    assert twin.proj.weight.requires_grad and type(twin) is Head
    model = tiny()
    with pytest.raises(UnsupportedError, match="DecoderLayer"):
        copy.deepcopy(model.model.layers[0])


# --- surgery ----------------------------------------------------------------------------------------------------------
IDS = ef.tensor([[3, 1, 4, 1, 5, 9]])


def tiny(cls=ef.LlamaForCausalLM, **changes):
    ef.manual_seed(0)
    values = {"vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3,
              "num_attention_heads": 4, "num_key_value_heads": 2, "pad_token_id": 0}  # fmt: skip
    return cls(ef.LlamaConfig(**{**values, **changes}))


def test_freezing_by_name():
    model = tiny()
    for name, p in model.named_parameters():
        p.requires_grad_("layers.2." in name or name.startswith("lm_head"))
    model(input_ids=IDS, labels=IDS).loss.backward()
    with_grad = {name for name, p in model.named_parameters() if p.grad is not None}
    assert with_grad == {name for name, p in model.named_parameters() if p.requires_grad}
    assert len(with_grad) == 10


def test_a_head_of_ones_own():
    model = tiny()
    model.lm_head = nn.Sequential(nn.Linear(16, 8), nn.GELU(), nn.Linear(8, 5))
    assert model(input_ids=IDS).logits.shape == (1, 6, 5)
    classifier = tiny(ef.LlamaForSequenceClassification, num_labels=2)
    classifier.score = nn.Linear(16, 7, bias=False)
    classifier.config.num_labels = 7
    loss = classifier(input_ids=IDS, labels=ef.tensor([6])).loss
    loss.backward()
    assert classifier.score.weight.grad.shape == (7, 16)


def test_fewer_layers():
    model = tiny()
    with ef.no_grad():
        whole = model(input_ids=IDS, output_hidden_states=True).hidden_states
    model.model.layers = nn.ModuleList(list(model.model.layers)[:2])
    model.config.num_hidden_layers = 2
    with ef.no_grad():
        cut = model(input_ids=IDS, output_hidden_states=True).hidden_states
    assert len(cut) == 3 and np.array_equal(cut[1].numpy(), whole[1].numpy())
    model.model.layers.append(model.model.layers[0])  # a layer used twice
    with ef.no_grad():
        assert model(input_ids=IDS, use_cache=False).logits.shape == (1, 6, 32)


def test_learning_rates_by_layer():
    model = tiny()
    groups = [{"params": list(layer.parameters()), "lr": 0.1 * 0.5**i} for i, layer in enumerate(model.model.layers)]
    optimizer = ef.optim.SGD(groups, lr=1.0)
    before = [layer.self_attn.q_proj.weight.detach().clone() for layer in model.model.layers]
    model(input_ids=IDS, labels=IDS).loss.backward()
    optimizer.step()
    for i, layer in enumerate(model.model.layers):
        w = layer.self_attn.q_proj.weight
        moved = before[i] - w.detach()
        assert np.allclose(moved.numpy(), 0.1 * 0.5**i * w.grad.numpy(), atol=1e-7)
    assert model.lm_head.weight.grad is not None  # in no group: it stays


def test_hooks_on_gradients():
    model = tiny()
    seen = []
    handle = model.lm_head.weight.register_hook(lambda grad: seen.append(grad.norm().item()) or grad * 0)
    model.model.layers[1].register_forward_hook(lambda module, args, output: None)
    model(input_ids=IDS, labels=IDS).loss.backward()
    assert seen[0] > 0 and model.lm_head.weight.grad.abs().sum().item() == 0
    handle.remove()
    model.zero_grad()
    model(input_ids=IDS, labels=IDS).loss.backward()
    assert len(seen) == 1 and model.lm_head.weight.grad.abs().sum().item() > 0


def test_a_model_of_ones_own_in_the_auto_classes(tmp_path):
    class BowConfig(ef.PreTrainedConfig):
        model_type = "bag-of-words-test"
        vocab_size: int = 16
        width: int = 8

    class BowModel(ef.PreTrainedModel):
        config_class = BowConfig

        def __init__(self, config):
            super().__init__(config)
            self.table = nn.Embedding(config.vocab_size, config.width)
            self.head = nn.Linear(config.width, 2)
            self.post_init()

        def forward(self, input_ids, labels=None):
            logits = self.head(self.table(input_ids).mean(1))
            loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
            return ef.outputs.SequenceClassifierOutput(loss=loss, logits=logits)

    ef.AutoConfig.register("bag-of-words-test", BowConfig)
    ef.AutoModel.register(BowConfig, BowModel)
    ef.AutoModelForSequenceClassification.register(BowConfig, BowModel)
    model = ef.AutoModel.from_config(BowConfig(width=4))
    model(IDS, labels=ef.tensor([1])).loss.backward()
    model.save_pretrained(tmp_path)
    again = ef.AutoModelForSequenceClassification.from_pretrained(tmp_path)
    assert isinstance(again, BowModel) and again.config.width == 4
    assert np.array_equal(again(IDS).logits.detach().numpy(), model(IDS).logits.detach().numpy())
    adapted = ef.peft.get_peft_model(again, ef.peft.LoraConfig(r=2, target_modules=["head"], task_type="SEQ_CLS"))
    adapted(IDS, labels=ef.tensor([1])).loss.backward()
    assert {n for n, p in adapted.named_parameters() if p.grad is not None}


def test_activations_in_place():
    for layer in (nn.ReLU, nn.SiLU, nn.ELU):
        x = ef.tensor([-1.0, 2.0])
        want = layer()(x)
        y = layer(inplace=True)(x)
        assert (y == want).all() and (x == want).all()
    w = ef.tensor([[-1.0, 2.0], [3.0, -4.0]], requires_grad=True)
    nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))(w * 2).sum().backward()
    assert w.grad.tolist() == [[0, 2], [2, 0]]


def test_sequential_of_named_modules():
    layers = OrderedDict(first=nn.Linear(2, 3), act=nn.ReLU(), last=nn.Linear(3, 1))
    net = nn.Sequential(layers)
    x = ef.ones(4, 2)
    assert (net(x) == net.last(net.act(net.first(x)))).all()
    assert list(net.state_dict()) == ["first.weight", "first.bias", "last.weight", "last.bias"]
    assert list(net[1:].state_dict()) == ["last.weight", "last.bias"] and net[-1] is net.last
    assert list(nn.Sequential(nn.ReLU(), nn.Linear(3, 1))[1:].state_dict()) == ["1.weight", "1.bias"]
    assert list(nn.ModuleList([nn.ReLU(), nn.Linear(3, 1)])[1:].state_dict()) == ["0.weight", "0.bias"]
    del net[0]
    assert list(net.state_dict()) == ["1.weight", "1.bias"]
    for make in (nn.Sequential, lambda m: nn.ModuleList([m]), lambda m: nn.ModuleDict({"a": m})):
        with pytest.raises(TypeError, match="int is not a Module subclass"):
            make(3)
        with pytest.raises(TypeError, match="ReLU is not a Module subclass"):
            make(nn.ReLU)
