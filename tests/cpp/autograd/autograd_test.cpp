// The walk itself, with nodes made by hand: ops are tested in tests/cpp/ops.
#include "autograd/autograd.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "tensor/elementwise.h"

namespace ef {
namespace {

Tensor vec(std::vector<double> v) { return Tensor::from_data(v); }
Tensor leaf(std::vector<double> v) {
  Tensor x = vec(std::move(v));
  set_requires_grad(x);
  return x;
}
Tensor times_raw(const Tensor& a, const Tensor& b) {
  return map<double>(
      DType::Float64, broadcast_shapes(a.shape(), b.shape()), kGrain, [](double u, double v) { return u * v; }, a, b);
}
Tensor times(const Tensor& a, const Tensor& b) {
  Tensor y = times_raw(a, b);
  record("times", y, {a, b}, [a = save(a), b = save(b)](const Tensor& dy) {
    return Grads{times_raw(dy, b), times_raw(dy, a)};
  });
  return y;
}
Tensor total(const Tensor& x) {
  Tensor y = sum_to(x.detach(), {});
  record("total", y, {x}, [shape = x.shape()](const Tensor& dy) { return Grads{dy.expand(shape)}; });
  return y;
}
template <class E, class F>
std::string message(F&& f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing thrown";
}
using D = std::vector<double>;

TEST(Autograd, SumsOverAllPaths) {
  const Tensor x = leaf({2, 3});
  const Tensor y = times(x, x), z = times(y, x);  // x³ through a shared inner value
  backward(total(times(z, y)));                   // x⁵
  EXPECT_EQ(grad(x).to_vector<double>(), (D{80, 405}));
  backward(total(x));
  EXPECT_EQ(grad(x).to_vector<double>(), (D{81, 406}));  // .grad accumulates
  zero_grad(x);
  EXPECT_FALSE(grad(x).defined());
}

TEST(Autograd, BroadcastGradientsAreSummed) {
  const Tensor a = leaf({2}), b = leaf({1, 2, 3});
  backward(total(times(a, b)));
  EXPECT_EQ(grad(a).to_vector<double>(), (D{6}));
  EXPECT_EQ(grad(b).to_vector<double>(), (D{2, 2, 2}));
}

TEST(Autograd, ModesDecideWhatIsRecorded) {
  const Tensor x = leaf({1});
  {
    NoGradGuard off;
    EXPECT_FALSE(times(x, x).requires_grad());
    GradModeGuard on(true);
    EXPECT_TRUE(times(x, x).requires_grad());
  }
  {
    InferenceModeGuard off;
    EXPECT_TRUE(inference_mode_enabled());
    EXPECT_FALSE(times(x, x).requires_grad());
  }
  EXPECT_TRUE(grad_enabled());
  EXPECT_FALSE(times(vec({1}), vec({1})).requires_grad());
  EXPECT_FALSE(times(x.detach(), vec({1})).requires_grad());
}

TEST(Autograd, GraphIsFreedUnlessRetained) {
  const Tensor x = leaf({3}), y = total(times(x, x));
  backward(y, {}, {.retain_graph = true, .inputs = {}});
  backward(y);
  EXPECT_EQ(grad(x).to_vector<double>(), (D{12}));
  EXPECT_EQ(message<Error>([&] { backward(y); }).find("Trying to backward through the graph a second time"), 0u);
  std::weak_ptr<Storage> inner;
  Tensor z;
  {
    const Tensor middle = times(x, x);
    inner = middle.storage();
    z = total(times(middle, middle));
  }
  EXPECT_FALSE(inner.expired());
  backward(z);
  EXPECT_TRUE(inner.expired());  // nodes let go of saved values as soon as they have run
}

TEST(Autograd, ErrorsReadLikeTorchs) {
  const Tensor x = leaf({3, 4});
  EXPECT_EQ(message<Error>([&] { backward(times(x, x)); }), "grad can be implicitly created only for scalar outputs");
  EXPECT_EQ(message<Error>([&] { backward(vec({1})); }),
            "element 0 of tensors does not require grad and does not have a grad_fn");
  EXPECT_THROW(backward(total(x), {}, {.create_graph = true, .inputs = {}}), UnsupportedError);
  EXPECT_THROW(backward(times(x, x), vec({1, 2, 3})), ShapeError);
  Tensor whole = Tensor::arange(3);
  EXPECT_EQ(message<Error>([&] { set_requires_grad(whole); }),
            "only Tensors of floating point dtype can require gradients");
  Tensor inner = times(x, x);
  EXPECT_THROW(set_requires_grad(inner, false), Error);
  EXPECT_THROW(set_grad(x, vec({1})), ShapeError);
  Tensor wrong = total(x);
  record("wrong", wrong, {x}, [](const Tensor&) { return Grads{vec({1, 2, 3})}; });
  EXPECT_EQ(message<ShapeError>([&] { backward(wrong); }),
            "Function wrong returned an invalid gradient at index 0 - got [3] but expected shape compatible with [2]");
}

TEST(Autograd, FreshGradientsAreKeptSharedOnesCopied) {
  const Tensor x = leaf({1, 2}), fresh = vec({5, 6});
  const void* made = nullptr;
  Tensor y = total(x);
  record("fresh", y, {x}, [&](const Tensor&) {
    Tensor g = vec({1, 1});
    made = g.data_ptr();
    return Grads{g};
  });
  backward(y);
  EXPECT_EQ(grad(x).data_ptr(), made);  // no copy of a gradient that nobody else holds
  zero_grad(x);
  y = total(x);
  record("shared", y, {x}, [&](const Tensor&) { return Grads{fresh}; });
  backward(y);
  EXPECT_NE(grad(x).data_ptr(), fresh.data_ptr());
}

TEST(Autograd, SavedValuesAreWatched) {
  const Tensor x = leaf({3});
  Tensor k = vec({2});
  const Tensor y = times(x, k);
  k.fill_(5);
  const std::string text = message<Error>([&] { backward(total(y)); });
  EXPECT_EQ(text.find("one of the variables needed for gradient computation has been modified by an inplace operation"),
            0u);
}

TEST(Autograd, ViewsPassGradients) {
  const Tensor x = leaf({1, 2, 3, 4});
  const Tensor y = times(x.view({2, 2}).t().slice(0, 1, 2), vec({10, 20}).view({1, 2}));
  backward(total(y));
  EXPECT_EQ(grad(x).to_vector<double>(), (D{0, 10, 0, 20}));
  const Tensor f = leaf({1.5});
  backward(total(f.to(DType::Float32).to(DType::Float64)));
  EXPECT_EQ(grad(f).dtype(), DType::Float64);
}

TEST(Autograd, HooksSeeAndReplaceGradients) {
  const Tensor x = leaf({2});
  int seen = 0;
  const Tensor y = times(x, x);
  retain_grad(y);
  register_hook(y, [&](const Tensor& g) { return times_raw(g, vec({10})); });
  const uint64_t id = register_hook(x, [&](const Tensor& g) {
    seen++;
    EXPECT_EQ(g.item<double>(), 40 + 1);  // the sum, once
    return Tensor();
  });
  double after = 0;
  register_post_accumulate_grad_hook(x, [&](const Tensor& p) { after = grad(p).item<double>(); });
  const std::vector<Tensor> both{total(y), total(x)};
  backward(both, {}, {});
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(after, 41);
  EXPECT_EQ(grad(y).item<double>(), 10);
  remove_hook(x, id);
  backward(total(x));
  EXPECT_EQ(seen, 1);
}

TEST(Autograd, GradLeavesDotGradAlone) {
  const Tensor x = leaf({2}), w = leaf({5}), unused = leaf({1});
  const Tensor inner = times(x, x), y = total(times(inner, w));
  const auto g = grad({y}, {x, inner, w}, {}, true);
  EXPECT_EQ(g[0].item<double>(), 20);
  EXPECT_EQ(g[1].item<double>(), 5);
  EXPECT_EQ(g[2].item<double>(), 4);
  EXPECT_FALSE(grad(x).defined());
  EXPECT_THROW(grad({y}, {unused}, {}, true), Error);
  EXPECT_FALSE(grad({y}, {unused}, {}, true, true)[0].defined());
  backward(y, {}, {.inputs = {w}});
  EXPECT_FALSE(grad(x).defined());
  EXPECT_EQ(grad(w).item<double>(), 4);
}

TEST(Autograd, NodesWithSeveralOutputs) {
  const Tensor x = leaf({1, 2, 3, 4});
  std::vector<Tensor> halves{x.detach().slice(0, 0, 2).clone(), x.detach().slice(0, 2, 4).clone()};
  record_node("halves", halves, std::vector<Tensor>{x}, [](const Grads& dys) {
    EXPECT_FALSE(dys[0].defined());
    Tensor dx = Tensor::zeros({4}, DType::Float64);
    dx.slice(0, 2, 4).copy_(dys[1]);
    return Grads{dx};
  });
  backward(total(times(halves[1], halves[1])));
  EXPECT_EQ(grad(x).to_vector<double>(), (D{0, 0, 6, 8}));
}

TEST(Autograd, LongChainsNeedNoStack) {
  const Tensor x = leaf({1}), one = vec({1});
  for (bool walked : {true, false}) {
    Tensor y = x;
    for (int i = 0; i < 50000; i++) y = times(y, one);
    if (walked) backward(total(y));
  }
  EXPECT_EQ(grad(x).item<double>(), 1);
}

TEST(Checkpoint, RecomputesWithTheSameRandomState) {
  const Tensor x = leaf({3}), w = leaf({2});
  int calls = 0;
  std::vector<uint32_t> drawn;
  const auto block = [&](const Tensor& v) {
    calls++;
    drawn.push_back(default_generator().random());
    return times(times(v, v), w);
  };
  const Tensor y = checkpoint(block, x);
  const uint32_t between = default_generator().random();
  backward(total(y));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(drawn[0], drawn[1]);
  EXPECT_NE(between, default_generator().random());  // the stream goes on where it was
  EXPECT_EQ(grad(x).item<double>(), 12);
  EXPECT_EQ(grad(w).item<double>(), 9);
  zero_grad(w);
  backward(total(checkpoint(block, vec({4}))));  // only parameters inside need gradients
  EXPECT_EQ(grad(w).item<double>(), 16);
  const Tensor z = total(checkpoint(block, x));
  EXPECT_NE(message<Error>([&] { grad({z}, {x}); }).find("Checkpointing is not compatible with .grad()"),
            std::string::npos);
}

}  // namespace
}  // namespace ef
