#include "ops/shape_ops.h"

#include <cstring>

#include "ops/helpers.h"
#include "ops/index.h"

namespace ef {

Tensor cat(const std::vector<Tensor>& given, int dim) {
  check<ConfigError>(!given.empty(), "torch.cat(): expected a non-empty list of Tensors");
  // Old code relies on it: an empty 1-D tensor takes no part, whatever the others' shape.
  std::vector<Tensor> parts;
  for (const Tensor& t : given)
    if (!(t.dim() == 1 && t.numel() == 0)) parts.push_back(t);
  if (parts.empty()) return given[0].clone();
  const Tensor& first = parts[0];
  check<ShapeError>(first.dim() > 0, "zero-dimensional tensor (at position 0) cannot be concatenated");
  const int d = first.wrap_dim(dim);
  DType dtype = first.dtype();
  Shape shape = first.shape();
  shape[d] = 0;
  for (size_t i = 0; i < parts.size(); i++) {
    const Tensor& t = parts[i];
    check<ShapeError>(t.dim() == first.dim(), "Tensors must have same number of dimensions: got ", first.dim(), " and ",
                      t.dim());
    for (int k = 0; k < t.dim(); k++)
      check<ShapeError>(k == d || t.size(k) == first.size(k), "Sizes of tensors must match except in dimension ", d,
                        ". Expected size ", first.size(k), " but got size ", t.size(k), " for tensor number ", i,
                        " in the list.");
    shape[d] += t.size(d);
    dtype = promote_types(dtype, t.dtype());
  }
  Tensor y = Tensor::empty(shape, dtype);
  int64_t at = 0;
  std::vector<int64_t> lengths;
  for (const Tensor& t : parts) {
    lengths.push_back(t.size(d));
    Tensor place = y.narrow(d, at, lengths.back());
    copy_data(place, t.detach());
    at += lengths.back();
  }
  record("CatBackward0", y, parts, [d, lengths](const Tensor& dy) {
    Grads out;
    int64_t at = 0;
    for (int64_t n : lengths) {
      out.push_back(dy.narrow(d, at, n));
      at += n;
    }
    return out;
  });
  return y;
}

Tensor stack(const std::vector<Tensor>& parts, int dim) {
  check<ConfigError>(!parts.empty(), "stack expects a non-empty TensorList");
  std::vector<Tensor> raised;
  for (size_t i = 0; i < parts.size(); i++) {
    check<ShapeError>(parts[i].shape() == parts[0].shape(), "stack expects each tensor to be equal size, but got ",
                      parts[0].shape(), " at entry 0 and ", parts[i].shape(), " at entry ", i);
    raised.push_back(parts[i].unsqueeze(dim));
  }
  return cat(raised, raised[0].wrap_dim(dim));
}

std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int dim) {
  const int d = x.wrap_dim(dim);
  int64_t total = 0;
  for (int64_t n : sizes) total += n;
  check<ShapeError>(total == x.size(d), "split_with_sizes expects split_sizes to sum exactly to ", x.size(d),
                    " (input tensor's size at dimension ", d,
                    "), but got split_sizes=", Dims(sizes.size() <= 8 ? sizes : std::vector<int64_t>{}));
  std::vector<Tensor> out;
  int64_t at = 0;
  for (int64_t n : sizes) {
    out.push_back(x.narrow(d, at, n));
    at += n;
  }
  return out;
}
std::vector<Tensor> split(const Tensor& x, int64_t size, int dim) {
  check<ShapeError>(x.dim() > 0, "split expects at least a 1-dimensional tensor");
  const int64_t extent = x.size(dim);
  check<ConfigError>(size > 0 || (size == 0 && extent == 0),
                     "split expects split_size be non-negative, but got split_size=", size);
  size = std::min(size, std::max<int64_t>(extent, 1));
  std::vector<int64_t> sizes;
  for (int64_t at = 0; at < extent; at += size) sizes.push_back(std::min(size, extent - at));
  if (sizes.empty()) sizes.push_back(0);
  return split(x, sizes, dim);
}
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int dim) {
  check<ShapeError>(x.dim() > 0, "chunk expects at least a 1-dimensional tensor");
  check<ConfigError>(chunks > 0, "chunk expects `chunks` to be greater than 0, got: ", chunks);
  const int64_t extent = x.size(dim);
  return split(x, extent ? (extent - 1) / chunks + 1 : 1, dim);
}
std::vector<Tensor> unbind(const Tensor& x, int dim) {
  check<ShapeError>(x.dim() > 0, "Dimension specified as ", dim, " but tensor has no dimensions");
  std::vector<Tensor> out;
  for (int64_t i = 0; i < x.size(dim); i++) out.push_back(x.select(dim, i));
  return out;
}

Tensor repeat(const Tensor& x, const Dims& repeats) {
  check<ShapeError>(repeats.size() >= x.dim(),
                    "Number of dimensions of repeat dims can not be smaller than number of "
                    "dimensions of tensor");
  // Each dimension n becomes [times, n], expanded and joined again.
  Shape split, wide, out;
  const int shift = repeats.size() - x.dim();
  for (int d = 0; d < repeats.size(); d++) {
    const int64_t n = d < shift ? 1 : x.shape()[d - shift], times = repeats[d];
    check<ShapeError>(times >= 0, "Trying to create tensor with negative dimension ", times * n, ": ", repeats);
    out.push_back(times * n);
    if (times != 1) {
      split.push_back(1);
      wide.push_back(times);
    }
    if (d >= shift) {
      split.push_back(n);
      wide.push_back(n);
    }
  }
  return x.reshape(split).expand(wide).clone().reshape(out);
}
Tensor repeat_interleave(const Tensor& given, int64_t repeats, std::optional<int> dim) {
  check<ConfigError>(repeats >= 0, "repeats can not be negative");
  const Tensor x = dim ? given : given.flatten();
  const int d = x.wrap_dim(dim.value_or(0));
  Shape wide = x.shape(), out = x.shape();
  wide.insert(d + 1, repeats);
  out[d] *= repeats;
  return x.unsqueeze(d + 1).expand(wide).clone().reshape(out);
}
Tensor repeat_interleave(const Tensor& given, const Tensor& repeats, std::optional<int> dim) {
  const Tensor x = dim ? given : given.flatten();
  const int d = x.wrap_dim(dim.value_or(0));
  const std::vector<int64_t> counts = repeats.to_vector<int64_t>();
  if (counts.size() == 1) return repeat_interleave(x, counts[0], d);
  check<ShapeError>(int64_t(counts.size()) == x.size(d),
                    "repeats must have the same size as input along dim, but got "
                    "repeats.size(0) = ",
                    counts.size(), " and input.size(", d, ") = ", x.size(d));
  std::vector<int64_t> index;
  for (size_t i = 0; i < counts.size(); i++) {
    check<ConfigError>(counts[i] >= 0, "repeats can not be negative");
    index.insert(index.end(), size_t(counts[i]), int64_t(i));
  }
  return index_select(x, d, Tensor::from_data(index));
}

namespace {
// x with positions of some dimensions permuted: y[i] = x[source(i)], an index for each dimension named.
Tensor rearrange(const char* name, const Tensor& x, const std::vector<std::pair<int, std::vector<int64_t>>>& sources) {
  Tensor y = x;
  for (auto& [d, source] : sources) y = index_select(y, d, Tensor::from_data(source));
  return y.same(x) ? x.clone() : y;
}
}  // namespace

Tensor flip(const Tensor& x, const Dims& dims) {
  std::vector<std::pair<int, std::vector<int64_t>>> sources;
  for (int64_t dim : dims) {
    const int d = x.wrap_dim(dim);
    for (auto& [seen, unused] : sources)
      check<ShapeError>(seen != d, "dim ", d, " appears multiple times in the list of dims");
    std::vector<int64_t> source;
    for (int64_t i = x.size(d); i-- > 0;) source.push_back(i);
    sources.emplace_back(d, source);
  }
  return rearrange("flip", x, sources);
}
Tensor roll(const Tensor& x, const Dims& shifts, const Dims& dims) {
  if (dims.empty()) {
    check<ShapeError>(shifts.size() == 1, "shifts and dimensions must align. shifts: ", shifts.size(), ", dims:0");
    return roll(x.flatten(), shifts, {0}).reshape(x.shape());
  }
  check<ShapeError>(shifts.size() == dims.size(), "shifts and dimensions must align. shifts: ", shifts.size(),
                    ", dims:", dims.size());
  std::vector<std::pair<int, std::vector<int64_t>>> sources;
  for (int k = 0; k < dims.size(); k++) {
    const int d = x.wrap_dim(dims[k]);
    const int64_t n = x.size(d);
    std::vector<int64_t> source;
    for (int64_t i = 0; i < n; i++) source.push_back(((i - shifts[k] % n) % n + n) % n);
    sources.emplace_back(d, source);
  }
  return rearrange("roll", x, sources);
}

namespace {
Tensor triangle(const char* name, const Tensor& x, int64_t diagonal, bool lower) {
  check<ShapeError>(x.dim() >= 2, name, ": input tensor must have at least 2 dimensions");
  Tensor y = x.detach().clone();
  const int64_t rows = x.size(-2), columns = x.size(-1), count = x.numel() ? x.numel() / (rows * columns) : 0;
  const size_t size = x.element_size();
  auto* data = static_cast<char*>(y.mutable_data_ptr());
  diagonal = std::clamp(diagonal, -rows - columns, rows + columns);
  for (int64_t r = 0; r < count * rows; r++) {
    const int64_t i = r % rows;
    const int64_t begin = lower ? std::clamp<int64_t>(i + diagonal + 1, 0, columns) : 0;
    const int64_t end = lower ? columns : std::clamp<int64_t>(i + diagonal, 0, columns);
    if (begin < end) std::memset(data + size_t(r * columns + begin) * size, 0, size_t(end - begin) * size);
  }
  record(name, y, {x}, [=](const Tensor& dy) { return Grads{triangle(name, dy, diagonal, lower)}; });
  return y;
}
}  // namespace
Tensor tril(const Tensor& x, int64_t diagonal) { return triangle("tril", x, diagonal, true); }
Tensor triu(const Tensor& x, int64_t diagonal) { return triangle("triu", x, diagonal, false); }

Tensor pad(const Tensor& x, const std::vector<int64_t>& amounts, Scalar value) {
  check<ShapeError>(amounts.size() % 2 == 0, "Padding length must be divisible by 2");
  check<ShapeError>(int(amounts.size() / 2) <= x.dim(),
                    "Padding length should be less than or equal to two times the input "
                    "dimension but got padding length ",
                    amounts.size(), " and input of dimension ", x.dim());
  Tensor inner = x;
  Shape shape = x.shape(), start = x.shape();
  for (int64_t& s : start) s = 0;
  for (size_t k = 0; k < amounts.size() / 2; k++) {
    const int d = x.dim() - 1 - int(k);
    const int64_t before = amounts[2 * k], after = amounts[2 * k + 1], limit = int64_t(1) << 60;
    check<ShapeError>(std::abs(before) < limit && std::abs(after) < limit, "pad: amounts ", before, " and ", after,
                      " are too large");
    check<ShapeError>(x.size(d) + before + after >= 0, "The input size ", x.size(d), ", plus negative padding ", before,
                      " and ", after, " resulted in a negative output size, which is invalid. Check dimension ", d,
                      " of your input.");
    shape[d] += before + after;
    if (before < 0 || after < 0) {
      const int64_t from = std::max<int64_t>(0, -before), to = x.size(d) + std::min<int64_t>(0, after);
      inner = inner.narrow(d, from, std::max<int64_t>(0, to - from));
    }
    start[d] = std::max<int64_t>(0, before);
  }
  Tensor y = Tensor::full(shape, value, x.dtype());
  const auto window = [start](const Tensor& t, const Shape& inside) {
    Tensor w = t;
    for (int d = 0; d < inside.size(); d++) w = w.narrow(d, start[d], inside[d]);
    return w;
  };
  if (inner.numel()) {
    Tensor place = window(y, inner.shape());
    copy_data(place, inner.detach());
  }
  record("ConstantPadNdBackward0", y, {inner},
         [window, inside = inner.shape()](const Tensor& dy) { return Grads{window(dy, inside)}; });
  return y;
}

std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors) {
  Shape shape;
  for (const Tensor& t : tensors) shape = broadcast_shapes(shape, t.shape());
  std::vector<Tensor> out;
  for (const Tensor& t : tensors) out.push_back(t.expand(shape));
  return out;
}
std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, bool xy_indexing) {
  const int n = int(tensors.size());
  check<ConfigError>(n > 0, "meshgrid expects a non-empty TensorList");
  const bool swap = xy_indexing && n >= 2;
  Shape shape;
  for (const Tensor& t : tensors) {
    check<ShapeError>(t.dim() <= 1, "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ", t.shape());
    shape.push_back(t.numel());
  }
  if (swap) std::swap(shape[0], shape[1]);
  std::vector<Tensor> out;
  for (int i = 0; i < n; i++) {
    Shape one = shape;
    const int own = swap && i < 2 ? 1 - i : i;
    for (int d = 0; d < n; d++) one[d] = d == own ? shape[d] : 1;
    out.push_back(tensors[size_t(i)].reshape(one).expand(shape));
  }
  return out;
}

Tensor eye(int64_t rows, int64_t columns, DType dtype) {
  Tensor y = Tensor::zeros({rows, columns}, dtype);
  Tensor line = y.diagonal();
  line.fill_(1);
  return y;
}
Tensor diag(const Tensor& x, int64_t diagonal) {
  check<ShapeError>(x.dim() == 1 || x.dim() == 2, "diag(): Supports 1D or 2D tensors. Got ", x.dim(), "D");
  if (x.dim() == 2) return x.diagonal(diagonal).clone();
  const int64_t n = x.size(0) + std::abs(diagonal);
  Tensor y = Tensor::zeros({n, n}, x.dtype()), line = y.diagonal(diagonal);
  copy_data(line, x.detach());
  record("DiagBackward0", y, {x}, [diagonal](const Tensor& dy) { return Grads{dy.diagonal(diagonal)}; });
  return y;
}
Tensor linspace(double start, double end, int64_t steps, DType dtype) {
  check<ConfigError>(steps >= 0, "number of steps must be non-negative");
  Tensor y = Tensor::empty({steps}, DType::Float64);
  double* out = y.mutable_data<double>();
  const double step = steps > 1 ? (end - start) / double(steps - 1) : 0;
  // From both ends, so that the last value is exactly `end`.
  for (int64_t i = 0; i < steps; i++)
    out[i] = i < steps / 2 || steps == 1 ? start + step * double(i) : end - step * double(steps - 1 - i);
  return y.to(dtype);
}

}  // namespace ef
