// PreTrainedModel, caches, and the families' registry.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/model_support.h"
#include "bindings/signals.h"
#include "models/common/decoder.h"
#include "models/family.h"

namespace ef {

namespace {

Tensor optional_tensor(const py::handle& value) { return value.is_none() ? Tensor() : value.cast<Tensor>(); }
Tensor optional_ids(const std::string& name, const py::handle& value) {
  Tensor t = optional_tensor(value);
  if (t.defined())
    check<DtypeError>(!is_floating(t.dtype()), name, ": found ", dtype_name(t.dtype()), ", needed int64");
  return t.defined() && t.dtype() != DType::Int64 ? t.to(DType::Int64) : t;
}

}  // namespace

ModelInput model_input(const py::dict& kwargs) {
  ModelInput in;
  for (auto& [key, value] : kwargs) {
    const auto name = key.cast<std::string>();
    if (name == "input_ids")
      in.input_ids = optional_ids(name, value);
    else if (name == "token_type_ids")
      in.token_type_ids = optional_ids(name, value);
    else if (name == "attention_mask")
      in.attention_mask = optional_tensor(value);
    else if (name == "position_ids")
      in.position_ids = optional_ids(name, value);
    else if (name == "inputs_embeds")
      in.inputs_embeds = optional_tensor(value);
    else if (name == "labels") {
      in.labels = optional_tensor(value);
      if (in.labels.defined() && !is_floating(in.labels.dtype())) in.labels = optional_ids(name, value);
    } else if (name == "start_positions")
      in.start_positions = optional_ids(name, value);
    else if (name == "end_positions")
      in.end_positions = optional_ids(name, value);
    else if (name == "next_sentence_label")
      in.next_sentence_label = optional_ids(name, value);
    else if (name == "lengths")
      in.lengths = value.cast<std::vector<int64_t>>();
    else if (name == "decoder_input_ids")
      in.decoder_input_ids = optional_ids(name, value);
    else if (name == "decoder_attention_mask")
      in.decoder_attention_mask = optional_tensor(value);
    else if (name == "decoder_inputs_embeds")
      in.decoder_inputs_embeds = optional_tensor(value);
    else if (name == "encoder_hidden_states")
      in.encoder_hidden_states = optional_tensor(value);
    else if (name == "encoder_attention_mask")
      in.encoder_attention_mask = optional_tensor(value);
    else if (name == "pad_token_id")
      in.pad_token_id = value.cast<int64_t>();
    else if (name == "problem_type")
      in.problem_type = value.cast<std::string>();
    else if (name == "past_key_values")
      in.past = value.is_none() ? nullptr : value.cast<std::shared_ptr<KvCache>>();
    else if (name == "use_cache")
      in.use_cache = value.is_none() ? std::optional<bool>() : value.cast<bool>();
    else if (name == "output_hidden_states")
      in.output_hidden_states = !value.is_none() && value.cast<bool>();
    else if (name == "checkpoint_layers")
      in.checkpoint_layers = value.cast<bool>();
    else if (name == "output_attentions")
      in.output_attentions = !value.is_none() && value.cast<bool>();
    else if (name == "output_router_logits")
      in.output_router_logits = !value.is_none() && value.cast<bool>();
    else if (name == "logits_to_keep") {
      if (py::isinstance<Tensor>(value))
        in.logits_to_keep_ids = value.cast<Tensor>();
      else
        in.logits_to_keep = value.is_none() ? 0 : value.cast<int64_t>();
    } else if (name == "num_items_in_batch") {
      if (!value.is_none())
        in.num_items_in_batch = py::float_(py::reinterpret_borrow<py::object>(value)).cast<double>();
    } else
      throw py::type_error("forward() got an unexpected keyword argument '" + name + "'");
  }
  return in;
}

py::dict model_output(const ModelOutput& out) {
  py::dict d;
  auto put = [&](const char* name, const Tensor& t) {
    if (t.defined()) d[name] = py::cast(t);
  };
  put("loss", out.loss);
  if (out.make_logits)
    d["logits"] = py::cpp_function([make = out.make_logits] {
      py::gil_scoped_release release;
      return make();
    });
  put("logits", out.logits);
  put("last_hidden_state", out.last_hidden_state);
  put("pooler_output", out.pooler_output);
  put("start_logits", out.start_logits);
  put("end_logits", out.end_logits);
  put("pair_logits", out.pair_logits);
  if (out.past) d["past_key_values"] = py::cast(out.past);
  auto put_all = [&](const char* name, const std::vector<Tensor>& all) {
    if (!all.empty()) d[name] = py::tuple(py::cast(all));
  };
  put_all("hidden_states", out.hidden_states);
  put_all("attentions", out.attentions);
  put_all("cross_attentions", out.cross_attentions);
  put("aux_loss", out.aux_loss);
  put_all("router_logits", out.router_logits);
  put("encoder_last_hidden_state", out.encoder_last_hidden_state);
  put_all("encoder_hidden_states", out.encoder_hidden_states);
  put_all("encoder_attentions", out.encoder_attentions);
  return d;
}

ModelOutput parse_output(const py::object& r) {
  ModelOutput out;
  auto field = [&](const char* name) -> py::object {
    if (py::isinstance<py::dict>(r))
      return r.cast<py::dict>().contains(name) ? py::object(r[name]) : py::object(py::none());
    return py::getattr(r, name, py::none());
  };
  if (py::isinstance<Tensor>(r) || py::isinstance<py::tuple>(r)) {
    out.logits = tensor_result(r, "model");
    out.last_hidden_state = out.logits;
    return out;
  }
  out.loss = optional_tensor(field("loss"));
  out.logits = optional_tensor(field("logits"));
  out.last_hidden_state = optional_tensor(field("last_hidden_state"));
  out.pooler_output = optional_tensor(field("pooler_output"));
  if (py::object past = field("past_key_values"); !past.is_none()) out.past = past.cast<std::shared_ptr<KvCache>>();
  out.encoder_last_hidden_state = optional_tensor(field("encoder_last_hidden_state"));
  for (auto& [name, to] : {std::pair{"hidden_states", &out.hidden_states},
                           {"decoder_hidden_states", &out.hidden_states},
                           {"attentions", &out.attentions},
                           {"decoder_attentions", &out.attentions},
                           {"cross_attentions", &out.cross_attentions},
                           {"router_logits", &out.router_logits},
                           {"encoder_hidden_states", &out.encoder_hidden_states},
                           {"encoder_attentions", &out.encoder_attentions}})
    if (py::object all = field(name); !all.is_none()) *to = all.cast<std::vector<Tensor>>();
  return out;
}

std::string PyPreTrainedModel::class_name() const {
  py::gil_scoped_acquire gil;
  py::object self = py::cast(static_cast<const Module*>(this), py::return_value_policy::reference);
  return py::str(py::type::of(self).attr("__name__"));
}

Tensor PyPreTrainedModel::forward(const Tensor& x) {
  ModelInput in;
  in.input_ids = x;
  const ModelOutput out = run(in);
  return out.logits.defined() ? out.logits : out.last_hidden_state;
}

namespace {
std::atomic<uint64_t> kept_number{0};
thread_local uint64_t kept_now = 0, kept_version = 0;
}  // namespace

ForwardsKept::ForwardsKept() : before_(kept_now) {
  kept_now = ++kept_number;
  kept_version = DerivedSlot::version();
}
ForwardsKept::~ForwardsKept() { kept_now = before_ ? ++kept_number : 0; }
uint64_t ForwardsKept::current() {
  if (kept_now && kept_version != DerivedSlot::version()) {
    kept_now = ++kept_number;
    kept_version = DerivedSlot::version();
  }
  return kept_now;
}

namespace {
// Whether it is the function that was marked, and not one that has taken over its attributes (functools.wraps), of this
// model and no other.
bool is_native_forward(const py::function& f, const py::object& self) {
  return py::getattr(f, "_native_forward", py::none()).is(py::getattr(f, "__func__", f)) &&
         py::getattr(f, "__self__", self).is(self);
}
}  // namespace

ModelOutput PyPreTrainedModel::run(const ModelInput& in) {
  const uint64_t kept = ForwardsKept::current();
  if (kept && native_.load(std::memory_order_relaxed) == kept) return PreTrainedModel::run(in);
  {
    py::gil_scoped_acquire gil;
    py::function f = py::get_override(static_cast<const PreTrainedModel*>(this), "forward");
    const py::object self = py::cast(static_cast<const Module*>(this), py::return_value_policy::reference);
    const bool native = built() && f && is_native_forward(f, self);
    if (f && (!native || !hooks().empty())) {  // hooks see what they see in Python: arguments by name, an output object
      py::dict kwargs;
      auto put = [&](const char* name, const Tensor& t) {
        if (t.defined()) kwargs[name] = py::cast(t);
      };
      put("input_ids", in.input_ids);
      put("attention_mask", in.attention_mask);
      put("position_ids", in.position_ids);
      put("inputs_embeds", in.inputs_embeds);
      put("labels", in.labels);
      put("token_type_ids", in.token_type_ids);
      if (!in.lengths.empty()) kwargs["lengths"] = in.lengths;
      put("decoder_input_ids", in.decoder_input_ids);
      put("decoder_attention_mask", in.decoder_attention_mask);
      put("decoder_inputs_embeds", in.decoder_inputs_embeds);
      put("encoder_hidden_states", in.encoder_hidden_states);
      put("encoder_attention_mask", in.encoder_attention_mask);
      if (in.past) kwargs["past_key_values"] = py::cast(in.past);
      if (in.use_cache) kwargs["use_cache"] = *in.use_cache;
      if (in.output_hidden_states) kwargs["output_hidden_states"] = true;
      if (in.output_attentions) kwargs["output_attentions"] = true;
      if (in.output_router_logits) kwargs["output_router_logits"] = true;
      if (in.logits_to_keep) kwargs["logits_to_keep"] = in.logits_to_keep;
      return parse_output(self.attr("_call_forward")(kwargs));
    }
  }
  native_ = kept;
  return PreTrainedModel::run(in);
}

void bind_models(py::module_& m) {
  py::class_<PreTrainedModel, Module, PyPreTrainedModel, py::smart_holder>(m, "PreTrainedModel", py::dynamic_attr())
      .def(py::init_alias<>())
      .def("_build", &PreTrainedModel::build, py::arg("model_type"), py::arg("head"), py::arg("config"),
           py::arg("base") = nullptr)
      .def_property_readonly("_built", &PreTrainedModel::built)
      .def("_resize_buffer",
           [](PreTrainedModel& self, const std::string& name, const Tensor& value) {
             ParameterSlot* slot = self.find_parameter(name);
             check<AttributeError>(slot != nullptr, self.class_name(), " has no buffer `", name, "`");
             slot->resize(value.shape());
             slot->set(value);
           })
      .def("_native_run", [](PreTrainedModel& self, const py::dict& kwargs) {
        ModelInput in = model_input(kwargs);
        in.interrupt = check_signals;
        ModelOutput out;
        {
          py::gil_scoped_release release;
          out = self.PreTrainedModel::run(in);
        }
        return model_output(out);
      });
  py::class_<DecoderLayer, Block, py::smart_holder>(m, "DecoderLayer");
  m.def("model_types", [] { return families().names(); });
}

}  // namespace ef
