// Views, joining, splitting, rearranging.
#include "bindings/tensor_support.h"
#include "nn/derived.h"

namespace ef {

void bind_tensor_shape(TensorClass& c, py::module_& m) {
  const Both both{c, m};
  const auto dim0 = py::arg("dim") = 0;

  c.def(
      "view", [](const Tensor& x, DType dtype) { return x.view_dtype(dtype); }, py::arg("dtype"));
  c.def("view", [](const Tensor& x, const py::args& shape) { return x.view(dims_from_args(shape)); });
  c.def(
      "view_as", [](const Tensor& x, const Tensor& other) { return x.view(other.shape()); }, py::arg("other"));
  c.def("reshape", [](const Tensor& x, const py::args& shape) { return x.reshape(dims_from_args(shape)); });
  m.def(
      "reshape", [](const Tensor& x, const Dims& shape) { return x.reshape(shape); }, py::arg("input"),
      py::arg("shape"));
  c.def(
      "reshape_as", [](const Tensor& x, const Tensor& other) { return x.reshape(other.shape()); }, py::arg("other"));
  c.def(
      "permute", [](const Tensor& x, const Dims& dims) { return x.permute(dims); }, py::arg("dims"));
  c.def("permute", [](const Tensor& x, const py::args& dims) { return x.permute(dims_from_args(dims)); });
  m.def(
      "permute", [](const Tensor& x, const Dims& dims) { return x.permute(dims); }, py::arg("input"), py::arg("dims"));
  for (const char* name : {"transpose", "swapaxes", "swapdims"})
    both.def(
        name, [](const Tensor& x, int a, int b) { return x.transpose(a, b); }, py::arg("dim0"), py::arg("dim1"));
  both.def("t", [](const Tensor& x) { return x.t(); });
  c.def_property_readonly("T", [](const Tensor& x) {
    Dims order;
    for (int d = x.dim(); d-- > 0;) order.push_back(d);
    return x.permute(order);
  });
  for (const char* name : {"mT", "mH", "H"})
    c.def_property_readonly(name, [](const Tensor& x) { return x.transpose(-2, -1); });
  both.def(
      "unsqueeze", [](const Tensor& x, int dim) { return x.unsqueeze(dim); }, py::arg("dim"));
  both.def("squeeze", [](const Tensor& x) { return x.squeeze(); });
  both.def(
      "squeeze", [](const Tensor& x, int dim) { return x.squeeze(dim); }, py::arg("dim"));
  both.def(
      "squeeze",
      [](const Tensor& x, const Dims& dims) {
        bool gone[Dims::kMaxDims] = {};
        for (int64_t d : dims) gone[x.wrap_dim(d)] = true;
        Tensor y = x;
        for (int d = x.dim(); d-- > 0;)
          if (gone[d]) y = y.squeeze(d);
        return y;
      },
      py::arg("dim"));
  // Another view of the same memory becomes the tensor itself.
  const auto review = [](Tensor& x, const char* name, const Tensor& y) {
    check<UnsupportedError>(!x.requires_grad(), name, ": not on a tensor that requires grad; use the form without _");
    x.impl()->shape = y.shape();
    x.impl()->strides = y.strides();
    modules_changed();  // it may be a parameter
    return x;
  };
  c.def(
      "unsqueeze_", [=](Tensor x, int dim) { return review(x, "unsqueeze_", x.unsqueeze(dim)); }, py::arg("dim"));
  c.def(
      "squeeze_",
      [=](Tensor x, std::optional<int> dim) { return review(x, "squeeze_", dim ? x.squeeze(*dim) : x.squeeze()); },
      py::arg("dim") = py::none());
  c.def("t_", [=](Tensor x) { return review(x, "t_", x.t()); });
  for (const char* name : {"transpose_", "swapaxes_", "swapdims_"})
    c.def(
        name, [=](Tensor x, int a, int b) { return review(x, name, x.transpose(a, b)); }, py::arg("dim0"),
        py::arg("dim1"));
  c.def("expand", [](const Tensor& x, const py::args& size) { return x.expand(dims_from_args(size)); });
  c.def(
      "expand_as", [](const Tensor& x, const Tensor& other) { return x.expand(other.shape()); }, py::arg("other"));
  both.def(
      "broadcast_to", [](const Tensor& x, const Dims& size) { return x.expand(size); }, py::arg("size"));
  both.def(
      "narrow", [](const Tensor& x, int dim, int64_t start, int64_t length) { return x.narrow(dim, start, length); },
      py::arg("dim"), py::arg("start"), py::arg("length"));
  both.def(
      "select", [](const Tensor& x, int dim, int64_t index) { return x.select(dim, index); }, py::arg("dim"),
      py::arg("index"));
  for (const char* name : {"flatten", "ravel"})
    both.def(
        name, [](const Tensor& x, int start, int end) { return x.flatten(start, end); }, py::arg("start_dim") = 0,
        py::arg("end_dim") = -1);
  both.def(
      "unflatten", [](const Tensor& x, int dim, const Dims& sizes) { return x.unflatten(dim, sizes); }, py::arg("dim"),
      py::arg("sizes"));
  c.def(
      "unfold", [](const Tensor& x, int dim, int64_t size, int64_t step) { return x.unfold(dim, size, step); },
      py::arg("dimension"), py::arg("size"), py::arg("step"));
  both.def(
      "diagonal", [](const Tensor& x, int64_t offset, int a, int b) { return x.diagonal(offset, a, b); },
      py::arg("offset") = 0, py::arg("dim1") = 0, py::arg("dim2") = 1);
  both.def(
      "as_strided",
      [](const Tensor& x, const Dims& size, const Dims& stride, std::optional<int64_t> offset) {
        return x.as_strided(size, stride, offset.value_or(x.offset()));
      },
      py::arg("size"), py::arg("stride"), py::arg("storage_offset") = py::none());
  both.def(
      "movedim",
      [](const Tensor& x, const Dims& from, const Dims& to) {
        check<ShapeError>(from.size() == to.size(), "movedim: Invalid source or destination dims: source (", from,
                          " dims) should contain the same "
                          "number of dims as destination (",
                          to, " dims)");
        Dims order;
        for (int d = 0; d < x.dim(); d++) order.push_back(-1);
        bool moved[Dims::kMaxDims] = {};
        for (int k = 0; k < from.size(); k++) {
          order[x.wrap_dim(to[k])] = x.wrap_dim(from[k]);
          moved[x.wrap_dim(from[k])] = true;
        }
        int next = 0;
        for (int d = 0; d < x.dim(); d++) {
          if (order[d] >= 0) continue;
          while (moved[next]) next++;
          order[d] = next++;
        }
        return x.permute(order);
      },
      py::arg("source"), py::arg("destination"));
  both.def(
      "clone", [](const Tensor& x, py::handle) { return x.clone(); }, py::arg("memory_format") = py::none());
  c.def(
      "contiguous", [](const Tensor& x, py::handle) { return x.contiguous(); }, py::arg("memory_format") = py::none(),
      NoGil());

  const auto tensors = py::arg("tensors");
  for (const char* name : {"cat", "concat", "concatenate"}) m.def(name, &cat, tensors, dim0, NoGil());
  m.def("stack", &stack, tensors, dim0, NoGil());
  m.def(
      "hstack", [](const std::vector<Tensor>& t) { return cat(t, t.empty() || t[0].dim() < 2 ? 0 : 1); }, tensors,
      NoGil());
  m.def(
      "vstack",
      [](const std::vector<Tensor>& t) {
        std::vector<Tensor> rows;
        for (const Tensor& x : t) rows.push_back(x.dim() < 2 ? x.reshape({1, -1}) : x);
        return cat(rows, 0);
      },
      tensors, NoGil());
  const auto as_tuple = [](const std::vector<Tensor>& parts) { return py::tuple(py::cast(parts)); };
  const auto splits = [&](const char* name, auto f, auto... args) {
    c.def(name, f, args...);
    m.def(name, f,
          py::arg(std::string(name) == "split" || std::string(name) == "split_with_sizes" ? "tensor" : "input"),
          args...);
  };
  splits(
      "split", [as_tuple](const Tensor& x, int64_t size, int dim) { return as_tuple(split(x, size, dim)); },
      py::arg("split_size_or_sections"), dim0);
  splits(
      "split",
      [as_tuple](const Tensor& x, const std::vector<int64_t>& sizes, int dim) {
        return as_tuple(split(x, sizes, dim));
      },
      py::arg("split_size_or_sections"), dim0);
  splits(
      "split_with_sizes",
      [as_tuple](const Tensor& x, const std::vector<int64_t>& sizes, int dim) {
        return as_tuple(split(x, sizes, dim));
      },
      py::arg("split_sizes"), dim0);
  splits(
      "chunk", [as_tuple](const Tensor& x, int64_t chunks, int dim) { return as_tuple(chunk(x, chunks, dim)); },
      py::arg("chunks"), dim0);
  splits(
      "unbind", [as_tuple](const Tensor& x, int dim) { return as_tuple(unbind(x, dim)); }, dim0);
  c.def("repeat", [](const Tensor& x, const py::args& repeats) { return repeat(x, dims_from_args(repeats)); });
  both.def(
      "tile",
      [](const Tensor& x, const Dims& dims) {
        Dims full = dims;
        while (full.size() < x.dim()) full.insert(0, 1);
        return repeat(x, full);
      },
      py::arg("dims"));
  both.def(
      "repeat_interleave",
      [](const Tensor& x, int64_t n, std::optional<int> dim) { return repeat_interleave(x, n, dim); },
      py::arg("repeats"), py::arg("dim") = py::none());
  both.def(
      "repeat_interleave",
      [](const Tensor& x, const Tensor& n, std::optional<int> dim) { return repeat_interleave(x, n, dim); },
      py::arg("repeats"), py::arg("dim") = py::none());
  m.def("flip", &flip, py::arg("input"), py::arg("dims"), NoGil());
  c.def("flip", [](const Tensor& x, const py::args& dims) { return flip(x, dims_from_args(dims)); });
  both.def(
      "roll",
      [](const Tensor& x, const Dims& shifts, const std::optional<Dims>& dims) {
        return roll(x, shifts, dims.value_or(Dims{}));
      },
      py::arg("shifts"), py::arg("dims") = py::none());
  both.inplace("tril", tril, py::arg("diagonal") = 0);
  both.inplace("triu", triu, py::arg("diagonal") = 0);
  both.def("diag", diag, py::arg("diagonal") = 0);
  m.def("broadcast_tensors",
        [as_tuple](const py::args& t) { return as_tuple(broadcast_tensors(t.cast<std::vector<Tensor>>())); });
  m.def("broadcast_shapes", [](const py::args& shapes) {
    Shape out;
    for (py::handle s : shapes) out = broadcast_shapes(out, s.cast<Dims>());
    return out;
  });
  m.def(
      "meshgrid",
      [as_tuple](const py::args& given, const std::string& indexing) {
        check<ConfigError>(indexing == "ij" || indexing == "xy",
                           "meshgrid: indexing must be one of \"xy\" or \"ij\", but received: ", indexing);
        const bool one = given.size() == 1 && !py::isinstance<Tensor>(given[0]);
        const auto t = one ? given[0].cast<std::vector<Tensor>>() : given.cast<std::vector<Tensor>>();
        return as_tuple(meshgrid(t, indexing == "xy"));
      },
      py::kw_only(), py::arg("indexing") = "ij");
}

}  // namespace ef
