// Gathering and scattering along one dimension.
#include "ops/index.h"

#include <cstring>

#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/words.h"

namespace ef {
namespace {

Tensor as_index(const char* where, const Tensor& index) {
  check<DtypeError>(index.dtype() == DType::Int64 || index.dtype() == DType::Int32, where,
                    "(): Expected dtype int64 for index, got ", dtype_name(index.dtype()));
  return index.detach().to(DType::Int64);
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
