#include "tensor/tensor.h"

#include <cmath>
#include <cstring>

#include "tensor/elementwise.h"

namespace ef {
namespace {

int64_t checked_bytes(const Shape& shape, DType dtype) {
  for (int64_t d : shape) check<ShapeError>(d >= 0, "Trying to create tensor with negative dimension ", d, ": ", shape);
  int64_t n = 0, bytes = 0;
  check<ShapeError>(checked_numel(shape, n) && !__builtin_mul_overflow(n, int64_t(item_size(dtype)), &bytes),
                    "tensor: the number of bytes of shape ", shape, " overflows 64 bits");
  return bytes;
}

Tensor make(std::shared_ptr<Storage> storage, const Shape& shape, const Strides& strides, int64_t offset, DType dtype) {
  auto impl = std::make_shared<TensorImpl>();
  impl->storage = std::move(storage);
  impl->shape = shape;
  impl->strides = strides;
  impl->offset = offset;
  impl->numel = numel(shape);
  impl->dtype = dtype;
  return Tensor(std::move(impl));
}

}  // namespace

Tensor Tensor::empty(const Shape& shape, DType dtype) {
  const int64_t bytes = checked_bytes(shape, dtype);
  return make(Storage::allocate(size_t(bytes)), shape, contiguous_strides(shape), 0, dtype);
}

Tensor Tensor::zeros(const Shape& shape, DType dtype) {
  Tensor y = empty(shape, dtype);
  constexpr int64_t piece = 1 << 20;
  auto* bytes = static_cast<char*>(y.storage()->data());
  parallel_for(int64_t(y.nbytes()), piece, [&](int64_t b, int64_t e) { std::memset(bytes + b, 0, size_t(e - b)); });
  return y;
}

Tensor Tensor::ones(const Shape& shape, DType dtype) { return full(shape, 1, dtype); }
Tensor Tensor::full(const Shape& shape, Scalar value, DType dtype) {
  Tensor y = empty(shape, dtype);
  y.fill_(value);
  return y;
}
Tensor Tensor::scalar(Scalar value, DType dtype) { return full({}, value, dtype); }
Tensor Tensor::scalar(Scalar value) {
  return scalar(value, value.is_float() ? DType::Float32 : value.is_bool() ? DType::Bool : DType::Int64);
}

Tensor Tensor::arange(Scalar start, Scalar end, Scalar step, DType dtype) {
  const double s = step.to_double();
  check<ConfigError>(s != 0 && std::isfinite(s), "step must be nonzero");
  check<ConfigError>(std::isfinite(start.to_double()) && std::isfinite(end.to_double()),
                     "unsupported range: ", start.to_double(), " -> ", end.to_double());
  check<ConfigError>((end.to_double() - start.to_double()) * s >= 0,
                     "upper bound and lower bound inconsistent with step sign");
  const bool whole = !start.is_float() && !end.is_float() && !step.is_float();
  int64_t n;
  if (whole) {
    const __int128 span = __int128(end.to_int()) - start.to_int(), by = step.to_int();
    n = int64_t((span + by - (by > 0 ? 1 : -1)) / by);
  } else {
    const double count = std::ceil((end.to_double() - start.to_double()) / s);
    check<ConfigError>(count < 0x1p60, "arange: ", count, " elements are too many");
    n = int64_t(count);
  }
  Tensor y = empty({n}, dtype);
  visit_compute(dtype, "arange", [&](auto tag) {
    using C = typename decltype(tag)::type;
    // Real steps are multiplied out in double, so that errors don't add up.
    using W = std::conditional_t<std::is_same_v<C, int64_t>, int64_t, double>;
    const W first = start.to<W>(), by = step.to<W>();
    auto* out = static_cast<char*>(y.mutable_data_ptr());
    const auto size = int64_t(item_size(dtype));
    parallel_for(n, kGrain, [&](int64_t begin, int64_t stop) {
      C row[kChunk];
      for (; begin < stop; begin += kChunk) {
        const int64_t m = std::min(kChunk, stop - begin);
        for (int64_t i = 0; i < m; i++) row[i] = C(first + W(begin + i) * by);
        store_row(dtype, out + begin * size, size, m, row);
      }
    });
  });
  return y;
}

template <class T>
Tensor Tensor::from_data(std::span<const T> values, const Shape& shape) {
  Tensor y = empty(shape, dtype_of<T>);
  check<ShapeError>(int64_t(values.size()) == y.numel(), "shape '", shape, "' is invalid for input of size ",
                    values.size());
  if (y.numel()) std::memcpy(y.mutable_data_ptr(), values.data(), y.nbytes());
  return y;
}
template Tensor Tensor::from_data(std::span<const float>, const Shape&);
template Tensor Tensor::from_data(std::span<const double>, const Shape&);
template Tensor Tensor::from_data(std::span<const float16>, const Shape&);
template Tensor Tensor::from_data(std::span<const bfloat16>, const Shape&);
template Tensor Tensor::from_data(std::span<const int64_t>, const Shape&);
template Tensor Tensor::from_data(std::span<const int32_t>, const Shape&);
template Tensor Tensor::from_data(std::span<const int16_t>, const Shape&);
template Tensor Tensor::from_data(std::span<const int8_t>, const Shape&);
template Tensor Tensor::from_data(std::span<const uint8_t>, const Shape&);
template Tensor Tensor::from_data(std::span<const bool>, const Shape&);

Tensor Tensor::external(void* data, const Shape& shape, DType dtype, std::shared_ptr<const void> owner, bool read_only,
                        std::optional<Strides> strides) {
  checked_bytes(shape, dtype);
  const Strides steps = strides.value_or(contiguous_strides(shape));
  check<ShapeError>(steps.size() == shape.size(), "tensor: ", steps.size(), " strides for ", shape.size(),
                    " dimensions");
  int64_t span = 1;  // elements from the first to the last
  for (int d = 0; d < shape.size(); d++) {
    check<ShapeError>(steps[d] >= 0, "tensor: negative strides are not supported; make a copy of the array first");
    if (shape[d] == 0) span = 0;
  }
  if (span)
    for (int d = 0; d < shape.size(); d++) span += (shape[d] - 1) * steps[d];
  auto storage = Storage::external(data, size_t(span) * item_size(dtype), std::move(owner), read_only);
  return make(std::move(storage), shape, steps, 0, dtype);
}

Tensor Tensor::from_storage(std::shared_ptr<Storage> storage, const Shape& shape, const Strides& strides,
                            int64_t offset, DType dtype) {
  checked_bytes(shape, dtype);
  check<ShapeError>(strides.size() == shape.size(), "tensor: ", strides.size(), " strides for ", shape.size(),
                    " dimensions");
  int64_t last = offset;
  bool fits = offset >= 0, empty = false;
  for (int d = 0; d < shape.size(); d++) {
    int64_t reach = 0;
    empty |= shape[d] == 0;
    fits = fits && strides[d] >= 0 && !__builtin_mul_overflow(shape[d] - 1, strides[d], &reach) &&
           !__builtin_add_overflow(last, reach, &last);
  }
  int64_t end = 0;
  fits = fits && !__builtin_add_overflow(last, 1, &last) &&
         !__builtin_mul_overflow(last, int64_t(item_size(dtype)), &end) && (empty || end <= int64_t(storage->nbytes()));
  check<ShapeError>(fits, "setStorage: sizes ", shape, ", strides ", strides, ", storage offset ", offset, " of ",
                    dtype_name(dtype), " are out of bounds for storage of size ", storage->nbytes());
  return make(std::move(storage), shape, strides, offset, dtype);
}

bool Tensor::is_contiguous() const {
  int64_t step = 1;
  for (int d = dim() - 1; d >= 0; d--) {
    const int64_t extent = impl_->shape[d];
    if (extent == 0) return true;
    if (extent != 1 && impl_->strides[d] != step) return false;
    step *= extent;
  }
  return true;
}

int Tensor::wrap_dim(int64_t d) const {
  const int64_t n = std::max(dim(), 1);  // a 0-dim tensor answers to 0 and -1
  check<IndexError>(d >= -n && d < n, "Dimension out of range (expected to be in range of [", -n, ", ", n - 1,
                    "], but got ", d, ")");
  return int(d < 0 ? d + n : d);
}

void Tensor::wrong_dtype(DType wanted) const {
  fail<DtypeError>("expected scalar type ", dtype_name(wanted), " but found ", dtype_name(dtype()));
}

void* Tensor::mutable_data_ptr() {
  check<Error>(!read_only(),
               "tensor: its memory is read-only (a mapped file or a borrowed array), a write needs its "
               "own; call clone() first");
  impl_->storage->bump_version();
  return const_cast<void*>(data_ptr());
}

Scalar Tensor::item() const {
  check<Error>(numel() == 1, "a Tensor with ", numel(), " elements cannot be converted to Scalar");
  if (dtype() == DType::Bool) return *static_cast<const uint8_t*>(data_ptr()) != 0;
  return visit_compute(dtype(), "item", [&](auto tag) -> Scalar {
    typename decltype(tag)::type value;
    load_row(dtype(), static_cast<const char*>(data_ptr()), 0, 1, &value);
    return value;
  });
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  const Tensor x = detach().to(dtype_of<T>).contiguous();
  const T* values = x.data<T>();
  return std::vector<T>(values, values + x.numel());
}
template std::vector<float> Tensor::to_vector() const;
template std::vector<double> Tensor::to_vector() const;
template std::vector<int64_t> Tensor::to_vector() const;
template std::vector<int32_t> Tensor::to_vector() const;
template std::vector<uint8_t> Tensor::to_vector() const;
template std::vector<bool> Tensor::to_vector() const;

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const int n = std::max(a.size(), b.size());
  Shape out;
  for (int d = 0; d < n; d++) {
    const int i = d - (n - a.size()), j = d - (n - b.size());
    const int64_t x = i < 0 ? 1 : a[i], y = j < 0 ? 1 : b[j];
    check<ShapeError>(x == y || x == 1 || y == 1, "The size of tensor a (", x, ") must match the size of tensor b (", y,
                      ") at non-singleton dimension ", d);
    out.push_back(x == 1 ? y : x);
  }
  return out;
}

namespace {
int category(DType d) { return d == DType::Bool ? 0 : is_floating(d) ? 2 : 1; }
}  // namespace

DType result_type(const Tensor& a, const Tensor& b) {
  const DType x = a.dtype(), y = b.dtype();
  if (x == y) return x;
  // A 0-dim tensor counts only when its category is higher than that of the tensor with dimensions.
  if ((a.dim() == 0) != (b.dim() == 0)) {
    const DType dimmed = a.dim() ? x : y, zero = a.dim() ? y : x;
    return category(dimmed) >= category(zero) ? dimmed : promote_types(dimmed, zero);
  }
  return promote_types(x, y);
}
DType result_type(const Tensor& a, Scalar b) {
  if (b.is_float() && !is_floating(a.dtype())) return DType::Float32;
  if (!b.is_bool() && a.dtype() == DType::Bool) return b.is_float() ? DType::Float32 : DType::Int64;
  return a.dtype();
}

}  // namespace ef
