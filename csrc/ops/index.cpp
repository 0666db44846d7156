#include "ops/index.h"

#include <cstring>

#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/shape_ops.h"

namespace ef {
namespace {

Tensor as_index(const char* where, const Tensor& index) {
  check<DtypeError>(index.dtype() == DType::Int64 || index.dtype() == DType::Int32, where,
                    "(): Expected dtype int64 for index, got ", dtype_name(index.dtype()));
  return index.detach().to(DType::Int64);
}

template <class F>
void visit_word(size_t size, F&& f) {  // element bytes, whatever they mean
  switch (size) {
    case 1:
      return f(TypeTag<uint8_t>{});
    case 2:
      return f(TypeTag<uint16_t>{});
    case 4:
      return f(TypeTag<uint32_t>{});
    default:
      return f(TypeTag<uint64_t>{});
  }
}

void check_gather(const char* where, const Tensor& x, int d, const Tensor& index, const Tensor* src) {
  check<ShapeError>(std::max(x.dim(), 1) == std::max(index.dim(), 1),
                    "Index tensor must have the same number of dimensions as input tensor");
  for (int k = 0; k < index.dim() && x.dim(); k++) {
    if (k != d)
      check<ShapeError>(index.size(k) <= x.size(k), "Size does not match at dimension ", k, " expected index ",
                        index.shape(), " to be no larger than self ", x.shape(), " apart from dimension ", d);
    if (src && src->dim())
      check<ShapeError>(index.size(k) <= src->size(k), "Expected index ", index.shape(), " to be no larger than src ",
                        src->shape());
  }
}

// Steps of x over index.shape, standing still along d: index itself moves there.
Strides still_along(const Tensor& x, const Tensor& index, int d) {
  Strides s = index.shape();
  for (int k = 0; k < s.size(); k++) s[k] = k == d || !x.dim() ? 0 : x.stride(k) * int64_t(x.element_size());
  return s;
}
Strides byte_strides(const Tensor& x, const Shape& shape) {
  Strides s = shape;
  for (int k = 0; k < s.size(); k++) s[k] = x.dim() ? x.stride(k) * int64_t(x.element_size()) : 0;
  return s;
}
char* raw(const Tensor& x) { return static_cast<char*>(const_cast<void*>(x.data_ptr())); }

// f(pointer to y's or src's element, pointer to x's element that index names)
template <class F>
void each_indexed(const Tensor& moving, const Tensor& x, int d, const Tensor& index, int64_t grain, F f) {
  const int64_t extent = x.dim() ? x.size(d) : 1, step = x.dim() ? x.stride(d) * int64_t(x.element_size()) : 0;
  const StridedLoop<3> loop(
      index.shape(), {raw(moving), raw(index), raw(x)},
      {byte_strides(moving, index.shape()), byte_strides(index, index.shape()), still_along(x, index, d)});
  loop.run(grain, [&](char* const* at, const int64_t* by, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
      const int64_t j = *reinterpret_cast<const int64_t*>(at[1] + i * by[1]);
      check<IndexError>(j >= 0 && j < extent, "index ", j, " is out of bounds for dimension ", d, " with size ",
                        extent);
      f(at[0] + i * by[0], at[2] + i * by[2] + j * step);
    }
  });
}
constexpr int64_t kSerial = INT64_MAX;  // for writes that may meet

void scatter_into(Tensor& y, int d, const Tensor& index, const Tensor& src) {
  visit_word(y.element_size(), [&](auto tag) {
    using W = typename decltype(tag)::type;
    each_indexed(src, y, d, index, kSerial, [](const char* from, char* to) { std::memcpy(to, from, sizeof(W)); });
  });
}
void scatter_add_into(Tensor& y, int d, const Tensor& index, const Tensor& src) {
  visit_dtype(y.dtype(), "scatter_add", [&](auto tag) {
    using T = typename decltype(tag)::type;
    each_indexed(src, y, d, index, kSerial, [](const char* from, char* to) {
      T& sum = *reinterpret_cast<T*>(to);
      if constexpr (std::is_integral_v<T>)
        sum = T(uint64_t(sum) + uint64_t(*reinterpret_cast<const T*>(from)));
      else
        sum = T(sum + *reinterpret_cast<const T*>(from));
    });
  });
}
Tensor gather_data(const Tensor& x, int d, const Tensor& index) {
  Tensor y = Tensor::empty(index.shape(), x.dtype());
  visit_word(x.element_size(), [&](auto tag) {
    using W = typename decltype(tag)::type;
    each_indexed(y, x, d, index, kGrain, [](char* to, const char* from) { std::memcpy(to, from, sizeof(W)); });
  });
  return y;
}

void check_same_dtype(const char* where, const Tensor& x, const Tensor& src) {
  check<DtypeError>(x.dtype() == src.dtype(), where, "(): Expected self.dtype to be equal to src.dtype, got ",
                    scalar_name(x.dtype()), " and ", scalar_name(src.dtype()));
}

}  // namespace

Tensor gather(const Tensor& x, int dim, const Tensor& given) {
  const int d = x.wrap_dim(dim);
  const Tensor index = as_index("gather", given);
  check_gather("gather", x, d, index, nullptr);
  Tensor y = gather_data(x, d, index);
  record("GatherBackward0", y, {x}, [d, index, from = x.shape()](const Tensor& dy) {
    Tensor dx = Tensor::zeros(from, dy.dtype());
    scatter_add_into(dx, d, index, dy);
    return Grads{dx};
  });
  return y;
}

Tensor scatter(const Tensor& x, int dim, const Tensor& given, const Tensor& src) {
  const int d = x.wrap_dim(dim);
  const Tensor index = as_index("scatter", given);
  check_gather("scatter", x, d, index, &src);
  check_same_dtype("scatter", x, src);
  Tensor y = x.detach().clone();
  scatter_into(y, d, index, src);
  record("ScatterBackward0", y, {x, src}, [d, index, from = src.shape()](const Tensor& dy) {
    Tensor dx = dy.clone(), ds = Tensor::zeros(from, dy.dtype()), window = ds;
    scatter_into(dx, d, index, Tensor::zeros({}, dy.dtype()).expand(index.shape()));
    for (int k = 0; k < from.size(); k++) window = window.narrow(k, 0, index.size(k));
    window.copy_(gather_data(dy, d, index));
    return Grads{dx, ds};
  });
  return y;
}
Tensor scatter(const Tensor& x, int dim, const Tensor& index, Scalar value) {
  return scatter(x, dim, index, Tensor::scalar(value, x.dtype()).expand(index.shape()));
}
Tensor scatter_add(const Tensor& x, int dim, const Tensor& given, const Tensor& src) {
  const int d = x.wrap_dim(dim);
  const Tensor index = as_index("scatter_add", given);
  check_gather("scatter_add", x, d, index, &src);
  check_same_dtype("scatter_add", x, src);
  Tensor y = x.detach().clone();
  scatter_add_into(y, d, index, src);
  record("ScatterAddBackward0", y, {x, src}, [d, index, from = src.shape()](const Tensor& dy) {
    Tensor ds = Tensor::zeros(from, dy.dtype()), window = ds;
    for (int k = 0; k < from.size(); k++) window = window.narrow(k, 0, index.size(k));
    window.copy_(gather_data(dy, d, index));
    return Grads{dy, ds};
  });
  return y;
}

namespace {
Tensor row_index(const char* where, const Tensor& index) {
  check<IndexError>(index.dim() <= 1, where, "(): Index is supposed to be a vector");
  return as_index(where, index).contiguous();
}
// x as [outer, n, inner] around dimension d
struct Blocks {
  int64_t outer = 1, n = 1, inner = 1;
  Blocks(const Shape& shape, int d) {
    for (int k = 0; k < shape.size(); k++) (k < d ? outer : k == d ? n : inner) *= shape[k];
  }
};
Shape with_extent(const Tensor& x, int d, int64_t n) {
  Shape shape = x.shape();
  if (x.dim()) shape[d] = n;
  return shape;
}
void check_ids(const int64_t* ids, int64_t count, int64_t extent) {
  for (int64_t i = 0; i < count; i++)
    check<IndexError>(ids[i] >= 0 && ids[i] < extent, "index out of range in self: found ", ids[i], ", needed 0 to ",
                      extent - 1);
}
// y[:, ids[i]] += alpha·src[:, i], in order
void add_rows(Tensor& y, int d, const Tensor& index, const Tensor& given, Scalar alpha) {
  const Blocks b(y.shape(), d);
  const Tensor src = given.detach().to(y.dtype()).contiguous();
  const int64_t* ids = index.data<int64_t>();
  const int64_t count = index.numel();
  visit_dtype(y.dtype(), "index_add", [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* to = y.mutable_data<T>();
    const T* from = src.data<T>();
    const T a = alpha.to<T>();
    for (int64_t o = 0; o < b.outer; o++)
      for (int64_t i = 0; i < count; i++) {
        T* row = to + (o * b.n + ids[i]) * b.inner;
        const T* add = from + (o * count + i) * b.inner;
        for (int64_t k = 0; k < b.inner; k++) row[k] = T(row[k] + a * add[k]);
      }
  });
}
}  // namespace

Tensor index_select(const Tensor& x, int dim, const Tensor& given) {
  const int d = x.wrap_dim(dim);
  const Tensor index = row_index("index_select", given), source = x.detach().contiguous();
  const Blocks b(x.shape(), d);
  const int64_t count = index.numel();
  const int64_t* ids = index.data<int64_t>();
  check_ids(ids, count, b.n);
  Tensor y = Tensor::empty(with_extent(x, d, count), x.dtype());
  const size_t bytes = size_t(b.inner) * x.element_size();
  const char* from = raw(source);
  char* to = static_cast<char*>(y.mutable_data_ptr());
  parallel_for(b.outer * count, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, b.inner)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; i++)
                   std::memcpy(to + size_t(i) * bytes, from + size_t(i / count * b.n + ids[i % count]) * bytes, bytes);
               });
  record("IndexSelectBackward0", y, {x}, [d, index, from = x.shape()](const Tensor& dy) {
    Tensor dx = Tensor::zeros(from, dy.dtype());
    add_rows(dx, d, index, dy, 1);
    return Grads{dx};
  });
  return y;
}

namespace {
void check_rows(const char* where, const Tensor& x, int d, const Tensor& index, const Tensor& src) {
  check<ShapeError>(src.shape() == with_extent(x, d, index.numel()), where, "(): Number of indices (", index.numel(),
                    ") and the shape of source ", src.shape(), " do not fit self ", x.shape(), " along dimension ", d);
  check_ids(index.data<int64_t>(), index.numel(), x.dim() ? x.size(d) : 1);
}
}  // namespace

Tensor index_add(const Tensor& x, int dim, const Tensor& given, const Tensor& src, Scalar alpha) {
  const int d = x.wrap_dim(dim);
  const Tensor index = row_index("index_add", given);
  check_rows("index_add", x, d, index, src);
  check_same_dtype("index_add", x, src);
  Tensor y = x.detach().clone();
  add_rows(y, d, index, src, alpha);
  record("IndexAddBackward0", y, {x, src}, [d, index, alpha](const Tensor& dy) {
    return Grads{dy, mul(index_select(dy, d, index), alpha)};
  });
  return y;
}
Tensor index_copy(const Tensor& x, int dim, const Tensor& given, const Tensor& src) {
  const int d = x.wrap_dim(dim);
  const Tensor index = row_index("index_copy", given);
  check_rows("index_copy", x, d, index, src);
  check_same_dtype("index_copy", x, src);
  Tensor y = x.detach().clone();
  const auto put = [d, index](Tensor& into, const Tensor& values) {
    const int64_t* ids = index.data<int64_t>();
    for (int64_t i = 0; i < index.numel(); i++) {
      Tensor place = into.dim() ? into.narrow(d, ids[i], 1) : into;
      copy_data(place, values.dim() ? values.narrow(d, values.size(d) == 1 ? 0 : i, 1) : values);
    }
  };
  put(y, src.detach());
  record("IndexCopyBackward0", y, {x, src}, [d, index, put](const Tensor& dy) {
    Tensor dx = dy.clone();
    put(dx, Tensor::zeros({}, dy.dtype()));
    return Grads{dx, index_select(dy, d, index)};
  });
  return y;
}

Tensor nonzero(const Tensor& x) {
  const Tensor mask = ne(x, 0);
  const auto* p = static_cast<const uint8_t*>(mask.data_ptr());
  const int64_t n = mask.numel(), count = std::count_if(p, p + n, [](uint8_t v) { return v != 0; });
  Tensor y = Tensor::empty({count, x.dim()}, DType::Int64);
  int64_t* out = y.mutable_data<int64_t>();
  for (int64_t i = 0; i < n; i++) {
    if (!p[i]) continue;
    int64_t rest = i;
    for (int d = x.dim() - 1; d >= 0; d--) {
      out[d] = rest % x.size(d);
      rest /= x.size(d);
    }
    out += x.dim();
  }
  return y;
}

namespace {

// Advanced indices with masks turned into coordinates and all broadcast to one shape.
struct Advanced {
  std::vector<int> dims;        // of x, ascending
  std::vector<Tensor> indices;  // int64, non-negative, of shape `common`
  Shape common;
  Shape result;  // shape of x[indices]
  int at = 0;    // where `common` stands in it

  Advanced(const Tensor& x, const std::vector<Tensor>& given) {
    int d = 0;
    for (const Tensor& t : given) {
      if (!t.defined()) {
        d++;
        continue;
      }
      if (t.dtype() == DType::Bool || t.dtype() == DType::UInt8) {
        for (int k = 0; k < t.dim(); k++)
          check<IndexError>(d + k < x.dim() && t.size(k) == x.size(d + k), "The shape of the mask ", t.shape(),
                            " at index ", k, " does not match the shape of the indexed tensor ", x.shape(),
                            " at index ", d + k);
        const Tensor where = nonzero(t);
        check<IndexError>(t.dim() > 0, "index: a 0-dim mask needs x.unsqueeze(0) first");
        for (int k = 0; k < t.dim(); k++) add(d++, where.select(1, k));
      } else {
        check<IndexError>(!is_floating(t.dtype()), "tensors used as indices must be long, int, byte or bool tensors");
        add(d++, t.detach().to(DType::Int64));
      }
    }
    check<IndexError>(d <= x.dim(), "too many indices for tensor of dimension ", x.dim());
    for (const Tensor& t : indices) {
      try {
        common = broadcast_shapes(common, t.shape());
      } catch (const ShapeError&) {
        fail<IndexError>("shape mismatch: indexing tensors could not be broadcast together with shapes ", common, ", ",
                         t.shape());
      }
    }
    for (size_t k = 0; k < indices.size(); k++) {
      const int64_t extent = x.size(dims[k]);
      Tensor t = indices[k].contiguous().clone();
      int64_t* p = t.mutable_data<int64_t>();
      for (int64_t i = 0; i < t.numel(); i++) {
        check<IndexError>(p[i] >= -extent && p[i] < extent, "index ", p[i], " is out of bounds for dimension ", dims[k],
                          " with size ", extent);
        if (p[i] < 0) p[i] += extent;
      }
      indices[k] = t.expand(common);
    }
    // Neighbouring indices keep their place; separated ones put their shape in front.
    const bool together = !dims.empty() && dims.back() - dims.front() + 1 == int(dims.size());
    at = together ? dims.front() : 0;
    for (int k = 0, free = 0; k <= x.dim(); k++) {
      if (free == at && result.size() == at)
        for (int64_t s : common) result.push_back(s);
      if (k < x.dim() && !indexed(k)) {
        result.push_back(x.size(k));
        free++;
      }
    }
  }

  bool indexed(int d) const { return std::find(dims.begin(), dims.end(), d) != dims.end(); }

  // Offsets of the named elements in memory with these strides, of shape `result`.
  Tensor offsets(const Tensor& x, const Strides& strides) const {
    Tensor total = Tensor::zeros({}, DType::Int64);
    Shape shape = result;
    const auto place = [&](const Tensor& values, int first) {  // values' dimensions stand at `first` in the result
      Shape s;
      for (int k = 0; k < shape.size(); k++)
        s.push_back(k >= first && k < first + values.dim() ? values.size(k - first) : 1);
      total = ef::add(total, values.reshape(s));
    };
    for (size_t k = 0; k < dims.size(); k++) place(mul(indices[k], strides[dims[k]]), at);
    int position = 0;
    for (int d = 0; d < x.dim(); d++) {
      if (indexed(d)) continue;
      if (position == at) position += common.size();
      place(mul(Tensor::arange(x.size(d)), strides[d]), position++);
    }
    return total.expand(result).contiguous();
  }

 private:
  void add(int d, const Tensor& t) {
    dims.push_back(d);
    indices.push_back(t);
  }
};

Tensor take(const Tensor& x, const Tensor& offsets) {  // x: any strides the offsets were made for
  Tensor y = Tensor::empty(offsets.shape(), x.dtype());
  const int64_t* at = offsets.data<int64_t>();
  visit_word(x.element_size(), [&](auto tag) {
    using W = typename decltype(tag)::type;
    const W* from = static_cast<const W*>(x.data_ptr());
    W* to = static_cast<W*>(y.mutable_data_ptr());
    parallel_for(offsets.numel(), kGrain, [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; i++) to[i] = from[at[i]];
    });
  });
  return y;
}
void put(Tensor& y, const Tensor& offsets, const Tensor& given, bool accumulate) {  // y contiguous
  const Tensor values = given.detach().to(y.dtype()).expand(offsets.shape()).contiguous();
  const int64_t* at = offsets.data<int64_t>();
  visit_dtype(y.dtype(), "index_put", [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = values.data<T>();
    T* to = y.mutable_data<T>();
    for (int64_t i = 0; i < offsets.numel(); i++) to[at[i]] = accumulate ? T(to[at[i]] + from[i]) : from[i];
  });
}

}  // namespace

Tensor index(const Tensor& x, const std::vector<Tensor>& given) {
  const Advanced a(x, given);
  if (a.dims.empty()) return x;
  if (a.dims.size() == 1) {  // rows: whole blocks move
    Shape shape = a.result;
    return index_select(x, a.dims[0], a.indices[0].reshape({-1})).view(shape);
  }
  Tensor y = take(x, a.offsets(x, x.strides()));
  record("IndexBackward0", y, {x}, [a, from = x.detach()](const Tensor& dy) {
    Tensor dx = Tensor::zeros(from.shape(), dy.dtype());
    put(dx, a.offsets(dx, dx.strides()), dy, true);
    return Grads{dx};
  });
  return y;
}

Tensor index_put(const Tensor& x, const std::vector<Tensor>& given, const Tensor& value, bool accumulate) {
  const Advanced a(x, given);
  Tensor y = x.detach().clone();
  check<ShapeError>(broadcast_shapes(a.result, value.shape()) == a.result, "shape mismatch: value tensor of shape ",
                    value.shape(), " cannot be broadcast to indexing result of shape ", a.result);
  if (a.dims.empty()) {
    if (accumulate)
      add_to(y, value.detach());
    else
      copy_data(y, value.detach());
  } else {
    put(y, a.offsets(y, y.strides()), value, accumulate);
  }
  record("IndexPutBackward0", y, {x, value}, [a, accumulate, from = y.shape()](const Tensor& dy) {
    if (a.dims.empty()) return Grads{accumulate ? dy : Tensor::zeros(from, dy.dtype()), dy};
    const Tensor g = dy.contiguous(), where = a.offsets(g, g.strides());
    Tensor dx = g;
    if (!accumulate) {
      dx = g.clone();
      put(dx, where, Tensor::zeros({}, g.dtype()), false);
    }
    return Grads{dx, take(g, where)};
  });
  return y;
}

Tensor masked_select(const Tensor& x, const Tensor& mask) {
  check<DtypeError>(mask.dtype() == DType::Bool, "masked_select: expected BoolTensor for mask");
  const Shape shape = broadcast_shapes(x.shape(), mask.shape());
  const Tensor where = nonzero(mask.expand(shape).reshape({-1})).select(1, 0);
  return index_select(x.expand(shape).reshape({-1}), 0, where);
}
Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& src) {
  check<DtypeError>(mask.dtype() == DType::Bool,
                    "masked_scatter_ only supports boolean masks, but got mask with dtype ", scalar_name(mask.dtype()));
  check_same_dtype("masked_scatter", x, src);
  const Shape shape = broadcast_shapes(x.shape(), mask.shape());
  const Tensor where = nonzero(mask.expand(shape).reshape({-1})).select(1, 0);
  check<ShapeError>(src.numel() >= where.numel(),
                    "masked_scatter: expected self and source to have at least as many elements as "
                    "the mask has ones: found ",
                    src.numel(), ", needed ", where.numel());
  return index_put(x.expand(shape).reshape({-1}), {where}, src.flatten().narrow(0, 0, where.numel())).view(shape);
}
Tensor take_along_dim(const Tensor& x, const Tensor& index, int dim) {
  const int d = x.wrap_dim(dim);
  Shape xs = x.shape(), is = index.shape();
  check<ShapeError>(xs.size() == is.size(),
                    "take_along_dim(): input and indices should have the same number of dimensions, but got ",
                    xs.size(), " dimensions for input, and ", is.size(), " dimensions for indices");
  xs[d] = is[d] = 1;
  Shape common = broadcast_shapes(xs, is), wide_x = common, wide_i = common;
  wide_x[d] = x.size(d);
  wide_i[d] = index.size(d);
  return gather(x.expand(wide_x), d, index.expand(wide_i));
}

}  // namespace ef
