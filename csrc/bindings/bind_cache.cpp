// Caches of keys and values, with the names of transformers' Cache classes and those that older scripts use.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/pickle_cache.h"
#include "nn/encoder_decoder_cache.h"
#include "nn/kv_cache.h"
#include "nn/quantized_cache.h"
#include "nn/recurrent_cache.h"
#include "ops/ops.h"

namespace ef {

namespace {

using CachePtr = std::shared_ptr<KvCache>;

int known_layer(const KvCache& cache, int layer) {
  const int at = layer < 0 ? layer + cache.layers() : layer;
  check<IndexError>(at >= 0 && at < cache.layers(), "cache: layer ", layer, ", the cache has ", cache.layers());
  return at;
}

// One layer of a cache, looked at from Python.
struct CacheLayer {
  CachePtr cache;
  int index;
  KvView view() const { return cache->view(index); }
  bool sliding() const { return cache->window(index) > 0; }
};

std::vector<CacheLayer> layers_of(const CachePtr& cache) {
  std::vector<CacheLayer> all;
  for (int i = 0; i < cache->layers(); i++) all.push_back({cache, i});
  return all;
}

std::vector<int64_t> windows_of(const py::object& config) {
  if (config.is_none()) return {};
  return py::module_::import("eigenformers.cache_utils").attr("layer_windows")(config).cast<std::vector<int64_t>>();
}

// Which layers keep a state instead of keys and values; empty: none.
std::vector<bool> recurrent_layers(const py::object& config) {
  if (config.is_none()) return {};
  return py::module_::import("eigenformers.cache_utils").attr("recurrent_layers")(config).cast<std::vector<bool>>();
}

void fill(DynamicCache& cache, const py::object& past) {
  if (past.is_none()) return;
  int layer = 0;
  for (auto entry : past) {
    const auto kv = entry.cast<py::sequence>();
    if (kv.size() < 2) throw py::value_error("past_key_values: needed (keys, values) for each layer");
    cache.append(layer++, kv[0].cast<Tensor>(), kv[1].cast<Tensor>());
  }
}

void select_rows(KvCache& cache, const Tensor& rows) {
  check<ShapeError>(rows.dim() == 1, "cache: found rows of shape ", rows.shape(), ", needed [rows]");
  cache.reorder(rows);
}

void refuse_offloading(const py::object& offloading) {
  check<UnsupportedError>(!py::bool_(offloading), "cache: offloading=True needs a second device");
}

template <class Class>
void bind_names_of_layers(Class& c) {
  c.def_property_readonly("layers", &layers_of, "One object a layer, with `keys`, `values`, `is_sliding`.")
      .def_property_readonly("key_cache",
                             [](KvCache& self) {
                               py::list all;
                               for (int i = 0; i < self.layers(); i++) all.append(self.view(i).keys);
                               return all;
                             })
      .def_property_readonly("value_cache",
                             [](KvCache& self) {
                               py::list all;
                               for (int i = 0; i < self.layers(); i++) all.append(self.view(i).values);
                               return all;
                             })
      .def_property_readonly("is_sliding",
                             [](KvCache& self) {
                               std::vector<bool> all;
                               for (int i = 0; i < self.layers(); i++) all.push_back(self.window(i) > 0);
                               return all;
                             })
      .def_property_readonly("is_linear", [](KvCache& self) { return std::vector<bool>(size_t(self.layers())); })
      .def_property_readonly("is_dummy", [](KvCache& self) { return std::vector<bool>(size_t(self.layers())); })
      .def_property_readonly("is_initialized", [](KvCache& self) { return self.layers() > 0; })
      .def_property_readonly("is_compileable", [](KvCache&) { return false; })
      .def_property_readonly("is_croppable", [](KvCache&) { return true; })
      .def_property_readonly("batch_size",
                             [](KvCache& self) { return self.layers() ? self.view(0).keys.size(0) : int64_t(-1); })
      .def("__len__", &KvCache::layers)
      .def("__bool__", [](KvCache&) { return true; })
      .def("__iter__",
           [](KvCache& self) {
             py::list all;
             for (int i = 0; i < self.layers(); i++) {
               const KvView view = self.view(i);
               all.append(py::make_tuple(view.keys, view.values, py::none()));
             }
             return all.attr("__iter__")();
           })
      .def("__getitem__",
           [](KvCache& self, int layer) {
             const KvView view = self.view(known_layer(self, layer));
             return py::make_tuple(view.keys, view.values);
           })
      .def("to_legacy_cache", [](KvCache& self) {
        py::tuple out(self.layers());
        for (int i = 0; i < self.layers(); i++) {
          const KvView view = self.view(i);
          out[size_t(i)] = py::make_tuple(view.keys, view.values);
        }
        return out;
      });
}

void bind_layer(py::module_& m) {
  py::class_<CacheLayer>(m, "CacheLayer", "Keys and values of one layer.")
      .def_property_readonly("keys", [](const CacheLayer& self) { return self.view().keys; })
      .def_property_readonly("values", [](const CacheLayer& self) { return self.view().values; })
      .def_property_readonly("dtype", [](const CacheLayer& self) { return self.view().keys.dtype(); })
      .def_property_readonly("is_initialized", [](const CacheLayer&) { return true; })
      .def_property_readonly("is_sliding", &CacheLayer::sliding)
      .def_property_readonly("sliding_window",
                             [](const CacheLayer& self) -> py::object {
                               if (!self.sliding()) throw py::attribute_error("sliding_window");
                               return py::int_(self.cache->window(self.index));
                             })
      .def("get_seq_length", [](const CacheLayer& self) { return self.cache->length(self.index); })
      .def("get_max_length",
           [](const CacheLayer& self) { return self.sliding() ? self.cache->window(self.index) : int64_t(-1); })
      .def("__repr__", [](const CacheLayer& self) {
        return std::string(self.sliding() ? "DynamicSlidingWindowLayer" : "DynamicLayer");
      });
}

// Pairs of keys and values of both caches: 4 or 6 (with windows) entries a layer.
std::shared_ptr<EncoderDecoderCache> encoder_decoder_cache(const py::args& caches) {
  if (caches.size() == 2) {
    for (auto cache : caches)
      if (!py::isinstance<KvCache>(cache))
        throw py::type_error(
            "One of the two arguments is not a Cache: " + std::string(py::str(py::type::of(caches[0]))) + ", " +
            std::string(py::str(py::type::of(caches[1]))));
    return std::make_shared<EncoderDecoderCache>(caches[0].cast<CachePtr>(), caches[1].cast<CachePtr>());
  }
  if (caches.size() != 1) throw py::value_error("Expected 1 or 2 arguments, got " + std::to_string(caches.size()));
  auto self = std::make_shared<DynamicCache>(), cross = std::make_shared<DynamicCache>();
  int layer = 0;
  for (auto entry : caches[0]) {
    const auto kv = entry.cast<py::sequence>();
    if (kv.size() != 4 && kv.size() != 6)
      throw py::value_error("Expected 4 or 6 entries a layer, got " + std::to_string(kv.size()));
    self->append(layer, kv[0].cast<Tensor>(), kv[1].cast<Tensor>());
    cross->append(layer++, kv[kv.size() / 2].cast<Tensor>(), kv[kv.size() / 2 + 1].cast<Tensor>());
  }
  return std::make_shared<EncoderDecoderCache>(self, cross);
}

void bind_encoder_decoder(py::module_& m) {
  py::class_<EncoderDecoderCache, KvCache, std::shared_ptr<EncoderDecoderCache>>(
      m, "EncoderDecoderCache",
      "A decoder's own keys and values, and those of the encoder's states; made of two caches.")
      .def(py::init(&encoder_decoder_cache))
      .def(py::pickle([](const EncoderDecoderCache& self) { return py::make_tuple(self.self(), self.cross()); },
                      [](const py::tuple& state) { return encoder_decoder_cache(py::args(state)); }))
      .def_property_readonly("self_attention_cache", &EncoderDecoderCache::self)
      .def_property_readonly("cross_attention_cache", &EncoderDecoderCache::cross)
      .def_property_readonly("is_updated",
                             [](EncoderDecoderCache& self) {
                               const auto cross = self.cross();
                               py::dict out;
                               for (int i = 0; i < cross->layers(); i++) out[py::int_(i)] = cross->length(i) > 0;
                               return out;
                             })
      .def("activate_past_recording",
           [](const EncoderDecoderCache& self) {
             if (auto* own = dynamic_cast<DynamicCache*>(self.self().get())) own->record_past();
           })
      .def("__iter__",
           [](EncoderDecoderCache& self) {
             const py::list own(py::cast(self.self())), cross(py::cast(self.cross()));
             py::list all;
             for (size_t i = 0; i < std::min(own.size(), cross.size()); i++) all.append(own[i] + cross[i]);
             return all.attr("__iter__")();
           })
      .def("__getitem__",
           [](EncoderDecoderCache& self, int layer) {
             const int at = known_layer(self, layer);
             const KvView own = self.view(at), cross = self.cross()->view(at);
             return py::make_tuple(own.keys, own.values, cross.keys, cross.values);
           })
      .def("to_legacy_cache",
           [](const py::object& self) {
             py::list all;
             for (size_t i = 0; i < py::len(self); i++) all.append(self[py::int_(i)]);
             return py::tuple(all);
           })
      .def_static(
          "from_legacy_cache",
          [](const py::object& past) {
            return encoder_decoder_cache(py::make_tuple(past.is_none() ? py::object(py::list()) : past));
          },
          py::arg("past_key_values") = py::none())
      .def("__repr__", [](const py::object& self) {
        return py::str("EncoderDecoderCache(self_attention_cache={}, cross_attention_cache={})")
            .format(self.attr("self_attention_cache"), self.attr("cross_attention_cache"));
      });
}

}  // namespace

void bind_cache(py::module_& m) {
  bind_layer(m);
  py::class_<KvCache, CachePtr> cache(m, "Cache", "Keys and values of past positions, a layer each.");
  bind_names_of_layers(cache);
  cache.def("get_seq_length", &KvCache::length, py::arg("layer_idx") = 0)
      .def("get_query_offset", &KvCache::length, py::arg("layer_idx") = 0)
      .def(
          "get_usable_length", [](KvCache& self, int64_t, int layer) { return self.length(layer); },
          py::arg("new_seq_length"), py::arg("layer_idx") = 0)
      .def("get_max_length", &KvCache::max_length, py::arg("layer_idx") = py::none())
      .def("get_max_cache_shape", &KvCache::max_length, py::arg("layer_idx") = py::none())
      .def(
          "get_mask_sizes",
          [](KvCache& self, int64_t query_length, int layer) {
            const int64_t past = self.length(layer), window = self.window(layer);
            const int64_t first = window ? std::max<int64_t>(past - window + 1, 0) : 0;
            return py::make_tuple(past - first + query_length, first);
          },
          py::arg("query_length"), py::arg("layer_idx"))
      .def(
          "update",
          [](KvCache& self, const Tensor& k, const Tensor& v, int layer, const py::args&, const py::kwargs&) {
            const KvView view = self.append(layer, k, v);
            const auto all = [](const PackedRows& packed, const Tensor& rest) {
              return packed.count ? cat({packed.unpacked(), rest}, 2) : rest;
            };
            return py::make_tuple(all(view.packed_keys, view.keys), all(view.packed_values, view.values));
          },
          py::arg("key_states"), py::arg("value_states"), py::arg("layer_idx"))
      .def(
          "crop",
          [](KvCache& self, int64_t tokens) {
            if (tokens) self.crop(tokens);
          },
          py::arg("tokens_to_remove"),
          "Forget positions: the last n for -n, none for 0; all from n on for n (as in transformers 4).")
      .def("reset", &KvCache::reset)
      .def("reorder_cache", select_rows, py::arg("beam_idx"))
      .def("batch_select_indices", select_rows, py::arg("indices"))
      .def(
          "batch_repeat_interleave",
          [](KvCache& self, int64_t repeats) {
            if (!self.layers()) return;
            self.reorder(repeat_interleave(Tensor::arange(self.view(0).keys.size(0)), repeats));
          },
          py::arg("repeats"))
      .def("__copy__", [](KvCache& self) { return self.clone(); })
      .def("__deepcopy__", [](KvCache& self, const py::dict&) { return self.clone(); })
      .def("__repr__", [](const py::object& self) {
        return py::str("{}(layers={})").format(py::type::of(self).attr("__name__"), self.attr("layers"));
      });
  py::class_<DynamicCache, KvCache, std::shared_ptr<DynamicCache>>(
      m, "DynamicCache", "Grows as needed. With `config`, layers with a sliding window keep that window only.")
      .def(py::init([](const py::object& data, const py::object& config, const py::object& offloading, bool) {
             refuse_offloading(offloading);
             if (const std::vector<bool> recurrent = recurrent_layers(config); !recurrent.empty())
               return std::shared_ptr<DynamicCache>(std::make_shared<RecurrentCache>(recurrent));
             auto self = std::make_shared<DynamicCache>(windows_of(config));
             fill(*self, data);
             return self;
           }),
           py::arg("ddp_cache_data") = py::none(), py::arg("config") = py::none(), py::arg("offloading") = false,
           py::arg("offload_only_non_sliding") = false)
      .def(
          "activate_past_recording", [](DynamicCache& self) { self.record_past(); },
          "Keep what leaves a sliding window, so that `crop` can go back.")
      .def(
          "is_recording_past", [](DynamicCache& self, int) { return self.records_past(); }, py::arg("layer_idx"))
      .def(py::pickle(
          [](const DynamicCache& self) {
            const auto* recurrent = dynamic_cast<const RecurrentCache*>(&self);
            return py::make_tuple(recurrent != nullptr, recurrent ? state_of_recurrent(*recurrent) : state_of(self));
          },
          [](const py::tuple& state) -> std::shared_ptr<DynamicCache> {
            const auto kept = state[1].cast<py::tuple>();
            if (state[0].cast<bool>()) return recurrent_from(kept);
            auto self = std::make_shared<DynamicCache>();
            restore(*self, kept);
            return self;
          }))
      .def_static(
          "from_legacy_cache",
          [](const py::object& past) {
            auto self = std::make_shared<DynamicCache>();
            fill(*self, past);
            return self;
          },
          py::arg("past_key_values") = py::none());
  py::class_<RecurrentCache, DynamicCache, std::shared_ptr<RecurrentCache>>(
      m, "_RecurrentCache",
      "States of recurrent layers, keys and values of the others; made by DynamicCache(config=...).")
      .def(py::pickle(&state_of_recurrent, &recurrent_from));
  py::class_<StaticCache, DynamicCache, std::shared_ptr<StaticCache>>(
      m, "StaticCache", "Room for `max_cache_len` positions, taken at the first; more of them is an error.")
      .def(py::init([](const py::object& config, int64_t max_cache_len, const py::object& offloading, bool,
                       const py::kwargs&) {
             refuse_offloading(offloading);
             return std::make_shared<StaticCache>(windows_of(config), max_cache_len);
           }),
           py::arg("config"), py::arg("max_cache_len"), py::arg("offloading") = false,
           py::arg("offload_only_non_sliding") = true)
      .def(py::pickle([](const StaticCache& self) { return state_of(self); },
                      [](const py::tuple& state) {
                        auto self = std::make_shared<StaticCache>(std::vector<int64_t>(), 1);
                        restore(*self, state);
                        return self;
                      }));
  py::class_<QuantizedCache, KvCache, std::shared_ptr<QuantizedCache>>(
      m, "_QuantizedCache",
      "Keys and values as integers of 4 or 8 bits; eigenformers.QuantizedCache has the arguments.")
      .def(py::init([](int bits, int64_t group, int64_t residual) {
             return std::make_shared<QuantizedCache>(QuantizedCacheOptions{bits, group, residual});
           }),
           py::arg("nbits"), py::arg("q_group_size"), py::arg("residual_length"))
      .def_property_readonly("nbytes", &QuantizedCache::nbytes, "Bytes of memory that the positions take.");
  bind_encoder_decoder(m);
}

}  // namespace ef
