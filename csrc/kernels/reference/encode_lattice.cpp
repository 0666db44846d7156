#include "kernels/reference/encode_lattice.h"

#include <algorithm>

namespace ef {

Lattice::Lattice(QuantGrid grid, int count, int length, int levels, int shells)
    : count_(count), length_(length), levels_(levels) {
  const int8_t* values = quant_grid(grid);
  std::vector<int8_t> ascending(values, values + count * length);
  std::sort(ascending.begin(), ascending.end());
  ascending.erase(std::unique(ascending.begin(), ascending.end()), ascending.end());
  for (int i = 0; i < count * length; i++)
    digits_.push_back(int8_t(std::lower_bound(ascending.begin(), ascending.end(), values[i]) - ascending.begin()));
  size_t codes = 1;
  for (int i = 0; i < length; i++) codes *= size_t(levels);
  index_.assign(codes, -1);
  for (int i = 0; i < count; i++) index_[code(point(i))] = i;
  std::vector<int> distance(static_cast<size_t>(count));
  std::vector<int8_t> at(static_cast<size_t>(length));
  for (size_t c = 0; c < codes; c++) {
    begin_.push_back(uint32_t(near_.size()));
    if (index_[c] >= 0) continue;
    for (size_t i = 0, rest = c; i < at.size(); i++, rest /= size_t(levels)) at[i] = int8_t(rest % size_t(levels));
    std::vector<int> nearest;  // the smallest distances, ascending
    for (int p = 0; p < count; p++) {
      int d = 0;
      for (int i = 0; i < length; i++) d += (point(p)[i] - at[size_t(i)]) * (point(p)[i] - at[size_t(i)]);
      distance[size_t(p)] = d;
      const auto place = std::lower_bound(nearest.begin(), nearest.end(), d);
      if (place != nearest.end() && *place == d) continue;
      nearest.insert(place, d);
      if (int(nearest.size()) > shells) nearest.pop_back();
    }
    for (const int d : nearest)
      for (int p = 0; p < count; p++)
        if (distance[size_t(p)] == d) near_.push_back(uint16_t(p));
  }
  begin_.push_back(uint32_t(near_.size()));
}

}  // namespace ef
