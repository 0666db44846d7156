"""The module tree from Python: subclasses inside C++ models, hooks, attributes, threads."""

from __future__ import annotations

import copy
import gc
import pickle
import threading

import eigenformers as ef
import numpy as np
import pytest
from eigenformers import nn


def tiny(**changes):
    config = ef.LlamaConfig(
        vocab_size=48, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=None, **changes,
    )  # fmt: skip
    ef.manual_seed(0)
    return ef.LlamaForCausalLM(config).eval()


IDS = ef.tensor([[3, 1, 4, 1, 5, 9]])


class Scaled(nn.Linear):
    """A Linear whose forward is Python."""

    factor = 3.0

    def forward(self, input):
        return super().forward(input) * self.factor


def replace_q(model, module):
    old = model.model.layers[1].self_attn.q_proj
    module.weight = old.weight
    model.set_submodule("model.layers.1.self_attn.q_proj", module)
    return model


def test_a_python_linear_runs_inside_the_model_also_after_python_dropped_it():
    model = tiny()
    with ef.no_grad():
        before = model(IDS).logits.numpy().copy()
        replace_q(model, Scaled(32, 32, bias=False))
        gc.collect()
        after = model(IDS).logits.numpy().copy()
        assert not np.allclose(before, after)
        assert type(model.model.layers[1].self_attn.q_proj) is Scaled
        model.model.layers[1].self_attn.q_proj.factor = 1.0
        gc.collect()
        assert np.allclose(model(IDS).logits.numpy(), before, atol=1e-6)
    ids = model.generate(IDS, max_new_tokens=4, do_sample=False, pad_token_id=0)
    assert ids.shape == (1, 10)


def test_gradients_flow_through_a_python_linear():
    model = replace_q(tiny(), Scaled(32, 32, bias=False))
    model(IDS, labels=IDS).loss.backward()
    weight = model.model.layers[1].self_attn.q_proj.weight
    assert weight.grad is not None and float(weight.grad.abs().sum()) > 0
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_a_module_of_ones_own_in_the_place_of_an_mlp_and_of_a_layer():
    class Wrapped(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
            self.calls = 0

        def forward(self, hidden_states, **kwargs):
            self.calls += 1
            return self.inner(hidden_states, **kwargs)

    model = tiny()
    with ef.no_grad():
        expected = model(IDS).logits.numpy().copy()
        model.model.layers[0].mlp = Wrapped(model.model.layers[0].mlp)
        model.model.layers[1] = Wrapped(model.model.layers[1])
        got = model(IDS).logits.numpy()
    assert np.allclose(got, expected, atol=1e-6)
    assert model.model.layers[0].mlp.calls == 1 and model.model.layers[1].calls == 1
    assert "model.layers.1.inner.self_attn.q_proj.weight" in model.state_dict()


def test_wrong_roles_and_unknown_names_are_refused():
    model = tiny()
    with pytest.raises(TypeError, match="self_attn"):
        model.model.layers[0].self_attn = nn.Linear(2, 2)
    with pytest.raises(AttributeError):
        model.get_submodule("model.layers.7")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        model.nothing  # noqa: B018
    with pytest.raises(TypeError):
        model.model.layers[0].mlp.forward = lambda x: x


def test_forward_hooks_see_and_change_values():
    model = tiny()
    seen = []

    def after(module, args, output):
        seen.append((type(module).__name__, tuple(args[0].shape), tuple(output.shape)))

    def double(module, args, output):
        return output * 2

    mlp = model.model.layers[0].mlp
    with ef.no_grad():
        plain = model(IDS).logits.numpy().copy()
        first = mlp.register_forward_hook(after)
        second = mlp.register_forward_hook(double)
        changed = model(IDS).logits.numpy().copy()
        first.remove()
        second.remove()
        again = model(IDS).logits.numpy()
    assert seen == [("GatedMlp", (1, 6, 32), (1, 6, 32))]
    assert not np.allclose(plain, changed) and np.allclose(plain, again, atol=1e-6)
    with mlp.register_forward_pre_hook(lambda module, args: (args[0] * 0,)), ef.no_grad():
        assert not np.allclose(model(IDS).logits.numpy(), plain)


def test_parameters_buffers_and_state():
    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(ef.ones(3))
            self.register_buffer("steps", ef.zeros(1))
            self.layers = nn.ModuleList([nn.Linear(3, 3), nn.LayerNorm(3)])
            self.label = "kept"

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return x * self.scale

    head = Head()
    assert [n for n, _ in head.named_parameters()] == [
        "scale", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias",
    ]  # fmt: skip
    assert [n for n, _ in head.named_buffers()] == ["steps"]
    assert isinstance(head.scale, nn.Parameter) and not isinstance(ef.ones(1), nn.Parameter)
    assert head.label == "kept" and head.training
    head(ef.ones(2, 3)).sum().backward()
    assert head.scale.grad.shape == (3,)
    other = Head()
    assert other.load_state_dict(head.state_dict()) == ([], [])
    assert np.array_equal(other(ef.ones(2, 3)).detach().numpy(), head(ef.ones(2, 3)).detach().numpy())
    with pytest.raises(RuntimeError, match="Missing key"):
        other.load_state_dict({})
    with pytest.raises(RuntimeError, match="size mismatch for scale"):
        other.load_state_dict({**head.state_dict(), "scale": ef.ones(4)})
    head.eval()
    assert not head.training and not head.layers[0].training
    assert head.requires_grad_(False).scale.requires_grad is False
    assert "Linear(in_features=3, out_features=3, bias=True)" in repr(head)
    with pytest.raises(NotImplementedError):
        head.to("cuda")


def test_copies_and_pickles_of_models():
    model = tiny(tie_word_embeddings=True)
    twin, thawed = copy.deepcopy(model), pickle.loads(pickle.dumps(model))
    with ef.no_grad():
        expected = model(IDS).logits.numpy()
        for other in (twin, thawed):
            assert np.array_equal(other(IDS).logits.numpy(), expected)
            assert other.lm_head.weight is other.model.embed_tokens.weight
        twin.model.norm.weight.fill_(0)
        assert np.array_equal(model(IDS).logits.numpy(), expected)


def test_a_model_of_ones_own(tmp_path):
    class MineConfig(ef.PreTrainedConfig):
        model_type = "mine"

        def __init__(self, width=4, **kwargs):
            self.width = width
            super().__init__(**kwargs)

    class MineModel(ef.PreTrainedModel):
        config_class = MineConfig
        base_model_prefix = "mine"

        def __init__(self, config):
            super().__init__(config)
            self.first = nn.Linear(config.width, config.width)
            self.second = nn.Linear(config.width, 2)
            self.post_init()

        def _init_weights(self, module):
            if isinstance(module, nn.Linear):
                module.weight.fill_(0.5)

        def forward(self, x):
            return self.second(self.first(x))

    ef.AutoConfig.register("mine", MineConfig)
    ef.AutoModel.register(MineConfig, MineModel)
    model = MineModel(MineConfig(width=3))
    model.save_pretrained(tmp_path)
    assert '"MineModel"' in (tmp_path / "config.json").read_text()
    again = ef.AutoModel.from_pretrained(tmp_path)
    assert type(again) is MineModel and again.config.width == 3
    x = ef.ones(2, 3)
    assert np.array_equal(again(x).detach().numpy(), model(x).detach().numpy())


def test_a_python_model_generates():
    class Copycat(ef.PreTrainedModel, ef.GenerationMixin):
        config_class = ef.LlamaConfig

        def forward(self, input_ids, attention_mask=None, **kwargs):
            return {"logits": nn_one_hot(input_ids, 10)}

    def nn_one_hot(ids, size):
        return (ids.unsqueeze(-1) == ef.arange(size)).float()

    model = Copycat(ef.LlamaConfig(vocab_size=10, eos_token_id=None))
    assert model.generate(ef.tensor([[1, 7]]), max_new_tokens=3, pad_token_id=0, use_cache=False).tolist() == [
        [1, 7, 7, 7, 7]
    ]


def test_one_model_from_two_threads():
    model = tiny()
    with ef.no_grad():
        expected = model(IDS).logits.numpy().copy()
    failures = []

    def work():
        for _ in range(20):
            with ef.no_grad():
                if not np.array_equal(model(IDS).logits.numpy(), expected):
                    failures.append("another result")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_hooks_on_the_model_below_the_head_and_in_generate():
    from cases.models import IDS, causal_lm

    model, ids, seen = causal_lm(ef, "llama"), ef.from_numpy(IDS[:, :4].copy()), []
    plain = model(ids, labels=ids)
    handles = [
        model.model.register_forward_hook(lambda m, a, o: seen.append(("inner", type(o).__name__))),
        model.register_forward_hook(lambda m, a, o: seen.append(("outer", type(o).__name__))),
    ]
    hooked = model(ids, labels=ids)
    assert seen == [("inner", "BaseModelOutputWithPast"), ("outer", "CausalLMOutputWithPast")]
    assert ef.equal(hooked.logits, plain.logits) and hooked.loss.item() == plain.loss.item()
    seen.clear()
    tokens = model.generate(ids, max_new_tokens=3, do_sample=False, eos_token_id=None, pad_token_id=0)
    assert [name for name, _ in seen] == ["inner", "outer"] * 3
    for handle in handles:
        handle.remove()
    seen.clear()
    assert ef.equal(tokens, model.generate(ids, max_new_tokens=3, do_sample=False, eos_token_id=None, pad_token_id=0))
    assert seen == []


def test_repr_shows_equal_layers_of_a_list_once():
    layers = ef.nn.ModuleList([ef.nn.Linear(2, 2), ef.nn.Linear(2, 2), ef.nn.Linear(2, 3)])
    assert repr(layers) == (
        "ModuleList(\n  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n"
        "  (2): Linear(in_features=2, out_features=3, bias=True)\n)"
    )


@pytest.mark.parametrize("how", ["attribute", "register_parameter"])
@pytest.mark.parametrize(
    "layer, name, size",
    [(lambda: nn.Linear(4, 3, bias=False), "bias", 3), (lambda: nn.LayerNorm(4, bias=False), "bias", 4),
     (lambda: nn.LayerNorm(4, elementwise_affine=False), "weight", 4)],
)  # fmt: skip
def test_a_parameter_that_is_given_later_is_computed_with(layer, name, size, how):
    module, x = layer(), ef.randn(2, 4)
    plain, value = np.asarray(module(x).detach()), nn.Parameter(ef.randn(size))
    setattr(module, name, value) if how == "attribute" else module.register_parameter(name, value)
    wanted = plain + np.asarray(value.detach()) if name == "bias" else plain * np.asarray(value.detach())
    for one in (module, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        np.testing.assert_allclose(np.asarray(one(x).detach()), wanted, atol=1e-6)
    module(x).sum().backward()
    assert getattr(module, name).grad is not None and float(getattr(module, name).grad.abs().sum()) > 0
    later = layer()
    later.register_parameter(name, None)
    later.load_state_dict(layer().state_dict(), strict=False)
    np.testing.assert_array_equal(np.asarray(later(x).shape), np.asarray(module(x).shape))
    setattr(later, name, value)
    np.testing.assert_array_equal(np.asarray(getattr(later, name)), np.asarray(value))
    later(x).sum().backward()
    assert getattr(later, name).grad is not None


def test_a_parameter_of_another_shape_is_the_subclasses_own():
    class Own(nn.Linear):
        def __init__(self):
            super().__init__(4, 3, bias=False)
            self.bias = nn.Parameter(ef.ones(1, 3))

        def forward(self, input):
            return super().forward(input) + self.bias

    module = Own()
    assert tuple(module.bias.shape) == (1, 3) and sorted(module.state_dict()) == ["bias", "weight"]
    np.testing.assert_allclose(np.asarray((module(ef.zeros(2, 4))).detach()), np.ones((2, 3)))
    assert "bias=False" in repr(module)
    module.load_state_dict(module.state_dict())


def test_a_bias_that_a_models_layer_is_given_later():
    model = tiny()
    before = generate_ids(model)
    with ef.no_grad():
        model.lm_head.bias = nn.Parameter(ef.zeros(48))
        assert generate_ids(model) == before
        model.lm_head.bias[7] = 1e6
    assert generate_ids(model)[-3:] == [7, 7, 7]
    logits = model(IDS).logits
    model.model.layers[0].self_attn.q_proj.bias = nn.Parameter(ef.randn(32))
    assert not ef.equal(model(IDS).logits, logits)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert ef.equal(again(IDS).logits, model(IDS).logits)
        assert isinstance(again.lm_head.bias, nn.Parameter) and again.lm_head.bias is not model.lm_head.bias


def generate_ids(model):
    return model.generate(IDS, max_new_tokens=3, do_sample=False, pad_token_id=0)[0].tolist()
