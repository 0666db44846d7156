// What pickle keeps of caches.
#pragma once
#include <pybind11/pybind11.h>

#include <memory>

#include "nn/recurrent_cache.h"

namespace ef {

pybind11::tuple state_of(const DynamicCache& cache);
void restore(DynamicCache& cache, const pybind11::tuple& state);
// DynamicCache(config=...) of a recurrent model is one of these.
pybind11::tuple state_of_recurrent(const RecurrentCache& cache);
std::shared_ptr<RecurrentCache> recurrent_from(const pybind11::tuple& state);

}  // namespace ef
