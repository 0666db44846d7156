#include "bindings/pickle_cache.h"

#include <pybind11/stl.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "bindings/bindings.h"

namespace ef {
namespace py = pybind11;

namespace {
using Optional = std::optional<Tensor>;
Optional optional(const Tensor& x) { return x.defined() ? Optional(x) : std::nullopt; }
Tensor tensor(const py::handle& x) { return x.is_none() ? Tensor() : x.cast<Tensor>(); }
}  // namespace

py::tuple state_of(const DynamicCache& cache) {
  const DynamicCache::Content content = cache.content();
  py::list layers;
  for (const KvView& at : content.layers)
    layers.append(py::make_tuple(at.keys.contiguous(), at.values.contiguous(), at.first));
  return py::make_tuple(content.windows, content.dtype, content.limit, content.records_past, layers);
}

void restore(DynamicCache& cache, const py::tuple& state) {
  DynamicCache::Content content{state[0].cast<std::vector<int64_t>>(),
                                state[1].cast<std::optional<DType>>(),
                                state[2].cast<int64_t>(),
                                state[3].cast<bool>(),
                                {}};
  constexpr int64_t kMost = int64_t(1) << 40;
  const auto sound = [](int64_t n) { return n >= 0 && n < kMost; };
  check<ConfigError>(sound(content.limit) && std::all_of(content.windows.begin(), content.windows.end(), sound) &&
                         (!content.dtype || is_floating(*content.dtype)),
                     "cache: a limit, a window or a dtype that no cache has; damaged file?");
  for (const py::handle layer : state[4]) {
    const auto [keys, values, first] = layer.cast<std::tuple<Tensor, Tensor, int64_t>>();
    check<ShapeError>(keys.dim() == 4 && values.dim() == 4 && keys.size(0) == values.size(0) &&
                          keys.size(1) == values.size(1) && keys.size(2) == values.size(2),
                      "cache: found keys ", keys.shape(), " and values ", values.shape(),
                      ", needed [batch, heads, positions, head_dim]");
    check<ConfigError>(is_floating(keys.dtype()) && keys.dtype() == values.dtype() && sound(first),
                       "cache: keys or values of another dtype or position than any cache has; damaged file?");
    content.layers.push_back({keys, values, first, {}, {}});
  }
  cache.set_content(content);
}

py::tuple state_of_recurrent(const RecurrentCache& cache) {
  std::vector<bool> recurrent;
  for (int i = 0; i < cache.layers(); i++) recurrent.push_back(cache.recurrent(i));
  py::list states;
  for (const auto& s : cache.states()) states.append(py::make_tuple(optional(s.conv), optional(s.state)));
  return py::make_tuple(state_of(cache), recurrent, states, cache.seen());
}

std::shared_ptr<RecurrentCache> recurrent_from(const py::tuple& state) {
  const auto recurrent = state[1].cast<std::vector<bool>>();
  auto cache = std::make_shared<RecurrentCache>(recurrent);
  restore(*cache, state[0].cast<py::tuple>());
  std::vector<RecurrentCache::State> states;
  for (const py::handle s : state[2]) {
    const auto pair = s.cast<py::tuple>();
    states.push_back({tensor(pair[0]), tensor(pair[1])});
  }
  check<ShapeError>(states.size() == recurrent.size(), "cache: found ", states.size(), " states, needed ",
                    recurrent.size());
  cache->set_states(std::move(states), state[3].cast<int64_t>());
  return cache;
}

}  // namespace ef
