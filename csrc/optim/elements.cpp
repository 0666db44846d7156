#include "optim/elements.h"

#include "kernels/kernels.h"

namespace ef::optim {
namespace {

// To and from double, element by element; everything else has a kernel.
template <class F>
void visit_floating(DType dtype, F&& f) {
  if (dtype == DType::Float32)
    f(float());
  else if (dtype == DType::BFloat16)
    f(bfloat16());
  else
    f(float16());
}

}  // namespace

Item::Item(const Arrays& arrays, const char* where) {
  check<ConfigError>(arrays.size() >= 2 && arrays.size() <= kMaxArrays, where, ": found ", arrays.size(),
                     " arrays of a parameter, needed 2 to ", kMaxArrays);
  for (size_t k = 0; k < arrays.size(); k++) {
    const char* what = k == 0 ? "parameter" : k == kGradient ? "gradient" : "state";
    check<ConfigError>(arrays[k].defined(), where, ": a parameter has no ", what);
    const Tensor x = arrays[k].detach();
    check<ShapeError>(x.shape() == arrays[0].shape(), where, ": found a ", what, " of shape ", x.shape(),
                      ", its parameter has ", arrays[0].shape(), "; was the parameter resized?");
    check<DtypeError>(is_floating(x.dtype()) && is_computable(x.dtype()), where, ": found a ", what, " of ",
                      dtype_name(x.dtype()), ", needed float32, float64, bfloat16 or float16");
    Tensor flat = x.contiguous();
    if (k == kGradient) {
      data_[k] = const_cast<void*>(flat.data_ptr());
    } else {
      if (!x.is_contiguous()) back_.emplace_back(x, flat);
      data_[k] = flat.mutable_data_ptr();
    }
    dtype_[k] = flat.dtype();
    wide_ = wide_ || flat.dtype() == DType::Float64;
    kept_.push_back(flat);
  }
}

void Item::write_back() {
  for (auto& [to, from] : back_) to.copy_(from);
}

void Item::widen(size_t k, int64_t begin, int64_t n, float* to) const {
  kernels().convert(n, address(k, begin), dtype_[k], to, DType::Float32);
}
void Item::narrow(size_t k, int64_t begin, int64_t n, const float* from) const {
  kernels().convert(n, from, DType::Float32, address(k, begin), dtype_[k]);
}
void Item::widen(size_t k, int64_t begin, int64_t n, double* to) const {
  visit_floating(dtype_[k], [&](auto tag) {
    const auto* from = reinterpret_cast<const decltype(tag)*>(address(k, begin));
    for (int64_t i = 0; i < n; i++) to[i] = float(from[i]);
  });
}
void Item::narrow(size_t k, int64_t begin, int64_t n, const double* from) const {
  visit_floating(dtype_[k], [&](auto tag) {
    auto* to = reinterpret_cast<decltype(tag)*>(address(k, begin));
    for (int64_t i = 0; i < n; i++) to[i] = decltype(tag)(float(from[i]));
  });
}

}  // namespace ef::optim
