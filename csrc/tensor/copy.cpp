// Copies, conversions, fills and the sum that undoes broadcasting.
#include <cstring>

#include "kernels/kernels.h"
#include "kernels/rowwise.h"
#include "tensor/elementwise.h"

namespace ef {
namespace {

bool float_kernel(DType d) { return is_floating(d) && is_computable(d); }

StridedLoop<2> pair_loop(Tensor& dst, const Tensor& src) {
  return StridedLoop<2>(
      dst.shape(),
      {static_cast<char*>(const_cast<void*>(dst.data_ptr())), static_cast<char*>(const_cast<void*>(src.data_ptr()))},
      {broadcast_strides(dst, dst.shape()), broadcast_strides(src, dst.shape())});
}

// Same dtype: bytes move as they are, whatever they mean.
template <class Word>
void copy_words(Tensor& dst, const Tensor& src) {
  const StridedLoop<2> loop = pair_loop(dst, src);
  constexpr auto size = int64_t(sizeof(Word));
  loop.run(kGrain, [](char* const* at, const int64_t* step, int64_t n) {
    if (step[0] == size && step[1] == size) {
      std::memcpy(at[0], at[1], size_t(n * size));
    } else {
      for (int64_t i = 0; i < n; i++) std::memcpy(at[0] + i * step[0], at[1] + i * step[1], sizeof(Word));
    }
  });
}

bool unit_rows(const Tensor& x) { return x.dim() && x.stride(x.dim() - 1) == 1; }

// Among f32, bf16 and f16, both with contiguous rows: the kernels convert a row at a time.
void convert_rows(Tensor& dst, const Tensor& src) {
  const StridedLoop<2> loop = pair_loop(dst, src);
  const auto convert = kernels().convert;
  const auto to_size = int64_t(dst.element_size()), from_size = int64_t(src.element_size());
  loop.run(kGrain, [&](char* const* at, const int64_t* step, int64_t n) {
    if (step[0] == to_size && step[1] == from_size)
      convert(n, at[1], src.dtype(), at[0], dst.dtype());
    else  // rows of one element
      for (int64_t i = 0; i < n; i++) convert(1, at[1] + i * step[1], src.dtype(), at[0] + i * step[0], dst.dtype());
  });
}

// A transposed copy reads far apart or writes far apart whichever way it goes by rows: 16 x 16 tiles keep both in
// cache.
template <class Word>
void transpose_tiles(Tensor& dst, const Tensor& src,
                     int d) {  // src runs along d where dst runs along its last dimension
  constexpr int64_t tile = 16;
  const int last = dst.dim() - 1;
  const int64_t rows = dst.size(d), columns = dst.size(last), row_tiles = (rows + tile - 1) / tile;
  Shape outer = dst.shape();
  outer[d] = outer[last] = 1;
  const int64_t planes = numel(outer);
  parallel_for(planes * row_tiles, std::max<int64_t>(1, kGrain / (tile * columns)), [&](int64_t begin, int64_t end) {
    for (int64_t job = begin; job < end; job++) {
      int64_t plane = job / row_tiles;
      const int64_t first = job % row_tiles * tile, stop = std::min(rows, first + tile);
      const Word* from = static_cast<const Word*>(src.data_ptr());
      Word* to = static_cast<Word*>(const_cast<void*>(dst.data_ptr()));
      for (int k = last; k >= 0; k--) {
        const int64_t i = plane % outer[k];
        plane /= outer[k];
        from += i * src.stride(k);
        to += i * dst.stride(k);
      }
      const int64_t across = src.stride(last), down = dst.stride(d);
      for (int64_t c = 0; c < columns; c += tile)
        for (int64_t r = first; r < stop; r++)
          for (int64_t j = c; j < std::min(columns, c + tile); j++) to[r * down + j] = from[r + j * across];
    }
  });
}
// The dimension along which src is contiguous, when that is not dst's last and both are long enough to care; else -1.
int transposed_dim(const Tensor& dst, const Tensor& src) {
  const int last = dst.dim() - 1;
  if (last < 1 || !(src.shape() == dst.shape()) || dst.stride(last) != 1 || src.stride(last) <= 1 ||
      dst.size(last) < 16)
    return -1;
  for (int d = 0; d < last; d++)
    if (src.stride(d) == 1 && src.size(d) >= 16) return d;
  return -1;
}

void copy_values(Tensor& dst, const Tensor& src) {
  if (dst.numel() == 0) {
    broadcast_strides(src, dst.shape());  // still an error when the shapes do not fit
    return;
  }
  if (dst.dtype() == src.dtype()) {
    const int d = transposed_dim(dst, src);
    if (d >= 0 && dst.element_size() == 4) return transpose_tiles<uint32_t>(dst, src, d);
    if (d >= 0 && dst.element_size() == 2) return transpose_tiles<uint16_t>(dst, src, d);
    switch (dst.element_size()) {
      case 1:
        return copy_words<uint8_t>(dst, src);
      case 2:
        return copy_words<uint16_t>(dst, src);
      case 4:
        return copy_words<uint32_t>(dst, src);
      default:
        return copy_words<uint64_t>(dst, src);
    }
  }
  const bool wide = src.dtype() == DType::Float64 || dst.dtype() == DType::Float64;
  const bool floats = float_kernel(dst.dtype()) && float_kernel(src.dtype()) && dst.shape() == src.shape();
  if (floats && dst.is_contiguous() && src.is_contiguous()) {
    rowwise::convert(dst.numel(), src.data_ptr(), src.dtype(), const_cast<void*>(dst.data_ptr()), dst.dtype());
    return;
  }
  if (floats && !wide && unit_rows(dst) && unit_rows(src)) return convert_rows(dst, src);
  // Integers pass through int64, so that large ones keep their value; the narrower float type would round twice.
  const bool whole = !is_floating(src.dtype());
  visit_compute(whole  ? DType::Int64
                : wide ? DType::Float64
                       : DType::Float32,
                "copy", [&](auto tag) {
                  using C = typename decltype(tag)::type;
                  map_into<C>(
                      dst, kGrain, [](C v) { return v; }, src);
                });
}

void check_writable(const Tensor& y) {
  for (int d = 0; d < y.dim(); d++)
    check<Error>(y.strides()[d] != 0 || y.shape()[d] <= 1,
                 "unsupported operation: more than one element of the written-to tensor refers to a single memory "
                 "location. Please clone() the tensor before performing the operation.");
}

}  // namespace

void copy_data(Tensor& dst, const Tensor& src) {
  check_writable(dst);
  dst.mutable_data_ptr();
  const bool overlap = dst.shares_storage(src) && !(dst.offset() == src.offset() && dst.strides() == src.strides() &&
                                                    dst.dtype() == src.dtype() && dst.shape() == src.shape());
  copy_values(dst, overlap ? src.detach().clone() : src);
}

Tensor Tensor::clone() const {
  Tensor y = empty(shape(), dtype());
  copy_values(y, *this);
  if (requires_grad()) impl_->autograd->record("CloneBackward0", y, *this, false, [](const Tensor& dy) { return dy; });
  return y;
}

Tensor Tensor::contiguous() const { return is_contiguous() ? *this : clone(); }

Tensor Tensor::to(DType dtype) const {
  if (dtype == this->dtype()) return *this;
  Tensor y = empty(shape(), dtype);
  copy_values(y, *this);
  if (requires_grad() && is_floating(dtype))
    impl_->autograd->record("ToCopyBackward0", y, *this, false,
                            [from = this->dtype()](const Tensor& dy) { return dy.to(from); });
  return y;
}

Tensor& Tensor::copy_(const Tensor& src) {
  if (same(src)) return *this;
  if (src.requires_grad())
    src.impl()->autograd->record_write(*this, src);
  else if (requires_grad())
    impl_->autograd->record_write(*this, src);
  copy_data(*this, src);
  return *this;
}

Tensor& Tensor::fill_(Scalar value) {
  if (requires_grad()) impl_->autograd->record_write(*this, Tensor());
  check_writable(*this);
  if (numel() == 0) return *this;
  visit_compute(dtype(), "fill_", [&](auto tag) {
    using C = typename decltype(tag)::type;
    const C v = dtype() == DType::Bool ? C(value.to_bool()) : value.to<C>();
    map_into<C>(*this, kGrain, [v] { return v; });
  });
  return *this;
}

void add_to(Tensor y, const Tensor& x) {
  if (y.dtype() == DType::Float32 && x.dtype() == DType::Float32 && y.shape() == x.shape() && y.is_contiguous() &&
      x.is_contiguous()) {
    float* sum = y.mutable_data<float>();
    return rowwise::add<float>(y.numel(), sum, x.data<float>(), sum);
  }
  visit_compute(y.dtype(), "add", [&](auto tag) {
    using C = typename decltype(tag)::type;
    const Tensor before = y.detach();
    map_into<C>(
        y, kGrain, [](C a, C b) { return a + b; }, before, x);
  });
}

// Sums x over everything but the last `inner` elements: x is [outer, inner], contiguous.
static Tensor sum_outer(const Tensor& x, int64_t outer, int64_t inner) {
  Tensor y = Tensor::zeros({inner}, x.dtype());
  visit_compute(x.dtype(), "sum", [&](auto tag) {
    using C = typename decltype(tag)::type;
    if constexpr (std::is_floating_point_v<C>) {
      if (x.dtype() == dtype_of<C>) {
        if (inner == 1)
          *y.mutable_data<C>() = C(rowwise::sum<C>(outer, x.data<C>()));
        else
          rowwise::column_sum<C>(outer, inner, x.data<C>(), inner, y.mutable_data<C>(), false);
        return;
      }
    }
    using Sum = std::conditional_t<std::is_same_v<C, int64_t>, int64_t, double>;
    const auto size = int64_t(x.element_size());
    const auto* base = static_cast<const char*>(x.data_ptr());
    auto* out = static_cast<char*>(y.mutable_data_ptr());
    parallel_for(inner, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, outer)), [&](int64_t begin, int64_t end) {
      for (; begin < end; begin += kChunk) {
        const int64_t n = std::min(kChunk, end - begin);
        Sum sum[kChunk] = {}, row[kChunk];
        for (int64_t r = 0; r < outer; r++) {
          load_row(x.dtype(), base + (r * inner + begin) * size, size, n, row);
          for (int64_t i = 0; i < n; i++) sum[i] += row[i];
        }
        store_row(x.dtype(), out + begin * size, size, n, sum);
      }
    });
  });
  return y;
}

// Sums the rows of x: [rows, n], contiguous.
static Tensor sum_rows(const Tensor& x, int64_t rows, int64_t n) {
  Tensor y = Tensor::empty({rows}, x.dtype());
  visit_compute(x.dtype(), "sum", [&](auto tag) {
    using C = typename decltype(tag)::type;
    if constexpr (std::is_floating_point_v<C>)
      if (x.dtype() == dtype_of<C>) return rowwise::row_sum<C>(rows, n, x.data<C>(), n, y.mutable_data<C>());
    using Sum = std::conditional_t<std::is_same_v<C, int64_t>, int64_t, double>;
    const auto size = int64_t(x.element_size());
    const auto* base = static_cast<const char*>(x.data_ptr());
    auto* out = static_cast<char*>(y.mutable_data_ptr());
    parallel_for(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)), [&](int64_t begin, int64_t end) {
      Sum row[kChunk];
      for (int64_t r = begin; r < end; r++) {
        Sum sum = 0;
        for (int64_t i = 0; i < n; i += kChunk) {
          const int64_t m = std::min(kChunk, n - i);
          load_row(x.dtype(), base + (r * n + i) * size, size, m, row);
          for (int64_t j = 0; j < m; j++) sum += row[j];
        }
        store_row(x.dtype(), out + r * size, size, 1, &sum);
      }
    });
  });
  return y;
}

Tensor sum_to(const Tensor& given, const Shape& shape) {
  Tensor x = given.detach();
  if (x.shape() == shape) return x;
  // Bring what was repeated to the front, or leave it at the back when it lies there, then add those rows up.
  const int shift = x.dim() - shape.size();
  Dims order, kept;
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < x.dim(); d++) {
    const bool repeated = d < shift || (shape[d - shift] == 1 && x.shape()[d] != 1);
    if (!repeated)
      check<ShapeError>(x.shape()[d] == shape[d - shift], "sum_to: ", x.shape(), " does not come from ", shape);
    if (repeated) {
      order.push_back(d);
      outer *= x.shape()[d];
    } else {
      kept.push_back(d);
      inner *= x.shape()[d];
    }
  }
  Dims back = kept;
  for (int64_t d : order) back.push_back(d);
  for (int64_t d : kept) order.push_back(d);
  if (numel(shape) == 0) return Tensor::zeros(shape, x.dtype());
  if (outer == 0) return Tensor::zeros(shape, x.dtype());
  if (inner > 1 && x.permute(back).is_contiguous()) return sum_rows(x, inner, outer).view(shape);
  return sum_outer(x.permute(order).contiguous(), outer, inner).view(shape);
}

}  // namespace ef
