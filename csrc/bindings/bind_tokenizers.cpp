// eigenformers._core.tokenizers: Tokenizer, DecodeStream.
#include <pybind11/numpy.h>

#include "bindings/argument_errors.h"
#include "bindings/bindings.h"
#include "bindings/signals.h"
#include "bindings/tokenizers_arguments.h"
#include "bindings/tokenizers_encode.h"
#include "io/gguf.h"
#include "tokenizers/decode_stream.h"
#include "tokenizers/gguf.h"

namespace ef {

void bind_tokenizers(py::module_& m);

namespace {

using tk::Encoding;
using tk::Tokenizer;

py::object truncation_dict(const Tokenizer& t) {
  if (!t.truncation) return py::none();
  py::dict d;
  d["max_length"] = t.truncation->max_length;
  d["stride"] = t.truncation->stride;
  d["strategy"] = tk::truncation_strategy_name(t.truncation->strategy, true);
  d["direction"] = t.truncation->direction == tk::Direction::Left ? "left" : "right";
  return d;
}
py::object padding_dict(const Tokenizer& t) {
  if (!t.padding) return py::none();
  const tk::Padding& p = *t.padding;
  py::dict d;
  d["length"] = p.length;
  d["pad_to_multiple_of"] = p.pad_to_multiple_of;
  d["pad_id"] = p.pad_id;
  d["pad_token"] = p.pad_token;
  d["pad_type_id"] = p.pad_type_id;
  d["direction"] = p.direction == tk::Direction::Left ? "left" : "right";
  return d;
}

py::dict vocab_dict(const Tokenizer& t, bool with_added_tokens) {
  py::dict out;
  const auto add = [&](std::string_view token, uint32_t id) { out[to_str(token)] = id; };
  const tk::Vocab& vocab = t.model()->vocab();
  vocab.for_each(add);
  if (out.size() < vocab.size()) vocab.for_each_added(add);  // some share an id
  if (with_added_tokens)
    for (auto& [content, id] : t.added_vocabulary().ids()) out[to_str(content)] = id;
  return out;
}

tk::GgufVocab vocab_of(const GgufFile& file) {
  const std::string p = "tokenizer.ggml.";
  tk::GgufVocab v;
  v.model = file.require<std::string>(p + "model");
  v.pre = file.get_or<std::string>(p + "pre", "default");
  v.model_name = file.get_or<std::string>("general.name", "");
  const auto strings = [&](const char* key) {
    const GgufValue* value = file.find_metadata(p + key);
    if (!value) return std::vector<std::string_view>();
    const GgufArray* array = value->array();
    check<TokenizerError>(array && array->element == GgufValueType::String, file.path(), ": '", p, key,
                          "' is not a list of texts");
    return array->strings();
  };
  v.tokens = strings("tokens");
  v.merges = strings("merges");
  for (double s : file.get_or<std::vector<double>>(p + "scores", {})) v.scores.push_back(float(s));
  for (int64_t t : file.get_or<std::vector<int64_t>>(p + "token_type", {})) v.token_types.push_back(int32_t(t));
  const auto id = [&](const char* key) -> std::optional<uint32_t> {
    const auto n = file.get<int64_t>(p + key);
    return n && *n >= 0 && *n < int64_t(v.tokens.size()) ? std::optional(uint32_t(*n)) : std::nullopt;
  };
  v.bos_id = id("bos_token_id");
  v.eos_id = id("eos_token_id");
  v.unknown_id = id("unknown_token_id");
  v.separator_id = id("seperator_token_id");
  if (!v.separator_id) v.separator_id = id("separator_token_id");
  v.padding_id = id("padding_token_id");
  v.mask_id = id("mask_token_id");
  v.cls_id = id("cls_token_id");
  v.add_bos = file.get<bool>(p + "add_bos_token");
  v.add_eos = file.get<bool>(p + "add_eos_token");
  v.add_sep = file.get<bool>(p + "add_sep_token");
  v.add_space_prefix = file.get<bool>(p + "add_space_prefix");
  v.remove_extra_whitespaces = file.get<bool>(p + "remove_extra_whitespaces");
  for (int64_t b : file.get_or<std::vector<int64_t>>(p + "precompiled_charsmap", {})) v.precompiled_charsmap += char(b);
  return v;
}

// Getter and setter of one role. The object set and the objects handed out are one and the same to Python: their slot
// is kept beside the tokenizer, and changes what the tokenizer has.
template <class Role, class Class, class Get, class Set>
void role_property(Class& cls, const char* name, Get get, Set put) {
  const std::string key = str("_", name);
  const auto set = [=](Tokenizer& t, std::shared_ptr<const Role> role) {
    changing_tokenizer(t, [&] { put(t, std::move(role)); });
  };
  const auto hold = [=](const py::object& self, const std::shared_ptr<Slot<Role>>& slot) {
    slot->add_holder(self.ptr(), [=, tokenizer = py::weakref(self)](const auto& old, const auto& now) {
      const py::object self = tokenizer();
      if (self.is_none() || get(self.cast<Tokenizer&>()) != old) return false;
      set(self.cast<Tokenizer&>(), now);
      return true;
    });
    self.attr("__dict__")[key.c_str()] = py::cast(PyComponent<Role>(slot));
  };
  cls.def_property(
      name,
      [=](const py::object& self) -> py::object {
        std::shared_ptr<const Role> role = get(self.cast<Tokenizer&>());
        if (!role) return py::none();
        const py::dict kept = self.attr("__dict__");
        if (kept.contains(key)) {
          const auto slot = kept[key.c_str()].cast<const PyComponent<Role>&>().slot;
          if (slot->role() == role) return wrap_component(slot);
        }
        const auto slot = std::make_shared<Slot<Role>>(std::move(role));
        hold(self, slot);
        return wrap_component(slot);
      },
      [=](const py::object& self, const py::object& value) {
        if (value.is_none() && !std::is_same_v<Role, tk::Model>) return set(self.cast<Tokenizer&>(), nullptr);
        const auto slot = slot_of<Role>(value);
        set(self.cast<Tokenizer&>(), slot->role());
        hold(self, slot);
      });
}

std::string repr_of_tokenizer(const Tokenizer& t, size_t most_items) {
  tk::Json json{{"type", "Tokenizer"}};
  tk::Json parts = t.tree();
  for (auto& [key, value] : parts.items()) json[key] = std::move(value);
  for (const auto& [key, type] : {std::pair("truncation", "TruncationParams"), std::pair("padding", "PaddingParams")})
    if (json[key].is_object()) json[key]["type"] = type;
  return repr_of(json, most_items);
}

Tokenizer read_tokenizer(std::string_view json, const char* where) {
  py::gil_scoped_release release;
  return Tokenizer::from_json(json, where);
}

void bind_tokenizer(py::module_& m) {
  auto cls = py::class_<Tokenizer, py::smart_holder>(
      m, "Tokenizer", py::dynamic_attr(),
      "Text to token ids and back, in five steps: normalizer, pre_tokenizer, model, post_processor, decoder.");
  cls.def(py::init([](const PyModel& model) { return Tokenizer(model.role()); }), py::arg("model"))
      .def_static(
          "from_str",
          [](const Checked<py::str>& json) { return read_tokenizer(utf8_of(json.value), "tokenizer.json"); },
          py::arg("json"), "From the text of a tokenizer.json.")
      .def_static(
          "from_file",
          [](const py::object& path) {
            const auto name = py::module_::import("os").attr("fspath")(path).cast<std::string>();
            py::gil_scoped_release release;
            return Tokenizer::from_file(name);
          },
          py::arg("path"), "From a tokenizer.json.")
      .def_static(
          "from_buffer",
          [](const Checked<py::bytes>& buffer) { return read_tokenizer(std::string_view(buffer.value), "buffer"); },
          py::arg("buffer"), "From the bytes of a tokenizer.json.")
      .def_static(
          "from_gguf",
          [](const py::object& path) {
            const auto name = py::module_::import("os").attr("fspath")(path).cast<std::string>();
            py::gil_scoped_release release;
            return tk::tokenizer_from_gguf(vocab_of(GgufFile(name)));
          },
          py::arg("path"), "From the metadata of a GGUF file: `tokenizer.ggml.model` and `tokenizer.ggml.pre` decide.")
      .def(
          "to_str", [](const Tokenizer& t, Checked<bool> pretty) { return to_str(t.to_json(pretty)); },
          py::arg("pretty") = false)
      .def(
          "save",
          [](const Tokenizer& t, const py::object& path, Checked<bool> pretty) {
            t.save(py::module_::import("os").attr("fspath")(path).cast<std::string>(), pretty);
          },
          py::arg("path"), py::arg("pretty") = true)
      .def("__repr__", [](const Tokenizer& t) { return to_str(repr_of_tokenizer(t, kReprItems)); })
      .def("__str__", [](const Tokenizer& t) { return to_str(repr_of_tokenizer(t, 5)); });
  role_property<tk::Model>(
      cls, "model", [](auto& t) { return t.model(); }, [](auto& t, auto r) { t.set_model(std::move(r)); });
  role_property<tk::Normalizer>(
      cls, "normalizer", [](auto& t) { return t.normalizer(); },
      [](auto& t, auto r) { t.set_normalizer(std::move(r)); });
  role_property<tk::PreTokenizer>(
      cls, "pre_tokenizer", [](auto& t) { return t.pre_tokenizer(); },
      [](auto& t, auto r) { t.set_pre_tokenizer(std::move(r)); });
  role_property<tk::PostProcessor>(
      cls, "post_processor", [](auto& t) { return t.post_processor(); },
      [](auto& t, auto r) { t.set_post_processor(std::move(r)); });
  role_property<tk::Decoder>(
      cls, "decoder", [](auto& t) { return t.decoder(); }, [](auto& t, auto r) { t.set_decoder(std::move(r)); });

  cls.def(
         "encode",
         [](const Tokenizer& self, const py::object& sequence, const py::object& pair, Checked<bool> pre_tokenized,
            Checked<bool> special) {
           Inputs inputs(pre_tokenized);
           tk::EncodeInput input{inputs.text(sequence), std::nullopt, true};
           if (!pair.is_none()) input.pair = inputs.text(pair);
           return using_tokenizer(self, [&] { return self.encode(input, special); });
         },
         py::arg("sequence"), py::arg("pair") = py::none(), py::arg("is_pretokenized") = false,
         py::arg("add_special_tokens") = true,
         "Encodes one text, or a pair. With is_pretokenized a text is a list of words.")
      .def(
          "encode_batch",
          [](const Tokenizer& self, const Checked<py::iterable>& input, Checked<bool> pre_tokenized,
             Checked<bool> special) {
            return encode_batch(self, input, pre_tokenized, special, tk::OffsetKind::Chars);
          },
          py::arg("input"), py::arg("is_pretokenized") = false, py::arg("add_special_tokens") = true,
          "Encodes many texts in parallel. They may come from any iterable, such as a generator, but a dict or a set.")
      .def(
          "encode_batch_fast",
          [](const Tokenizer& self, const Checked<py::iterable>& input, Checked<bool> pre_tokenized,
             Checked<bool> special) { return encode_batch(self, input, pre_tokenized, special, tk::OffsetKind::None); },
          py::arg("input"), py::arg("is_pretokenized") = false, py::arg("add_special_tokens") = true,
          "As encode_batch, without offsets, tokens and words.")
      .def("encode_batch_arrays", encode_batch_arrays, py::arg("input"), py::arg("is_pretokenized") = false,
           py::arg("add_special_tokens") = true,
           "(ids of all texts one after the other, length of each) as int64 arrays.")
      .def("_encode_batch_rows", encode_batch_rows, py::arg("input"), py::arg("add_special_tokens") = true,
           py::arg("type_ids") = true, py::arg("attention_mask") = true, py::arg("made_as") = "",
           "(ids, type ids or None, attention masks or None) for a batch of single texts: lists, or int64 arrays "
           "(\"np\") or tensors (\"pt\") where rows are of one size; None where only encode_batch can tell.")
      .def_property_readonly(
          "_changes", [](const Tokenizer& t) { return t.changes.count.load(); }, "How often it was changed.")
      .def(
          "post_process",
          [](const Tokenizer& self, const Encoding& e, std::optional<Encoding> pair, Checked<bool> special) {
            return using_tokenizer(self, [&] { return self.post_process(e, std::move(pair), special); });
          },
          py::arg("encoding"), py::arg("pair") = py::none(), py::arg("add_special_tokens") = true)
      .def(
          "num_special_tokens_to_add",
          [](const Tokenizer& t, Checked<bool> pair) { return t.num_special_tokens_to_add(pair); },
          py::arg("is_pair").noconvert())
      .def(
          "decode",
          [](const Tokenizer& self, const py::object& ids, Checked<bool> skip) {
            std::vector<uint32_t> all;
            append_ids(ids, all);
            return to_str(using_tokenizer(self, [&] { return self.decode(all, skip); }));
          },
          py::arg("ids"), py::arg("skip_special_tokens") = true)
      .def(
          "decode_batch",
          [](const Tokenizer& self, const Checked<py::iterable>& texts, Checked<bool> skip) {
            const py::iterable& sequences = texts;
            std::vector<uint32_t> ids;
            std::vector<size_t> ends;
            const auto read = [&](const py::handle& some) {
              append_ids(some, ids);
              ends.push_back(ids.size());
            };
            if (PyList_CheckExact(sequences.ptr())) {
              for (Py_ssize_t i = 0; i < PyList_GET_SIZE(sequences.ptr()); i++)  // __index__ may change it
                read(py::reinterpret_borrow<py::object>(PyList_GET_ITEM(sequences.ptr(), i)));
            } else {
              for (auto some : sequences) read(some);
            }
            const auto batch = using_tokenizer(self, [&] { return self.decode_batch(ids, ends, skip, check_signals); });
            py::list out(batch.texts.size());
            for (size_t i = 0; i < batch.texts.size(); i++)
              PyList_SET_ITEM(out.ptr(), Py_ssize_t(i), str_of(batch.texts[i].text, batch.texts[i].ascii));
            return out;
          },
          py::arg("sequences"), py::arg("skip_special_tokens") = true)
      .def(
          "token_to_id", [](const Tokenizer& t, const Checked<py::str>& s) { return t.token_to_id(utf8_of(s.value)); },
          py::arg("token"))
      .def(
          "id_to_token",
          [](const Tokenizer& t, Checked<uint32_t> id) -> py::object {
            const auto token = t.id_to_token(id);
            return token ? py::object(to_str(*token)) : py::object(py::none());
          },
          py::arg("id"))
      .def(
          "get_vocab", [](const Tokenizer& t, Checked<bool> added) { return vocab_dict(t, added); },
          py::arg("with_added_tokens") = true)
      .def(
          "get_vocab_size", [](const Tokenizer& t, Checked<bool> added) { return t.vocab_size(added); },
          py::arg("with_added_tokens") = true)
      .def(
          "add_tokens",
          [](Tokenizer& t, const Checked<py::list>& list) {
            const auto tokens = added_tokens_from_python(list, false);
            return changing_tokenizer(t, [&] { return t.add_tokens(tokens); });
          },
          py::arg("tokens"))
      .def(
          "add_special_tokens",
          [](Tokenizer& t, const Checked<py::list>& list) {
            const auto tokens = added_tokens_from_python(list, true);
            return changing_tokenizer(t, [&] { return t.add_tokens(tokens); });
          },
          py::arg("tokens"))
      .def("get_added_tokens_decoder",
           [](const Tokenizer& t) {
             py::dict out;
             for (auto& [id, token] : t.added_vocabulary().by_id()) out[py::int_(id)] = to_python(token);
             return out;
           })
      .def_property(
          "encode_special_tokens", [](const Tokenizer& t) { return t.added_vocabulary().encode_special_tokens; },
          [](Tokenizer& t, Checked<bool> on) { changing_tokenizer(t, [&] { t.set_encode_special_tokens(on); }); })
      .def(
          "enable_truncation",
          [](Tokenizer& t, Checked<size_t> max, Checked<size_t> step, const Checked<std::string>& strategy,
             const Checked<std::string>& direction) {
            const size_t max_length = max, stride = step;
            const tk::Truncation truncation{tk::direction_from_name(direction.value), max_length,
                                            tk::truncation_strategy_from_name(strategy.value), stride};
            const size_t added = t.num_special_tokens_to_add(false);
            check<TokenizerError>(max_length < added || max_length - added >= stride, "tokenizer stride set to ",
                                  stride, ", which is greater than or equal to its effective max length of ",
                                  max_length - added, " (= ", max_length, " original max length - ", added,
                                  " added special tokens), ");
            changing_tokenizer(t, [&] { t.truncation = truncation; });
          },
          py::arg("max_length"), py::kw_only(), py::arg("stride") = 0, py::arg("strategy") = "longest_first",
          py::arg("direction") = "right")
      .def("no_truncation", [](Tokenizer& t) { changing_tokenizer(t, [&] { t.truncation.reset(); }); })
      .def_property_readonly("truncation", truncation_dict)
      .def(
          "enable_padding",
          [](Tokenizer& t, const Checked<std::string>& direction, Checked<uint32_t> pad_id,
             Checked<uint32_t> pad_type_id, const Checked<std::string>& pad_token,
             std::optional<Checked<size_t>> length, std::optional<Checked<size_t>> multiple) {
            tk::Padding padding{length,   tk::direction_from_name(direction.value), multiple, pad_id, pad_type_id,
                                pad_token};
            changing_tokenizer(t, [&] { t.padding = std::move(padding); });
          },
          py::kw_only(), py::arg("direction") = "right", py::arg("pad_id") = 0, py::arg("pad_type_id") = 0,
          py::arg("pad_token") = "[PAD]", py::arg("length") = py::none(), py::arg("pad_to_multiple_of") = py::none())
      .def("no_padding", [](Tokenizer& t) { changing_tokenizer(t, [&] { t.padding.reset(); }); })
      .def_property_readonly("padding", padding_dict)
      .def(py::pickle([](const Tokenizer& t) { return py::bytes(t.to_json()); },
                      [](const py::bytes& b) { return read_tokenizer(std::string_view(b), "pickle"); }))
      .def("__copy__", [](const Tokenizer& t) { return Tokenizer(t); })
      .def(
          "__deepcopy__", [](const Tokenizer& t, const py::dict&) { return Tokenizer(t); }, py::arg("memo"));

  py::class_<tk::DecodeStream>(m, "DecodeStream",
                               "Decodes token by token; step() returns text as soon as it is final, else None.")
      .def(py::init([](const py::object& ids, Checked<bool> skip) {
             std::vector<uint32_t> known;
             if (!ids.is_none()) append_ids(ids, known);
             return tk::DecodeStream(skip, std::move(known));
           }),
           py::arg("ids") = py::none(), py::arg("skip_special_tokens") = false)
      .def(
          "step",
          [](tk::DecodeStream& s, const Tokenizer& t, const py::object& id) -> py::object {
            std::vector<uint32_t> ids;
            try {
              const auto one = py::reinterpret_steal<py::object>(PyNumber_Index(id.ptr()));  // an array of 0 d. too
              PyErr_Clear();
              one ? ids.push_back(whole<uint32_t>(one)) : append_ids(id, ids);
            } catch (const std::exception&) {
              throw py::type_error("StreamInput must be either an integer or a list of integers");
            }
            const auto text = using_tokenizer(t, [&] { return s.step(t, ids); });
            return text ? py::object(to_str(*text)) : py::object(py::none());
          },
          py::arg("tokenizer"), py::arg("id"))
      .def("__copy__", [](const tk::DecodeStream& s) { return tk::DecodeStream(s); })
      .def(
          "__deepcopy__", [](const tk::DecodeStream& s, const py::dict&) { return tk::DecodeStream(s); },
          py::arg("memo"));
}

}  // namespace

void bind_tokenizers(py::module_& parent) {
  py::module_ m = parent.def_submodule("tokenizers", "The tokenizer engine.");
  bind_encoding(m);
  bind_tokenizer_components(m);
  bind_tokenizer(m);
  bind_tokenizer_files(m);
  bind_tokenizer_trainers(m);
  bind_tokenizer_texts(m);
  shorten_argument_errors(m);
}

}  // namespace ef
