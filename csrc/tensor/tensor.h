// Tensor: a cheap handle to shape, strides, dtype and a shared Storage. Copies of a handle are the same tensor.
//
// Every method that returns a tensor records its gradient when the tensor requires one (through AutogradMeta, which
// the autograd layer implements), so views may be used freely in forward code. Views never copy.
#pragma once
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/dtype.h"
#include "core/shape.h"
#include "tensor/scalar.h"
#include "tensor/storage.h"

namespace ef {

class Tensor;

// What autograd keeps in a tensor. The tensor layer only asks it to record views and copies, and to admit writes.
struct AutogradMeta {
  virtual ~AutogradMeta() = default;
  using ViewBackward = std::function<Tensor(const Tensor& dy)>;
  // y = f(x), where backward gives dx from dy. is_view: y shares x's memory.
  virtual void record(const char* name, Tensor& y, const Tensor& x, bool is_view, ViewBackward backward) = 0;
  // y is about to be overwritten (src may be undefined): raises where torch would, else records the copy.
  virtual void record_write(Tensor& y, const Tensor& src) = 0;
  virtual bool requires_grad() const = 0;
};

struct TensorImpl {
  std::shared_ptr<Storage> storage;
  Shape shape;
  Strides strides;     // in elements; an expanded dimension has stride 0
  int64_t offset = 0;  // in elements
  int64_t numel = 0;
  DType dtype = DType::Float32;
  std::unique_ptr<AutogradMeta> autograd;
  bool is_parameter = false;  // nn.Parameter, for isinstance in Python
};

class Tensor {
 public:
  Tensor() = default;  // undefined

  // --- making -------------------------------------------------------------------------------------------------
  static Tensor empty(const Shape& shape, DType dtype = DType::Float32);
  static Tensor zeros(const Shape& shape, DType dtype = DType::Float32);
  static Tensor ones(const Shape& shape, DType dtype = DType::Float32);
  static Tensor full(const Shape& shape, Scalar value, DType dtype = DType::Float32);
  static Tensor scalar(Scalar value, DType dtype);  // 0-dim
  static Tensor scalar(Scalar value);               // bool, int64 or float32, after the scalar's kind
  static Tensor arange(Scalar start, Scalar end, Scalar step = 1, DType dtype = DType::Int64);
  static Tensor arange(int64_t end) { return arange(0, end); }
  template <class T>
  static Tensor from_data(std::span<const T> values, const Shape& shape);  // copies
  template <class T>
  static Tensor from_data(const std::vector<T>& values, const Shape& shape) {
    return from_data(std::span<const T>(values), shape);
  }
  template <class T>
  static Tensor from_data(const std::vector<T>& values) {
    return from_data(std::span<const T>(values), Shape{int64_t(values.size())});
  }
  template <class T>
  static Tensor from_data(std::initializer_list<T> values, const Shape& shape) {
    return from_data(std::span<const T>(values.begin(), values.size()), shape);
  }
  // Borrowed memory; owner keeps it alive. Writing to a read-only tensor raises.
  static Tensor external(void* data, const Shape& shape, DType dtype, std::shared_ptr<const void> owner, bool read_only,
                         std::optional<Strides> strides = std::nullopt);
  // All parts given; the region that shape and strides span must lie inside the storage (checked).
  static Tensor from_storage(std::shared_ptr<Storage> storage, const Shape& shape, const Strides& strides,
                             int64_t offset, DType dtype);

  // --- looking ------------------------------------------------------------------------------------------------
  bool defined() const { return impl_ != nullptr; }
  explicit operator bool() const = delete;  // write defined() or item<bool>()
  const Shape& shape() const { return impl_->shape; }
  const Strides& strides() const { return impl_->strides; }
  int dim() const { return impl_->shape.size(); }
  int64_t size(int d) const { return impl_->shape[wrap_dim(d)]; }  // negative d counts from the end
  int64_t stride(int d) const { return impl_->strides[wrap_dim(d)]; }
  int64_t numel() const { return impl_->numel; }
  int64_t offset() const { return impl_->offset; }
  DType dtype() const { return impl_->dtype; }
  size_t element_size() const { return item_size(dtype()); }
  size_t nbytes() const { return size_t(numel()) * element_size(); }
  bool is_floating_point() const { return is_floating(dtype()); }
  bool is_contiguous() const;
  bool read_only() const { return impl_->storage->read_only(); }
  const std::shared_ptr<Storage>& storage() const { return impl_->storage; }
  bool same(const Tensor& other) const { return impl_ == other.impl_; }  // the same tensor, not equal values
  bool shares_storage(const Tensor& other) const { return impl_->storage == other.impl_->storage; }
  int wrap_dim(int64_t d) const;  // IndexError "Dimension out of range (expected to be in range of [-2, 1], but got 3)"

  // Pointers for reading. `mutable_data` is for writing: raises on read-only memory and moves the version.
  const void* data_ptr() const {
    return static_cast<const char*>(impl_->storage->data()) + impl_->offset * int64_t(item_size(impl_->dtype));
  }
  void* mutable_data_ptr();
  template <class T>
  const T* data() const {
    check_dtype(dtype_of<T>);
    return static_cast<const T*>(data_ptr());
  }
  template <class T>
  T* mutable_data() {
    check_dtype(dtype_of<T>);
    return static_cast<T*>(mutable_data_ptr());
  }
  Scalar item() const;  // the only element; RuntimeError text of torch otherwise
  template <class T>
  T item() const {
    return item().to<T>();
  }
  template <class T>
  std::vector<T> to_vector() const;  // row-major copy, converted to T

  // --- autograd in brief (the rest is in autograd/autograd.h) ----------------------------------------------------
  bool requires_grad() const { return impl_->autograd && impl_->autograd->requires_grad(); }
  Tensor detach() const;  // shares memory, no history

  // --- views --------------------------------------------------------------------------------------------------
  Tensor view(const Shape& shape) const;     // one extent may be -1; raises when strides do not allow it
  Tensor reshape(const Shape& shape) const;  // view where possible, else a copy
  Tensor view_dtype(DType dtype) const;      // the same bytes read as another dtype; no gradient
  Tensor permute(const Dims& order) const;
  Tensor transpose(int a, int b) const;
  Tensor t() const;  // 2-D transpose
  Tensor unsqueeze(int dim) const;
  Tensor squeeze() const;
  Tensor squeeze(int dim) const;
  Tensor expand(const Shape& shape) const;  // -1 keeps an extent
  Tensor narrow(int dim, int64_t start, int64_t length) const;
  Tensor select(int dim, int64_t index) const;
  Tensor slice(int dim, int64_t start, int64_t end, int64_t step = 1) const;  // Python's rules, step > 0
  Tensor flatten(int start = 0, int end = -1) const;
  Tensor unflatten(int dim, const Shape& sizes) const;
  Tensor unfold(int dim, int64_t size, int64_t step) const;  // windows as a new last dimension
  Tensor diagonal(int64_t offset = 0, int dim1 = 0, int dim2 = 1) const;
  Tensor as_strided(const Shape& shape, const Strides& strides, int64_t offset) const;  // no gradient

  // --- copies and writes ----------------------------------------------------------------------------------------
  Tensor contiguous() const;         // itself when it already is
  Tensor clone() const;              // contiguous copy
  Tensor to(DType dtype) const;      // itself when it already has it
  Tensor& copy_(const Tensor& src);  // broadcasts and converts
  Tensor& fill_(Scalar value);
  Tensor& zero_() { return fill_(0); }

  TensorImpl* impl() const { return impl_.get(); }
  const std::shared_ptr<TensorImpl>& impl_ptr() const { return impl_; }
  explicit Tensor(std::shared_ptr<TensorImpl> impl) : impl_(std::move(impl)) {}
  void reset() { impl_.reset(); }

 private:
  Tensor alias(const Shape& shape, const Strides& strides, int64_t offset) const;
  void check_dtype(DType wanted) const {
    if (impl_->dtype != wanted) [[unlikely]]
      wrong_dtype(wanted);
  }
  [[noreturn]] void wrong_dtype(DType wanted) const;
  std::shared_ptr<TensorImpl> impl_;
};

// Shape and dtype rules shared by all ops.
Shape broadcast_shapes(const Shape& a, const Shape& b);  // torch's error text on a mismatch
DType result_type(const Tensor& a, const Tensor& b);     // 0-dim tensors and scalars only change the category
DType result_type(const Tensor& a, Scalar b);
Tensor sum_to(const Tensor& x, const Shape& shape);  // adds up what broadcasting `shape` repeated; no history
void add_to(Tensor y, const Tensor& x);              // y += x, with broadcasting; no history
void copy_data(Tensor& dst, const Tensor& src);      // copy_ without history

}  // namespace ef
