// The five roles. Their kinds (NFC, ByteLevel, …) are small Python classes that build the JSON of the component; here
// are the base classes, which hold the C++ object.
#include <algorithm>
#include "bindings/tokenizers_support.h"

#include "tokenizers/byte_alphabet.h"
#include "tokenizers/char_index.h"
#include "tokenizers/models/bpe.h"
#include "tokenizers/models/simple.h"

namespace ef {
namespace {

using tk::Json;

Json parse(const std::string& text) {
  tk::JsonReader reader(text, "component");
  Json out = reader.value();
  reader.finish();
  return out;
}

// One entry a role: how it is read, what its type is called.
template <class Role>
struct Kind;
template <>
struct Kind<tk::Normalizer> {
  static constexpr const char* name = "Normalizer";
  static constexpr const char* module = "eigenformers.tokenizers.normalizers";
  static auto read(const Json& j) { return tk::normalizer_from_json(j); }
  static auto sequence(std::vector<std::shared_ptr<const tk::Normalizer>> parts) {
    return tk::make_normalizer_sequence(std::move(parts));
  }
};
template <>
struct Kind<tk::PreTokenizer> {
  static constexpr const char* name = "PreTokenizer";
  static constexpr const char* module = "eigenformers.tokenizers.pre_tokenizers";
  static auto read(const Json& j) { return tk::pre_tokenizer_from_json(j); }
  static auto sequence(std::vector<std::shared_ptr<const tk::PreTokenizer>> parts) {
    return tk::make_pre_tokenizer_sequence(std::move(parts));
  }
};
template <>
struct Kind<tk::PostProcessor> {
  static constexpr const char* name = "PostProcessor";
  static constexpr const char* module = "eigenformers.tokenizers.processors";
  static auto read(const Json& j) { return tk::post_processor_from_json(j); }
  static auto sequence(std::vector<std::shared_ptr<const tk::PostProcessor>> parts) {
    return tk::make_post_processor_sequence(std::move(parts));
  }
};
template <>
struct Kind<tk::Decoder> {
  static constexpr const char* name = "Decoder";
  static constexpr const char* module = "eigenformers.tokenizers.decoders";
  static auto read(const Json& j) { return tk::decoder_from_json(j); }
  static auto sequence(std::vector<std::shared_ptr<const tk::Decoder>> parts) {
    return tk::make_decoder_sequence(std::move(parts));
  }
};
template <>
struct Kind<tk::Model> {
  static constexpr const char* name = "Model";
  static constexpr const char* module = "eigenformers.tokenizers.models";
  static tk::ModelPtr read(const Json& j) {
    const std::string text = tk::dump(j, false);
    py::gil_scoped_release release;
    tk::JsonReader reader(text, "model");
    return tk::read_model(reader, text, "model");
  }
};

template <class Role>
std::string type_of(const Role& role) {
  if constexpr (std::is_same_v<Role, tk::Model>)
    return role.type();
  else
    return tk::get_string(role.to_json(), "type", Kind<Role>::name);
}

// (role, type) -> Python class, filled by the role's module in the Python package.
py::dict& classes() {
  PYBIND11_CONSTINIT static py::gil_safe_call_once_and_store<py::dict> storage;
  return storage.call_once_and_store_result([] { return py::dict(); }).get_stored();
}

py::object to_object(const Json& v) {
  switch (v.type()) {
    case Json::value_t::null:
      return py::none();
    case Json::value_t::boolean:
      return py::bool_(v.get<bool>());
    case Json::value_t::string:
      return to_str(v.get_ref<const std::string&>());
    case Json::value_t::number_float:
      return py::float_(v.get<double>());
    case Json::value_t::number_unsigned:
      return py::int_(v.get<uint64_t>());
    case Json::value_t::number_integer:
      return py::int_(v.get<int64_t>());
    default:
      return py::module_::import("json").attr("loads")(v.dump());
  }
}

template <class Role>
auto bind_role(py::module_& m, const char* doc) {
  using C = PyComponent<Role>;
  py::class_<C, py::smart_holder> cls = [&] {
    if constexpr (std::is_same_v<Role, tk::Model>)  // its classes have no attributes but their options
      return py::class_<C, py::smart_holder>(m, Kind<Role>::name, doc);
    else
      return py::class_<C, py::smart_holder>(m, Kind<Role>::name, py::dynamic_attr(), doc);
  }();
  cls.def(py::init([](const std::string& json) { return C(Kind<Role>::read(parse(json))); }), py::arg("json"))
      .def(py::init([](const C& other) { return other; }), py::arg("other"))
      .def(
          "to_json", [](const C& self) { return tk::dump(self.role()->to_json(), false); },
          "The component as it stands in tokenizer.json.")
      .def("__getstate__", [](const C& self) { return py::bytes(tk::dump(self.role()->to_json(), false)); })
      .def("__reduce__",
           [](const py::object& self) {
             const auto& c = self.cast<const C&>();
             return py::make_tuple(py::module_::import("eigenformers.tokenizers").attr("_restore"),
                                   py::make_tuple(Kind<Role>::name, py::bytes(tk::dump(c.role()->to_json(), false))));
           })
      .def("__repr__", [](const C& self) { return to_str(repr_of(self.role()->to_json(), kReprItems)); })
      .def("__str__", [](const C& self) { return to_str(repr_of(self.role()->to_json(), 5)); })
      .def("__eq__",
           [](const C& self, const py::object& other) -> py::object {
             if (!py::isinstance<C>(other)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
             const auto& o = other.cast<const C&>();
             return py::bool_(self.role() == o.role() || self.role()->to_json() == o.role()->to_json());
           })
      .def("__hash__", [](const C& self) { return reinterpret_cast<size_t>(self.role().get()) >> 4; })
      .def("_get",
           [](const C& self, const std::string& key) {
             const Json j = self.role()->to_json();
             const Json* v = tk::find(j, key);
             return v ? to_object(*v) : py::object(py::none());
           })
      .def("_assign", [](C& self, const C& other) { self.slot->set(other.role()); })
      .def("_set", [](C& self, const std::string& key, const std::string& value) {
        Json j = self.role()->to_json();
        j[key] = parse(value);
        self.slot->set(Kind<Role>::read(j));
      });
  return cls;
}

py::list token_list(const tk::Model& model, std::string_view text) {
  std::vector<tk::Token> tokens;
  model.tokenize(text, tk::Spelling::Vocabulary, nullptr, tokens);
  py::list out;
  const auto literal = model.literal_id();
  for (auto& t : tokens) {
    const std::string value(t.id == literal ? text.substr(t.begin, t.end - t.begin)
                                            : model.id_to_token(t.id).value_or(""));
    out.append(PyToken{t.id, value, {t.begin, t.end}});
  }
  return out;
}

tk::Vocab vocab_from_python(const py::dict& d, const char* where) {
  tk::Vocab vocab;
  vocab.reserve(d.size());
  for (auto [token, id] : d) {
    const int64_t number = py::isinstance<py::int_>(id) ? PyLong_AsLongLong(id.ptr()) : -1;
    if (number < 0 || number > int64_t(UINT32_MAX)) {
      PyErr_Clear();
      throw py::type_error(str(where, ": the id of '", utf8_of(token), "' is no whole number from 0 to 4294967295"));
    }
    vocab.add(utf8_of(token), uint32_t(number));
  }
  vocab.finish(where);
  return vocab;
}

PyModel make_bpe(const py::dict& vocab, const std::vector<std::pair<std::string, std::string>>& pairs,
                 const py::dict& options) {
  tk::Merges merges;
  for (auto& [left, right] : pairs) merges.add(left, right);
  tk::BpeOptions o;
  const auto read = [&](const char* name, auto& to) {
    if (options.contains(name) && !options[name].is_none()) to = options[name].cast<std::decay_t<decltype(to)>>();
  };
  read("dropout", o.dropout);
  read("unk_token", o.unk_token);
  read("continuing_subword_prefix", o.continuing_subword_prefix);
  read("end_of_word_suffix", o.end_of_word_suffix);
  read("fuse_unk", o.fuse_unk);
  read("byte_fallback", o.byte_fallback);
  read("ignore_merges", o.ignore_merges);
  tk::Vocab tokens = vocab_from_python(vocab, "BPE");
  py::gil_scoped_release release;
  return {std::make_shared<tk::Bpe>(std::move(tokens), merges, std::move(o))};
}

// Not through JSON, in which scores lose their last bit.
PyModel make_unigram(const py::list& vocab, const py::object& unk_id, bool byte_fallback) {
  std::vector<std::pair<std::string, double>> pieces;
  pieces.reserve(vocab.size());
  for (const py::handle item : vocab) {
    const auto pair = py::reinterpret_borrow<py::tuple>(item);  // which the caller made
    if (pair.size() != 2)
      throw py::type_error(
          str("Unigram: piece ", pieces.size(), " has ", pair.size(), " values, needed a text and its score"));
    if (!py::isinstance<py::str>(pair[0])) throw py::type_error(str("Unigram: piece ", pieces.size(), " is no text"));
    const double score = PyFloat_AsDouble(py::object(pair[1]).ptr());
    if (PyErr_Occurred()) throw py::error_already_set();
    check<TokenizerError>(score - score == 0, "Unigram: the score of piece ", pieces.size(), " is ", score,
                          ", needed a finite number");
    pieces.emplace_back(utf8_of(pair[0]), score);
  }
  std::optional<uint64_t> unknown;
  if (!unk_id.is_none()) {
    unknown = PyLong_AsUnsignedLongLong(unk_id.ptr());
    if (PyErr_Occurred()) throw py::error_already_set();
  }
  return {tk::make_unigram(pieces, unknown, byte_fallback)};
}

}  // namespace

template <class Role>
const std::vector<std::shared_ptr<Slot<Role>>>& Slot<Role>::parts() {
  if (parts_.empty() && role_->parts()) {
    std::vector<std::shared_ptr<Slot>> parts;
    for (auto& part : *role_->parts()) parts.push_back(std::make_shared<Slot>(part));
    set_parts(std::move(parts));
  }
  return parts_;
}

template <class Role>
void Slot<Role>::set_parts(std::vector<std::shared_ptr<Slot>> parts) {
  parts_ = std::move(parts);
  for (auto& part : parts_)
    part->add_holder(this, [self = this->weak_from_this(), slot = part.get()](const Ptr&, const Ptr&) {
      const auto sequence = self.lock();
      if (!sequence) return false;
      const auto& all = sequence->parts_;
      if (std::none_of(all.begin(), all.end(), [&](auto& p) { return p.get() == slot; })) return false;
      std::vector<Ptr> roles;
      for (auto& p : all) roles.push_back(p->role());
      sequence->publish(Kind<Role>::sequence(std::move(roles)));
      return true;
    });
}

template <class Role>
py::object wrap_component(const std::shared_ptr<Slot<Role>>& slot) {
  if (!slot->role()) return py::none();
  std::string type;
  try {
    type = type_of(*slot->role());
  } catch (const TokenizerError&) {  // an object of Python's, which has no JSON
    if constexpr (!std::is_same_v<Role, tk::Model>)
      if (slot->role()->parts()) type = "Sequence";
  }
  const py::tuple key = py::make_tuple(Kind<Role>::name, type);
  PyComponent<Role> component(slot);
  if (!classes().contains(key)) py::module_::import(Kind<Role>::module);
  if (!classes().contains(key)) return py::cast(std::move(component));
  py::object cls = classes()[key];
  py::object out = cls.attr("__new__")(cls);
  py::type::of<PyComponent<Role>>().attr("__init__")(out, py::cast(std::move(component)));
  return out;
}

template <class Role>
const std::shared_ptr<Slot<Role>>& slot_of(const py::handle& component) {
  if (!py::isinstance<PyComponent<Role>>(component))
    throw py::type_error(
        str("'", Py_TYPE(component.ptr())->tp_name, "' object is not an instance of '", Kind<Role>::name, "'"));
  return component.cast<PyComponent<Role>&>().slot;
}

#define EF_INSTANTIATE(Role)                                              \
  template py::object wrap_component(const std::shared_ptr<Slot<Role>>&); \
  template const std::shared_ptr<Slot<Role>>& slot_of<Role>(const py::handle&);
EF_INSTANTIATE(tk::Normalizer)
EF_INSTANTIATE(tk::PreTokenizer)
EF_INSTANTIATE(tk::PostProcessor)
EF_INSTANTIATE(tk::Decoder)
EF_INSTANTIATE(tk::Model)
#undef EF_INSTANTIATE

template <class Role>
py::object wrap_json(const Json& json) {
  return wrap_component(std::make_shared<Slot<Role>>(Kind<Role>::read(json)));
}

// What the Python classes of Sequences are made with.
template <class Role>
void bind_sequence(py::module_& m) {
  using C = PyComponent<Role>;
  const std::string prefix = str("_", Kind<Role>::name, "_");
  m.def((prefix + "sequence").c_str(), [](const py::iterable& parts) {
    std::vector<std::shared_ptr<Slot<Role>>> slots;
    std::vector<std::shared_ptr<const Role>> roles;
    for (auto part : parts) {
      slots.push_back(slot_of<Role>(part));
      roles.push_back(slots.back()->role());
    }
    C out(Kind<Role>::sequence(std::move(roles)));
    out.slot->set_parts(std::move(slots));
    return out;
  });
  m.def((prefix + "parts").c_str(), [](const C& self) {
    py::list out;
    for (auto& part : self.slot->parts()) out.append(wrap_component(part));
    return out;
  });
  m.def((prefix + "set_part").c_str(), [](const C& self, py::ssize_t index, const py::object& value) {
    const auto& parts = self.slot->parts();
    const py::ssize_t size = py::ssize_t(parts.size()), at = index < 0 ? index + size : index;
    if (at < 0 || at >= size) throw py::index_error("Index not found");
    const auto part = parts[size_t(at)];
    part->set(slot_of<Role>(value)->role());
  });
}

void bind_tokenizer_components(py::module_& m) {
  bind_sequence<tk::Normalizer>(m);
  bind_sequence<tk::PreTokenizer>(m);
  bind_sequence<tk::PostProcessor>(m);
  bind_sequence<tk::Decoder>(m);
  bind_role<tk::Normalizer>(m, "Changes the text before it is split.")
      .def(
          "normalize_str",
          [](const PyNormalizer& self, const py::str& text) {
            tk::NormalizedString s(utf8_of(text));
            self.role()->normalize(s);
            return to_str(s.text());
          },
          py::arg("sequence"), "The normalized text.");
  bind_role<tk::PreTokenizer>(m, "Cuts the text into words.")
      .def(
          "pre_tokenize_str",
          [](const PyPreTokenizer& self, const py::str& text) {
            tk::PreTokenizedString s(utf8_of(text));
            self.role()->pre_tokenize(s);
            s.spell_bytes();
            const tk::CharIndex chars(s.original());
            py::list out;
            for (auto& piece : s.pieces()) {
              const tk::Span span = chars(s.source(piece));
              out.append(py::make_tuple(to_str(s.text_of(piece)), py::make_tuple(span.begin, span.end)));
            }
            return out;
          },
          py::arg("s"), "[(word, (first, last + 1))] in characters of the text.");
  bind_role<tk::Model>(m, "Turns words into tokens.")
      .def(
          "tokenize", [](const PyModel& self, const py::str& text) { return token_list(*self.role(), utf8_of(text)); },
          py::arg("sequence"))
      .def(
          "token_to_id", [](const PyModel& self, const py::str& t) { return self.role()->token_to_id(utf8_of(t)); },
          py::arg("token"))
      .def(
          "id_to_token",
          [](const PyModel& self, uint32_t id) -> py::object {
            const auto t = self.role()->id_to_token(id);
            return t ? py::object(to_str(*t)) : py::object(py::none());
          },
          py::arg("id"))
      .def(
          "save",
          [](const PyModel& self, const std::string& folder, const std::optional<std::string>& prefix) {
            return self.role()->save(folder, prefix.value_or(""));
          },
          py::arg("folder"), py::arg("prefix") = py::none(),
          "Writes the files of the time before tokenizer.json; returns their paths.");
  bind_role<tk::PostProcessor>(m, "Adds special tokens and joins pairs.")
      .def(
          "num_special_tokens_to_add",
          [](const PyPostProcessor& self, bool pair) { return self.role()->added_tokens(pair); },
          py::arg("is_pair").noconvert())
      .def(
          "process",
          [](const PyPostProcessor& self, const tk::Encoding& first, std::optional<tk::Encoding> pair, bool add) {
            return tk::post_process(self.role().get(), first, std::move(pair), add);
          },
          py::arg("encoding"), py::arg("pair") = py::none(), py::arg("add_special_tokens") = true);
  bind_role<tk::Decoder>(m, "Turns tokens into text.")
      .def(
          "decode",
          [](const PyDecoder& self, std::vector<std::string> tokens) {
            return to_str(self.role()->decode(std::move(tokens)));
          },
          py::arg("tokens"));

  m.def("_register_class", [](const std::string& role, const std::string& type, const py::object& cls) {
    classes()[py::make_tuple(role, type)] = cls;
  });
  m.def("_wrap", [](const std::string& role, const std::string& json) -> py::object {
    const Json j = parse(json);
    if (role == "Normalizer") return wrap_json<tk::Normalizer>(j);
    if (role == "PreTokenizer") return wrap_json<tk::PreTokenizer>(j);
    if (role == "PostProcessor") return wrap_json<tk::PostProcessor>(j);
    if (role == "Decoder") return wrap_json<tk::Decoder>(j);
    return wrap_json<tk::Model>(j);
  });
  m.def("_bpe", &make_bpe);
  m.def("_unigram", &make_unigram);
  m.def("_unigram_sampling", [](const PyModel& self) {
    const auto sampling = tk::unigram_sampling(*self.role());
    return py::make_tuple(sampling.alpha, sampling.nbest_size);
  });
  m.def("_set_unigram_sampling", [](const PyModel& self, std::optional<double> alpha, std::optional<uint64_t> nbest) {
    self.slot->set(tk::with_sampling(*self.role(), {alpha, nbest}));
  });
  m.def("_byte_alphabet", [] {
    py::list out;
    for (int b = 0; b < 256; b++) out.append(py::str(PyUnicode_FromOrdinal(int(tk::byte_to_char(uint8_t(b))))));
    return out;
  });
}

}  // namespace ef
