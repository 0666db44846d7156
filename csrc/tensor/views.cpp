// Views: the same storage under another shape. Backward of a view puts dy back where the view looked.
#include <algorithm>

#include "tensor/tensor.h"

namespace ef {
namespace {

void note(const char* name, Tensor& y, const Tensor& x, AutogradMeta::ViewBackward backward) {
  x.impl()->autograd->record(name, y, x, true, std::move(backward));
}
bool tracked(const Tensor& x) { return x.requires_grad(); }

Shape infer(const Shape& asked, int64_t numel) {
  Shape shape = asked;
  int unknown = -1;
  int64_t known = 1;
  for (int d = 0; d < shape.size(); d++) {
    if (shape[d] == -1) {
      check<ShapeError>(unknown < 0, "only one dimension can be inferred");
      unknown = d;
    } else {
      check<ShapeError>(shape[d] >= 0, "invalid shape dimension ", shape[d]);
      check<ShapeError>(!__builtin_mul_overflow(known, shape[d], &known), "shape '", asked, "' overflows 64 bits");
    }
  }
  if (unknown >= 0) {
    check<ShapeError>(known != 0, "cannot reshape tensor of 0 elements into shape ", asked,
                      " because the unspecified dimension size -1 can be any value and is ambiguous");
    shape[unknown] = numel / known;
    known *= shape[unknown];
  }
  check<ShapeError>(known == numel, "shape '", asked, "' is invalid for input of size ", numel);
  return shape;
}

// Strides that show x's elements, in order, under `shape`; false when no strides can.
bool view_strides(const Tensor& x, const Shape& shape, Strides& out) {
  out = contiguous_strides(shape);
  if (x.numel() == 0 || x.is_contiguous()) return true;
  // x as few runs of evenly spaced elements, innermost first; each must be a product of new extents.
  int64_t extent[Dims::kMaxDims], step[Dims::kMaxDims];
  int runs = 0;
  for (int d = x.dim() - 1; d >= 0; d--) {
    if (x.shape()[d] == 1) continue;
    if (runs && x.strides()[d] == extent[runs - 1] * step[runs - 1]) {
      extent[runs - 1] *= x.shape()[d];
    } else {
      extent[runs] = x.shape()[d];
      step[runs++] = x.strides()[d];
    }
  }
  int run = 0;
  int64_t filled = 1;
  for (int d = shape.size() - 1; d >= 0; d--) {
    if (shape[d] == 1) continue;
    out[d] = filled * step[run];
    filled *= shape[d];
    if (extent[run] % filled) return false;
    if (filled == extent[run]) {
      run++;
      filled = 1;
    }
  }
  return true;
}

}  // namespace

Tensor Tensor::alias(const Shape& shape, const Strides& strides, int64_t offset) const {
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = impl_->storage;
  impl->shape = shape;
  impl->strides = strides;
  impl->offset = offset;
  check<ShapeError>(checked_numel(shape, impl->numel), "tensor: the number of elements of shape ", shape,
                    " overflows 64 bits");
  impl->dtype = impl_->dtype;
  return Tensor(std::move(impl));
}

Tensor Tensor::detach() const { return alias(shape(), strides(), offset()); }

Tensor Tensor::view(const Shape& asked) const {
  const Shape shape = infer(asked, numel());
  Strides strides;
  check<ShapeError>(view_strides(*this, shape, strides),
                    "view size is not compatible with input tensor's size and stride (at least one dimension spans "
                    "across two contiguous subspaces). Use .reshape(...) instead.");
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this))
    note("ViewBackward0", y, *this, [from = this->shape()](const Tensor& dy) { return dy.reshape(from); });
  return y;
}

Tensor Tensor::reshape(const Shape& asked) const {
  const Shape shape = infer(asked, numel());
  Strides strides;
  return view_strides(*this, shape, strides) ? view(shape) : clone().view(shape);
}

Tensor Tensor::view_dtype(DType dtype) const {
  const auto from = int64_t(element_size()), to = int64_t(item_size(dtype));
  Tensor y = alias(shape(), strides(), offset());
  y.impl_->dtype = dtype;
  if (from == to) return y;
  check<ShapeError>(dim() > 0 && is_contiguous() && size(-1) * from % to == 0 && offset() * from % to == 0,
                    "self.size(-1) must be divisible by ", (to + from - 1) / from, " to view ",
                    dtype_name(this->dtype()), " as ", dtype_name(dtype), " (different element sizes), but got shape ",
                    shape(), ", strides ", strides());
  y.impl_->shape.back() = size(-1) * from / to;
  y.impl_->strides = contiguous_strides(y.impl_->shape);
  y.impl_->offset = offset() * from / to;
  y.impl_->numel = ef::numel(y.impl_->shape);
  return y;
}

Tensor Tensor::permute(const Dims& order) const {
  check<ShapeError>(order.size() == dim(),
                    "permute(sparse_coo): number of dimensions in the tensor input does not match "
                    "the length of the desired ordering of dimensions i.e. input.dim() = ",
                    dim(), " is not equal to len(dims) = ", order.size());
  Shape shape = this->shape();
  Strides strides = this->strides();
  Dims back = order;
  bool seen[Dims::kMaxDims] = {};
  for (int d = 0; d < dim(); d++) {
    const int from = wrap_dim(order[d]);
    check<ShapeError>(!seen[from], "permute(): duplicate dims are not allowed.");
    seen[from] = true;
    shape[d] = this->shape()[from];
    strides[d] = this->strides()[from];
    back[from] = d;
  }
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this)) note("PermuteBackward0", y, *this, [back](const Tensor& dy) { return dy.permute(back); });
  return y;
}

Tensor Tensor::transpose(int a, int b) const {
  a = wrap_dim(a);
  b = wrap_dim(b);
  Shape shape = this->shape();
  Strides strides = this->strides();
  if (dim()) {
    std::swap(shape[a], shape[b]);
    std::swap(strides[a], strides[b]);
  }
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this)) note("TransposeBackward0", y, *this, [a, b](const Tensor& dy) { return dy.transpose(a, b); });
  return y;
}

Tensor Tensor::t() const {
  check<ShapeError>(dim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", dim(), "D");
  return dim() == 2 ? transpose(0, 1) : dim() == 1 ? transpose(0, 0) : transpose(0, -1);
}

Tensor Tensor::unsqueeze(int d) const {
  const int n = dim() + 1;
  check<IndexError>(d >= -n && d < n, "Dimension out of range (expected to be in range of [", -n, ", ", n - 1,
                    "], but got ", d, ")");
  if (d < 0) d += n;
  Shape shape = this->shape();
  Strides strides = this->strides();
  const int64_t step = d < dim() ? shape[d] * strides[d] : 1;
  shape.insert(d, 1);
  strides.insert(d, step);
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this))
    note("UnsqueezeBackward0", y, *this, [from = this->shape()](const Tensor& dy) { return dy.reshape(from); });
  return y;
}

Tensor Tensor::squeeze() const {
  Shape shape;
  Strides strides;
  for (int d = 0; d < dim(); d++)
    if (this->shape()[d] != 1) {
      shape.push_back(this->shape()[d]);
      strides.push_back(this->strides()[d]);
    }
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this))
    note("SqueezeBackward0", y, *this, [from = this->shape()](const Tensor& dy) { return dy.reshape(from); });
  return y;
}

Tensor Tensor::squeeze(int d) const {
  d = wrap_dim(d);
  Shape shape = this->shape();
  Strides strides = this->strides();
  if (d < dim() && shape[d] == 1) {
    shape.erase(d);
    strides.erase(d);
  }
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this))
    note("SqueezeBackward1", y, *this, [from = this->shape()](const Tensor& dy) { return dy.reshape(from); });
  return y;
}

Tensor Tensor::expand(const Shape& asked) const {
  const int shift = asked.size() - dim();
  check<ShapeError>(shift >= 0, "expand(", dtype_name(dtype()), "{", shape(), "}, size=", asked,
                    "): the number of sizes provided (", asked.size(),
                    ") must be greater or equal to the number of dimensions in the tensor (", dim(), ")");
  Shape shape = asked;
  Strides strides = asked;
  for (int d = 0; d < asked.size(); d++) {
    if (d < shift) {
      check<ShapeError>(asked[d] >= 0, "The expanded size of the tensor (", asked[d],
                        ") isn't allowed in a leading, non-existing dimension ", d);
      strides[d] = 0;
      continue;
    }
    const int64_t have = this->shape()[d - shift];
    if (asked[d] == -1) shape[d] = have;
    check<ShapeError>(shape[d] == have || (have == 1 && shape[d] >= 0), "The expanded size of the tensor (", shape[d],
                      ") must match the existing size (", have, ") at non-singleton dimension ", d,
                      ".  Target sizes: ", asked, ".  Tensor sizes: ", this->shape());
    strides[d] = shape[d] == have ? this->strides()[d - shift] : 0;
  }
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this))
    note("ExpandBackward0", y, *this, [from = this->shape()](const Tensor& dy) { return sum_to(dy, from); });
  return y;
}

Tensor Tensor::narrow(int d, int64_t start, int64_t length) const {
  check<ShapeError>(dim() > 0, "narrow() cannot be applied to a 0-dim tensor.");
  d = wrap_dim(d);
  const int64_t extent = shape()[d];
  check<ShapeError>(length >= 0, "narrow(): length must be non-negative.");
  check<IndexError>(start >= -extent && start <= extent, "start out of range (expected to be in range of [", -extent,
                    ", ", extent, "], but got ", start, ")");
  if (start < 0) start += extent;
  check<ShapeError>(length <= extent - start, "start (", start, ") + length (", length, ") exceeds dimension size (",
                    extent, ").");
  return slice(d, start, start + length);
}

Tensor Tensor::slice(int d, int64_t start, int64_t end, int64_t step) const {
  check<ShapeError>(dim() > 0, "slice() cannot be applied to a 0-dim tensor.");
  check<ConfigError>(step > 0, "slice step must be positive");
  d = wrap_dim(d);
  const int64_t extent = shape()[d];
  if (start < 0) start += extent;
  if (end < 0) end += extent;
  start = std::clamp<int64_t>(start, 0, extent);
  end = std::clamp<int64_t>(end, start, extent);
  Shape shape = this->shape();
  Strides strides = this->strides();
  const int64_t at = offset() + start * strides[d];
  shape[d] = end > start ? (end - start - 1) / step + 1 : 0;
  if (shape[d] > 1) strides[d] *= step;
  Tensor y = alias(shape, strides, at);
  if (tracked(*this))
    note("SliceBackward0", y, *this, [from = this->shape(), d, start, end, step](const Tensor& dy) {
      Tensor dx = Tensor::zeros(from, dy.dtype());
      dx.slice(d, start, end, step).copy_(dy);
      return dx;
    });
  return y;
}

Tensor Tensor::select(int d, int64_t index) const {
  check<IndexError>(dim() > 0, "select() cannot be applied to a 0-dim tensor.");
  d = wrap_dim(d);
  const int64_t extent = shape()[d];
  check<IndexError>(index >= -extent && index < extent, "index ", index, " is out of bounds for dimension ", d,
                    " with size ", extent);
  if (index < 0) index += extent;
  Shape shape = this->shape();
  Strides strides = this->strides();
  const int64_t at = offset() + index * strides[d];
  shape.erase(d);
  strides.erase(d);
  Tensor y = alias(shape, strides, at);
  if (tracked(*this))
    note("SelectBackward0", y, *this, [from = this->shape(), d, index](const Tensor& dy) {
      Tensor dx = Tensor::zeros(from, dy.dtype());
      dx.select(d, index).copy_(dy);
      return dx;
    });
  return y;
}

Tensor Tensor::flatten(int start, int end) const {
  start = wrap_dim(start);
  end = wrap_dim(end);
  check<ShapeError>(start <= end, "flatten() has invalid args: start_dim cannot come after end_dim");
  if (dim() == 0) return reshape({1});
  if (start == end) return *this;
  Shape shape;
  int64_t joined = 1;
  for (int d = 0; d < dim(); d++) {
    if (d < start || d > end)
      shape.push_back(this->shape()[d]);
    else
      joined *= this->shape()[d];
    if (d == end) shape.push_back(joined);
  }
  return reshape(shape);
}

Tensor Tensor::unflatten(int d, const Shape& sizes) const {
  d = wrap_dim(d);
  check<ShapeError>(!sizes.empty(), "unflatten: sizes must be non-empty");
  const Shape inner = infer(sizes, size(d));
  Shape shape;
  for (int i = 0; i < dim(); i++) {
    if (i != d)
      shape.push_back(this->shape()[i]);
    else
      for (int64_t s : inner) shape.push_back(s);
  }
  return view(shape);
}

Tensor Tensor::unfold(int d, int64_t size, int64_t step) const {
  d = wrap_dim(d);
  const int64_t extent = dim() ? shape()[d] : 1;
  check<ShapeError>(size >= 0 && size <= extent, "maximum size for tensor at dimension ", d, " is ", extent,
                    " but size is ", size);
  check<ConfigError>(step > 0, "step is ", step, " but must be > 0");
  Shape shape = this->shape();
  Strides strides = this->strides();
  const int64_t unit = dim() ? strides[d] : 1;
  if (dim()) {
    shape[d] = (extent - size) / step + 1;
    if (shape[d] > 1) strides[d] *= step;
  }
  shape.push_back(size);
  strides.push_back(unit);
  Tensor y = alias(shape, strides, offset());
  if (tracked(*this))
    note("UnfoldBackward0", y, *this, [from = this->shape(), d, size, step](const Tensor& dy) {
      // Windows may overlap: place within each window in turn (size of them), where places never do.
      Tensor dx = Tensor::zeros(from, dy.dtype());
      if (from.empty()) return dx.copy_(dy.reshape({}));
      const int64_t windows = dy.size(d);
      for (int64_t i = 0; i < size; i++) add_to(dx.slice(d, i, i + (windows - 1) * step + 1, step), dy.select(-1, i));
      return dx;
    });
  return y;
}

Tensor Tensor::diagonal(int64_t which, int a, int b) const {
  a = wrap_dim(a);
  b = wrap_dim(b);
  check<ShapeError>(a != b, "diagonal dimensions cannot be identical ", a, ", ", b);
  const int64_t rows = shape()[a], columns = shape()[b];
  const int64_t length =
      std::max<int64_t>(0, which >= 0 ? std::min(rows, columns - which) : std::min(rows + which, columns));
  int64_t at = offset();
  if (length) at += which >= 0 ? which * strides()[b] : -which * strides()[a];
  Shape shape = this->shape();
  Strides strides = this->strides();
  const int64_t step = strides[a] + strides[b];
  for (int d : {std::max(a, b), std::min(a, b)}) {
    shape.erase(d);
    strides.erase(d);
  }
  shape.push_back(length);
  strides.push_back(step);
  Tensor y = alias(shape, strides, at);
  if (tracked(*this))
    note("DiagonalBackward0", y, *this, [from = this->shape(), which, a, b](const Tensor& dy) {
      Tensor dx = Tensor::zeros(from, dy.dtype());
      dx.diagonal(which, a, b).copy_(dy);
      return dx;
    });
  return y;
}

Tensor Tensor::as_strided(const Shape& shape, const Strides& strides, int64_t offset) const {
  check<UnsupportedError>(!tracked(*this),
                          "as_strided: gradients through as_strided are not supported; detach() first");
  return from_storage(storage(), shape, strides, offset, dtype());
}

}  // namespace ef
