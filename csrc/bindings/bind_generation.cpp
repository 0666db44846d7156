// The decode loop, with processors, criteria and streamers written in Python.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/model_support.h"
#include "bindings/signals.h"
#include "generation/generate.h"
#include "generation/group_beam_search.h"

namespace ef {
namespace {

Tensor ids_of(const TokenHistory& history) {
  std::vector<int64_t> flat;
  for (auto& row : history.rows) flat.insert(flat.end(), row.begin(), row.end());
  return Tensor::from_data(flat, {int64_t(history.rows.size()), history.length()});
}

struct PyProcessor : LogitsProcessor {
  std::shared_ptr<void> function;
  void process(const TokenHistory& history, Tensor& scores) override {
    py::gil_scoped_acquire gil;
    py::object r = py::reinterpret_borrow<py::object>(python_of(function))(ids_of(history), scores);
    if (!py::isinstance<Tensor>(r))
      throw py::type_error("a LogitsProcessor returned something that is not a Tensor of scores");
    const Tensor fresh = r.cast<Tensor>();
    check<ShapeError>(fresh.shape() == scores.shape(), "a LogitsProcessor returned scores of shape ", fresh.shape(),
                      ", needed ", scores.shape());
    scores = fresh.detach().to(DType::Float32).contiguous();
  }
};

struct PyCriterion : StoppingCriterion {
  std::shared_ptr<void> function;
  void check(const TokenHistory& history, const Tensor& scores, std::vector<bool>& done) override {
    py::gil_scoped_acquire gil;
    py::object r = py::reinterpret_borrow<py::object>(python_of(function))(ids_of(history), scores);
    if (py::hasattr(r, "tolist")) r = r.attr("tolist")();
    if (!py::isinstance<py::list>(r)) {
      const bool all = r.cast<bool>();
      for (size_t i = 0; i < done.size(); i++) done[i] = done[i] || all;
      return;
    }
    const auto flags = r.cast<std::vector<bool>>();
    ef::check<ShapeError>(flags.size() == done.size(), "a StoppingCriteria returned ", flags.size(),
                          " flags, needed one for each of ", done.size(), " sequences");
    for (size_t i = 0; i < done.size(); i++) done[i] = done[i] || flags[i];
  }
};

// An object with `guess(ids, most) -> ids` and `checked(right, count)`.
struct PyCandidates : Candidates {
  std::shared_ptr<void> object;
  py::object get() const { return py::reinterpret_borrow<py::object>(python_of(object)); }
  std::vector<int64_t> guess(const TokenHistory& history, int64_t most) override {
    py::gil_scoped_acquire gil;
    const auto& row = history.rows[0];
    const std::vector<int64_t> ids(row.begin() + history.padding[0], row.end());
    auto out = get().attr("guess")(ids, most).cast<std::vector<int64_t>>();
    if (int64_t(out.size()) > most) out.resize(size_t(std::max<int64_t>(most, 0)));
    return out;
  }
  void checked(int64_t right, int64_t count) override {
    py::gil_scoped_acquire gil;
    get().attr("checked")(right, count);
  }
};

// An object with `met(ids)`, `progress(ids)` and `steps(ids)`.
struct PyConstraints : BeamConstraints {
  std::shared_ptr<void> object;
  py::object call(const char* name, const std::vector<int64_t>& ids) const {
    return py::reinterpret_borrow<py::object>(python_of(object)).attr(name)(ids);
  }
  bool met(const std::vector<int64_t>& ids) override {
    py::gil_scoped_acquire gil;
    return call("met", ids).cast<bool>();
  }
  int64_t progress(const std::vector<int64_t>& ids) override {
    py::gil_scoped_acquire gil;
    return call("progress", ids).cast<int64_t>();
  }
  std::vector<std::pair<int64_t, int64_t>> steps(const std::vector<int64_t>& ids) override {
    py::gil_scoped_acquire gil;
    return call("steps", ids).cast<std::vector<std::pair<int64_t, int64_t>>>();
  }
};

template <class T>
void read(const py::dict& d, const char* name, T& to) {
  if (!d.contains(name) || d[name].is_none()) return;
  try {
    to = d[name].cast<T>();
  } catch (const py::cast_error&) {
    fail<ConfigError>("generate: `", name, "` is ", py::str(py::repr(d[name])).cast<std::string>(),
                      ", which has the wrong type");
  }
}

GenerationOptions read_options(const py::dict& d) {
  GenerationOptions o;
  read(d, "max_length", o.max_length);
  read(d, "min_length", o.min_length);
  read(d, "min_new_tokens", o.min_new_tokens);
  read(d, "do_sample", o.do_sample);
  read(d, "num_beams", o.num_beams);
  read(d, "num_return_sequences", o.num_return_sequences);
  read(d, "num_beam_groups", o.num_beam_groups);
  read(d, "diversity_penalty", o.diversity_penalty);
  read(d, "length_penalty", o.length_penalty);
  read(d, "early_stopping", o.early_stopping);
  read(d, "early_stopping_never", o.early_stopping_never);
  read(d, "penalty_alpha", o.penalty_alpha);
  read(d, "low_memory", o.low_memory);
  read(d, "temperature", o.temperature);
  read(d, "top_k", o.top_k);
  read(d, "top_p", o.top_p);
  read(d, "min_p", o.min_p);
  read(d, "top_h", o.top_h);
  read(d, "typical_p", o.typical_p);
  read(d, "epsilon_cutoff", o.epsilon_cutoff);
  read(d, "eta_cutoff", o.eta_cutoff);
  read(d, "repetition_penalty", o.repetition_penalty);
  read(d, "encoder_repetition_penalty", o.encoder_repetition_penalty);
  read(d, "no_repeat_ngram_size", o.no_repeat_ngram_size);
  read(d, "encoder_no_repeat_ngram_size", o.encoder_no_repeat_ngram_size);
  read(d, "bad_words_ids", o.bad_words_ids);
  read(d, "sequence_bias", o.sequence_bias);
  read(d, "suppress_tokens", o.suppress_tokens);
  read(d, "begin_suppress_tokens", o.begin_suppress_tokens);
  read(d, "forced_bos_token_id", o.forced_bos_token_id);
  read(d, "forced_eos_token_id", o.forced_eos_token_id);
  read(d, "exponential_decay_length_penalty", o.exponential_decay_length_penalty);
  read(d, "remove_invalid_values", o.remove_invalid_values);
  read(d, "renormalize_logits", o.renormalize_logits);
  read(d, "eos_token_id", o.eos_token_id);
  read(d, "pad_token_id", o.pad_token_id);
  read(d, "max_time", o.max_time);
  read(d, "use_cache", o.use_cache);
  read(d, "prefill_chunk_size", o.prefill_chunk_size);
  read(d, "prompt_lookup_num_tokens", o.prompt_lookup_num_tokens);
  read(d, "max_matching_ngram_size", o.max_matching_ngram_size);
  read(d, "output_scores", o.output_scores);
  read(d, "output_logits", o.output_logits);
  read(d, "output_hidden_states", o.output_hidden_states);
  read(d, "output_attentions", o.output_attentions);
  return o;
}

}  // namespace

void bind_generation(py::module_& m) {
  m.def(
      "generate",
      [](PreTrainedModel& model, const Tensor& input_ids, const std::optional<Tensor>& attention_mask,
         const std::optional<Tensor>& position_ids, const std::optional<Tensor>& inputs_embeds,
         std::shared_ptr<KvCache> past, const py::dict& options, const py::list& processors, const py::object& guidance,
         const py::object& prefix_processor, const py::list& criteria, const py::object& put, const py::dict& encoder,
         const py::object& watermark, const py::object& candidates, const py::object& constraints,
         const std::vector<int64_t>& dola_layers, const py::object& output_embeddings) {
        GenerateRequest r;
        r.input_ids = input_ids;
        r.attention_mask = attention_mask.value_or(Tensor());
        r.position_ids = position_ids.value_or(Tensor());
        r.inputs_embeds = inputs_embeds.value_or(Tensor());
        r.past = std::move(past);
        read(encoder, "states", r.encoder_states);
        read(encoder, "mask", r.encoder_mask);
        read(encoder, "ids", r.encoder_ids);
        r.options = read_options(options);
        auto processor = [](py::object f) {
          auto p = std::make_shared<PyProcessor>();
          p->function = keep_python(std::move(f));
          return p;
        };
        for (auto f : processors) r.processors.push_back(processor(py::reinterpret_borrow<py::object>(f)));
        if (!guidance.is_none()) r.guidance = processor(guidance);
        if (!prefix_processor.is_none()) r.prefix_processor = processor(prefix_processor);
        if (!watermark.is_none()) r.watermark = processor(watermark);
        if (!candidates.is_none()) {
          auto c = std::make_shared<PyCandidates>();
          c->object = keep_python(candidates);
          r.candidates = std::move(c);
        }
        if (!constraints.is_none()) {
          auto c = std::make_shared<PyConstraints>();
          c->object = keep_python(constraints);
          r.constraints = std::move(c);
        }
        if (!output_embeddings.is_none()) {
          Dola dola;
          dola.layers = dola_layers;
          dola.logits = [head = keep_python(output_embeddings)](const Tensor& states) {
            py::gil_scoped_acquire gil;
            return py::reinterpret_borrow<py::object>(python_of(head))(states).cast<Tensor>();
          };
          r.dola = std::move(dola);
        }
        for (auto f : criteria) {
          auto c = std::make_shared<PyCriterion>();
          c->function = keep_python(py::reinterpret_borrow<py::object>(f));
          c->wants_scores = py::getattr(f, "wants_scores", py::bool_(true)).cast<bool>();
          r.stopping.push_back(std::move(c));
        }
        if (!put.is_none())
          r.streamer = [&put](const std::vector<int64_t>& tokens) {
            py::gil_scoped_acquire gil;
            put(tokens);
          };
        r.interrupt = check_signals;
        GenerateResult out;
        {
          py::gil_scoped_release release;
          const ForwardsKept kept;
          out = generate(model, r);
        }
        py::dict d;
        d["sequences"] = out.sequences;
        d["scores"] = py::tuple(py::cast(out.scores));
        d["sequences_scores"] = out.sequences_scores;
        d["beam_indices"] = out.beam_indices;
        d["logits"] = py::tuple(py::cast(out.logits));
        auto nested = [](const std::vector<std::vector<Tensor>>& steps) {
          py::tuple t(steps.size());
          for (size_t i = 0; i < steps.size(); i++) t[i] = py::tuple(py::cast(steps[i]));
          return t;
        };
        d["hidden_states"] = nested(out.hidden_states);
        d["attentions"] = nested(out.attentions);
        d["cross_attentions"] = nested(out.cross_attentions);
        d["past_key_values"] = out.past;
        d["new_tokens"] = out.new_tokens;
        d["guessed_tokens"] = out.guessed_tokens;
        d["accepted_tokens"] = out.accepted_tokens;
        d["prefill_seconds"] = out.prefill_seconds;
        d["decode_seconds"] = out.decode_seconds;
        return d;
      },
      py::arg("model"), py::arg("input_ids"), py::arg("attention_mask"), py::arg("position_ids"),
      py::arg("inputs_embeds"), py::arg("past_key_values"), py::arg("options"), py::arg("processors"),
      py::arg("guidance"), py::arg("prefix_processor"), py::arg("criteria"), py::arg("put"),
      py::arg("encoder") = py::dict(), py::arg("watermark") = py::none(), py::arg("candidates") = py::none(),
      py::arg("constraints") = py::none(), py::arg("dola_layers") = std::vector<int64_t>(),
      py::arg("output_embeddings") = py::none());
}

}  // namespace ef
