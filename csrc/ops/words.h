// Moving elements whose bytes, not values, matter.
#pragma once
#include "ops/helpers.h"

namespace ef {

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

inline void check_same_dtype(const char* where, const Tensor& x, const Tensor& src) {
  check<DtypeError>(x.dtype() == src.dtype(), where, "(): Expected self.dtype to be equal to src.dtype, got ",
                    scalar_name(x.dtype()), " and ", scalar_name(src.dtype()));
}

}  // namespace ef
