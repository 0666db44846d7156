// Products and the functions of eigenformers.nn.functional.
#include "bindings/tensor_support.h"

namespace ef {
namespace {

using MaybeTensor = std::optional<Tensor>;
using MaybeDType = std::optional<DType>;

bool gelu_tanh(const std::string& approximate) {
  check<ConfigError>(approximate == "none" || approximate == "tanh",
                     "approximate argument must be either none or tanh.");
  return approximate == "tanh";
}

void check_normalized(const char* where, const Tensor& x, const Dims& shape) {
  check<UnsupportedError>(shape.size() == 1, where, ": normalized_shape ", shape,
                          " is not supported, needed one dimension");
  check<ShapeError>(x.dim() && x.size(-1) == shape[0], "Given normalized_shape=", shape,
                    ", expected input with shape [*, ", shape[0], "], but got input of size", x.shape());
}

Tensor sdpa(const Tensor& q, const Tensor& k, const Tensor& v, const MaybeTensor& mask, double dropout_p, bool causal,
            std::optional<double> scale, bool gqa) {
  check<ConfigError>(!mask || !causal,
                     "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True");
  check<ShapeError>(gqa || q.dim() != 4 || q.size(1) == k.size(1), "scaled_dot_product_attention: ", q.size(1),
                    " query heads and ", k.size(1), " key heads; pass enable_gqa=True");
  AttentionOptions o;
  o.scale = scale;
  o.causal = causal;
  o.q_offset = 0;  // torch aligns the triangle at the top left
  o.dropout = dropout_p;
  if (mask) o.bias = *mask;
  const auto four = [](Tensor t) {
    check<ShapeError>(t.dim() >= 2 && t.dim() <= 4, "scaled_dot_product_attention: found shape ", t.shape(),
                      ", needed [batch, heads, length, dim]");
    while (t.dim() < 4) t = t.unsqueeze(0);
    return t;
  };
  Tensor y = attention(four(q), four(k), four(v), o);
  for (int d = q.dim(); d < 4; d++) y = y.squeeze(0);
  return y;
}

CrossEntropyOptions loss_options(const MaybeTensor& weight, int64_t ignore, const std::string& reduction,
                                 double smoothing) {
  CrossEntropyOptions o;
  o.weight = or_undefined(weight);
  o.ignore_index = ignore;
  o.reduction = reduction_from_name(reduction);
  o.label_smoothing = smoothing;
  return o;
}

}  // namespace

void bind_tensor_functional(TensorClass& c, py::module_& m) {
  const Both both{c, m};
  const auto other = py::arg("other");
  const auto beta = py::arg("beta") = 1, alpha = py::arg("alpha") = 1;
  both.def("matmul", matmul, other)
      .def("mm", mm, py::arg("mat2"))
      .def("bmm", bmm, py::arg("mat2"))
      .def("outer", outer, py::arg("vec2"));
  both.def("mv", matmul, py::arg("vec")).def("dot", matmul, py::arg("tensor"));
  both.def("addmm", addmm, py::arg("mat1"), py::arg("mat2"), py::kw_only(), beta, alpha);
  both.def("baddbmm", baddbmm, py::arg("batch1"), py::arg("batch2"), py::kw_only(), beta, alpha);
  c.def("__matmul__", &matmul, py::is_operator(), NoGil());
  c.def(
      "__rmatmul__", [](const Tensor& b, const Tensor& a) { return matmul(a, b); }, py::is_operator(), NoGil());
  m.def(
      "einsum",
      [](const std::string& equation, const py::args& given) {
        const bool one = given.size() == 1 && !py::isinstance<Tensor>(given[0]);
        const auto operands = one ? given[0].cast<std::vector<Tensor>>() : given.cast<std::vector<Tensor>>();
        py::gil_scoped_release release;
        return einsum(equation, operands);
      },
      py::arg("equation"));

  py::module_ f = m.def_submodule("functional", "The functions of eigenformers.nn.functional.");
  const auto input = py::arg("input");
  const auto dtype = py::arg("dtype") = py::none();
  const auto softmax_like = [&](const char* name, Tensor (*op)(const Tensor&, int, MaybeDType)) {
    both.def(
        name, [op](const Tensor& x, int dim, MaybeDType t) { return op(x, dim, t); }, py::arg("dim"), dtype);
    f.def(
        name, [op](const Tensor& x, int dim, int, MaybeDType t) { return op(x, dim, t); }, input, py::arg("dim"),
        py::arg("_stacklevel") = 3, dtype, NoGil());
  };
  softmax_like("softmax", softmax);
  softmax_like("log_softmax", log_softmax);
  const auto inplace_flag = py::arg("inplace") = false;
  const auto simple = [&](const char* name, Tensor (*op)(const Tensor&), bool takes_inplace) {
    if (!takes_inplace) {
      f.def(name, op, input, NoGil());
      return;
    }
    f.def(
        name, [op](Tensor x, bool in_place) { return in_place ? apply_inplace(x, op) : op(x); }, input, inplace_flag,
        NoGil());
  };
  simple("relu", relu, true);
  simple("silu", silu, true);
  simple("mish", mish, true);
  simple("hardswish", hardswish, true);
  simple("hardsigmoid", hardsigmoid, true);
  simple("sigmoid", sigmoid, false);
  simple("tanh", tanh, false);
  simple("logsigmoid", log_sigmoid, false);
  f.def(
      "gelu", [](const Tensor& x, const std::string& a) { return gelu(x, gelu_tanh(a)); }, input, py::kw_only(),
      py::arg("approximate") = "none", NoGil());
  f.def("softplus", softplus, input, py::arg("beta") = 1.0, py::arg("threshold") = 20.0, NoGil());
  f.def(
      "elu", [](Tensor x, double a, bool in_place) { return in_place ? apply_inplace(x, elu, a) : elu(x, a); }, input,
      py::arg("alpha") = 1.0, inplace_flag, NoGil());
  f.def(
      "leaky_relu",
      [](Tensor x, double s, bool in_place) { return in_place ? apply_inplace(x, leaky_relu, s) : leaky_relu(x, s); },
      input, py::arg("negative_slope") = 0.01, inplace_flag, NoGil());
  f.def("silu_mul", silu_mul, py::arg("gate"), py::arg("up"), NoGil());

  f.def(
      "linear", [](const Tensor& x, const Tensor& w, const MaybeTensor& b) { return linear(x, w, or_undefined(b)); },
      input, py::arg("weight"), py::arg("bias") = py::none(), NoGil());
  f.def(
      "embedding",
      [](const Tensor& ids, const Tensor& weight, std::optional<int64_t> padding) {
        return embedding(weight, ids, padding ? (*padding < 0 ? *padding + weight.size(0) : *padding) : -1);
      },
      input, py::arg("weight"), py::arg("padding_idx") = py::none(), NoGil());
  f.def("one_hot", &one_hot, py::arg("tensor"), py::arg("num_classes") = -1, NoGil());
  f.def(
      "layer_norm",
      [](const Tensor& x, const Dims& shape, const MaybeTensor& w, const MaybeTensor& b, double eps) {
        check_normalized("layer_norm", x, shape);
        return layer_norm(x, or_undefined(w), or_undefined(b), eps);
      },
      input, py::arg("normalized_shape"), py::arg("weight") = py::none(), py::arg("bias") = py::none(),
      py::arg("eps") = 1e-5, NoGil());
  f.def(
      "rms_norm",
      [](const Tensor& x, const Dims& shape, const MaybeTensor& w, std::optional<double> eps) {
        check_normalized("rms_norm", x, shape);
        return rms_norm(x, or_undefined(w), eps.value_or(x.dtype() == DType::Float64 ? 0x1p-52 : 0x1p-23));
      },
      input, py::arg("normalized_shape"), py::arg("weight") = py::none(), py::arg("eps") = py::none(), NoGil());
  f.def("normalize", &normalize, input, py::arg("p") = 2.0, py::arg("dim") = 1, py::arg("eps") = 1e-12, NoGil());
  f.def(
      "dropout",
      [](Tensor x, double p, bool training, bool in_place) {
        Tensor y = dropout(x, p, training);
        return in_place && !y.same(x) ? inplace(x, y) : y;
      },
      input, py::arg("p") = 0.5, py::arg("training") = true, inplace_flag, NoGil());
  m.def(
      "dropout", [](const Tensor& x, double p, bool train) { return dropout(x, p, train); }, input, py::arg("p"),
      py::arg("train"), NoGil());
  f.def("scaled_dot_product_attention", &sdpa, py::arg("query"), py::arg("key"), py::arg("value"),
        py::arg("attn_mask") = py::none(), py::arg("dropout_p") = 0.0, py::arg("is_causal") = false, py::kw_only(),
        py::arg("scale") = py::none(), py::arg("enable_gqa") = false, NoGil());
  f.def(
      "pad",
      [](const Tensor& x, const std::vector<int64_t>& pads, const std::string& mode, Scalar value) {
        check<UnsupportedError>(mode == "constant", "pad: mode '", mode, "' is not supported, needed 'constant'");
        return pad(x, pads, value);
      },
      input, py::arg("pad"), py::arg("mode") = "constant", py::arg("value") = 0, NoGil());
  f.def("cosine_similarity", &cosine_similarity, py::arg("x1"), py::arg("x2"), py::arg("dim") = 1,
        py::arg("eps") = 1e-8, NoGil());
  m.def("cosine_similarity", &cosine_similarity, py::arg("x1"), py::arg("x2"), py::arg("dim") = 1,
        py::arg("eps") = 1e-8, NoGil());

  const auto target = py::arg("target");
  const auto weight = py::arg("weight") = py::none(), reduction = py::arg("reduction") = "mean";
  const auto ignore = py::arg("ignore_index") = -100;
  f.def(
      "cross_entropy",
      [](const Tensor& x, const Tensor& t, const MaybeTensor& w, int64_t ignore, const std::string& r,
         double smoothing) { return cross_entropy(x, t, loss_options(w, ignore, r, smoothing)); },
      input, target, weight, ignore, reduction, py::arg("label_smoothing") = 0.0, NoGil());
  f.def(
      "nll_loss",
      [](const Tensor& x, const Tensor& t, const MaybeTensor& w, int64_t ignore, const std::string& r) {
        return nll_loss(x, t, loss_options(w, ignore, r, 0));
      },
      input, target, weight, ignore, reduction, NoGil());
  const auto paired = [&](const char* name, Tensor (*op)(const Tensor&, const Tensor&, Reduction)) {
    f.def(
        name, [op](const Tensor& x, const Tensor& t, const std::string& r) { return op(x, t, reduction_from_name(r)); },
        input, target, reduction, NoGil());
  };
  paired("mse_loss", mse_loss);
  paired("l1_loss", l1_loss);
  f.def(
      "smooth_l1_loss",
      [](const Tensor& x, const Tensor& t, const std::string& r, double b) {
        return smooth_l1_loss(x, t, b, reduction_from_name(r));
      },
      input, target, reduction, py::arg("beta") = 1.0, NoGil());
  f.def(
      "binary_cross_entropy",
      [](const Tensor& x, const Tensor& t, const MaybeTensor& w, const std::string& r) {
        return binary_cross_entropy(x, t, or_undefined(w), reduction_from_name(r));
      },
      input, target, weight, reduction, NoGil());
  f.def(
      "binary_cross_entropy_with_logits",
      [](const Tensor& x, const Tensor& t, const MaybeTensor& w, const std::string& r, const MaybeTensor& pos) {
        return binary_cross_entropy_with_logits(x, t, or_undefined(w), or_undefined(pos), reduction_from_name(r));
      },
      input, target, weight, reduction, py::arg("pos_weight") = py::none(), NoGil());
  f.def(
      "kl_div",
      [](const Tensor& x, const Tensor& t, const std::string& r, bool log_target) {
        const bool batch = r == "batchmean";
        return kl_div(x, t, batch ? Reduction::Sum : reduction_from_name(r), batch, log_target);
      },
      input, target, reduction, py::arg("log_target") = false, NoGil());
}

}  // namespace ef
