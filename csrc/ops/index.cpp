// numpy's advanced indexing, and masks.
#include "ops/index.h"

#include <cstring>

#include "ops/elementwise.h"
#include "ops/helpers.h"
#include "ops/shape_ops.h"
#include "ops/words.h"

namespace ef {

Tensor nonzero(const Tensor& x) {
  const Tensor mask = ne(x, 0);
  const auto* p = static_cast<const uint8_t*>(mask.data_ptr());
  const int64_t n = mask.numel(), count = std::count_if(p, p + n, [](uint8_t v) { return v != 0; });
  Tensor y = Tensor::empty({count, x.dim()}, DType::Int64);
  int64_t* out = y.mutable_data<int64_t>();
  for (int64_t i = 0; i < n; i++) {
    if (!p[i]) continue;
    if (x.dim() == 1) {
      *out++ = i;
      continue;
    }
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
  if (given.size() == 1 && given[0].defined() && given[0].dtype() == DType::Bool && given[0].dim() > 1 &&
      given[0].dim() <= x.dim()) {
    const Tensor& mask = given[0];  // x[mask]: rows of x with the mask's dimensions joined
    const Shape head(x.shape().begin(), x.shape().begin() + mask.dim());
    if (head == mask.shape())
      return index_select(x.flatten(0, mask.dim() - 1), 0, nonzero(mask.reshape({-1})).select(1, 0));
  }
  const Advanced a(x, given);
  if (a.dims.empty()) return x;
  if (a.dims.size() == 1) {  // rows: whole blocks move
    Shape shape = a.result;
    return index_select(x, a.dims[0], a.indices[0].reshape({-1})).view(shape);
  }
  Tensor y = take(x, a.offsets(x, x.strides()));
  record("IndexBackward0", y, {x}, [a, from = x.shape()](const Tensor& dy) {
    Tensor dx = Tensor::zeros(from, dy.dtype());
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

}  // namespace ef
