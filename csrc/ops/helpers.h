// What several op files share.
#pragma once
#include <cmath>

#include "autograd/autograd.h"
#include "tensor/elementwise.h"

namespace ef {

const char* scalar_name(DType dtype);  // "Float", "Long", …: the words in torch's messages

// The dtype in which a real-valued function of x comes out: integers give float32.
inline DType real_type(DType d) { return is_floating(d) ? d : DType::Float32; }

// float or double as a tag; anything but f64 computes in float.
template <class F>
decltype(auto) visit_real(DType dtype, F&& f) {
  if (dtype == DType::Float64) return f(TypeTag<double>{});
  return f(TypeTag<float>{});
}
inline DType real_compute(DType dtype) { return dtype == DType::Float64 ? DType::Float64 : DType::Float32; }

// x as contiguous float or double data without history: what kernels read. No copy when it is that already.
inline Tensor kernel_input(const Tensor& x) { return x.detach().to(real_compute(x.dtype())).contiguous(); }
inline Tensor kernel_input(const Tensor& x, DType compute) { return x.detach().to(compute).contiguous(); }
inline Tensor like(const Tensor& x) { return Tensor::empty(x.shape(), x.dtype()); }

// Whether nobody else can see the memory of x: it may be written to.
inline bool unshared(const Tensor& x) { return x.impl_ptr().use_count() == 1 && x.storage().use_count() == 1; }

inline bool fast_f32(const Tensor& a) { return a.dtype() == DType::Float32 && a.is_contiguous(); }
inline bool fast_f32(const Tensor& a, const Tensor& b) { return fast_f32(a) && fast_f32(b) && a.shape() == b.shape(); }

}  // namespace ef
