// The reduced dimensions of a tensor as the rows of a matrix.
#pragma once
#include "tensor/tensor.h"

namespace ef {

struct Reduced {
  Dims dims;         // non-negative
  Dims order;        // the kept dimensions, then the reduced ones
  Shape kept, keep;  // result shapes without and with keepdim
  Shape permuted;
  int64_t outer = 1, n = 1;

  Reduced(const Tensor& x, const Dims& asked) {
    bool reduced[Dims::kMaxDims] = {};
    for (int64_t d : asked) {
      const int w = x.wrap_dim(d);
      check<ShapeError>(!reduced[w], "dim ", w, " appears multiple times in the list of dims");
      reduced[w] = true;
    }
    for (int d = 0; d < x.dim(); d++) {
      if (asked.empty()) reduced[d] = true;
      keep.push_back(reduced[d] ? 1 : x.size(d));
      if (reduced[d]) {
        dims.push_back(d);
        n *= x.size(d);
      } else {
        kept.push_back(x.size(d));
        order.push_back(d);
        outer *= x.size(d);
      }
    }
    for (int64_t d : dims) order.push_back(d);
    for (int64_t d : order) permuted.push_back(x.size(int(d)));
  }
  Tensor rows(const Tensor& x) const { return x.permute(order).reshape({outer, n}); }
  Tensor restore(const Tensor& rows) const {  // the opposite of rows()
    Dims back = order;
    for (int d = 0; d < order.size(); d++) back[int(order[d])] = d;
    return rows.view(permuted).permute(back);
  }
};

}  // namespace ef
