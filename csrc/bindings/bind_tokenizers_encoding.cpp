// AddedToken, Token and Encoding.
#include <cstring>

#include "bindings/tokenizers_arguments.h"
#include "bindings/tokenizers_support.h"
#include "tokenizers/utf8.h"

namespace ef {
namespace {

using tk::EncodedToken;
using tk::Encoding;
using tk::Json;

py::object optional_index(const std::optional<size_t>& v) {
  return v ? py::object(py::int_(*v)) : py::object(py::none());
}
py::object optional_span(const std::optional<tk::Span>& v) {
  return v ? py::object(py::make_tuple(v->begin, v->end)) : py::object(py::none());
}
// What f(token) gives for each.
template <class F>
py::list of_tokens(const Encoding& e, F&& f) {
  py::list out(e.size());
  for (size_t i = 0; i < e.size(); i++)
    PyList_SET_ITEM(out.ptr(), Py_ssize_t(i), py::object(f(e.tokens[i])).release().ptr());
  return out;
}
template <class F>
py::list numbers_of_tokens(const Encoding& e, F&& f) {
  std::vector<uint32_t> out;
  for (const EncodedToken& token : e.tokens) out.push_back(f(token));
  return to_list(out);
}
py::list word_list(const Encoding& e) {
  return of_tokens(
      e, [](auto& t) { return t.word == tk::kNoWord ? py::object(py::none()) : py::object(py::int_(t.word)); });
}

Json encoding_to_json(const Encoding& e) {
  Json over = Json::array(), ranges = Json::object();
  const auto all = [&](auto&& f) {
    Json out = Json::array();
    for (const EncodedToken& t : e.tokens) out.push_back(f(t));
    return out;
  };
  for (auto& o : e.overflowing) over.push_back(encoding_to_json(o));
  for (auto& [id, r] : e.sequence_ranges) ranges[std::to_string(id)] = {{"start", r.first}, {"end", r.second}};
  return {{"ids", e.ids()},
          {"type_ids", all([](auto& t) { return t.type_id; })},
          {"tokens", all([](auto& t) { return std::string(t.text); })},
          {"words", all([](auto& t) { return t.word == tk::kNoWord ? Json() : Json(t.word); })},
          {"offsets", all([](auto& t) {
             return Json{t.offset.begin, t.offset.end};
           })},
          {"special_tokens_mask", all([](auto& t) { return int(t.special); })},
          {"attention_mask", all([](auto& t) { return int(t.attention); })},
          {"overflowing", over},
          {"sequence_ranges", ranges}};
}
Encoding encoding_from_json(const Json& j) {
  Encoding e;
  e.tokens.resize(tk::get_array(j, "ids", "Encoding").size());
  const auto each = [&](const char* key, auto&& set) {
    const Json& values = tk::get_array(j, key, "Encoding");
    check<TokenizerError>(values.size() == e.size(), "Encoding: the fields have different lengths");
    for (size_t i = 0; i < e.size(); i++) set(e.tokens[i], values[i]);
  };
  each("ids", [](auto& t, const Json& v) { t.id = v.get<uint32_t>(); });
  each("type_ids", [](auto& t, const Json& v) { t.type_id = v.get<uint32_t>(); });
  each("special_tokens_mask", [](auto& t, const Json& v) { t.special = v.get<uint32_t>(); });
  each("attention_mask", [](auto& t, const Json& v) { t.attention = v.get<uint32_t>(); });
  each("tokens", [&](auto& t, const Json& v) { t.text = e.own(v.get<std::string>()); });
  each("words", [](auto& t, const Json& v) { t.word = v.is_null() ? tk::kNoWord : v.get<uint32_t>(); });
  each("offsets", [](auto& t, const Json& v) { t.offset = {v.at(0).get<uint32_t>(), v.at(1).get<uint32_t>()}; });
  for (auto& o : tk::get_array(j, "overflowing", "Encoding")) e.overflowing.push_back(encoding_from_json(o));
  for (auto& [id, r] : tk::require(j, "sequence_ranges", "Encoding").items())
    e.sequence_ranges[std::stoul(id)] = {r.at("start").get<size_t>(), r.at("end").get<size_t>()};
  for (auto& [id, r] : e.sequence_ranges)
    check<TokenizerError>(r.first <= r.second && r.second <= e.size(), "Encoding: a sequence outside of the tokens");
  return e;
}

std::string repr_of_token(const PyAddedToken& self) {
  const auto t = self.get();
  const auto flag = [](bool b) { return b ? "True" : "False"; };
  return str("AddedToken(\"", t.content, "\", rstrip=", flag(t.rstrip), ", lstrip=", flag(t.lstrip),
             ", single_word=", flag(t.single_word), ", normalized=", flag(t.normalized), ", special=", flag(t.special),
             ")");
}

}  // namespace

std::string_view utf8_of(const py::handle& text) {
  if (!PyUnicode_Check(text.ptr()))
    throw py::type_error("a str is needed, found " + std::string(Py_TYPE(text.ptr())->tp_name));
  Py_ssize_t n = 0;
  const char* p = PyUnicode_AsUTF8AndSize(text.ptr(), &n);
  if (!p) throw py::error_already_set();
  return {p, size_t(n)};
}
PyObject* str_of(std::string_view text, bool ascii) {
  const Py_ssize_t size = Py_ssize_t(text.size());
  const bool plain = ascii && size > 1;  // of shorter ones Python keeps one object
  PyObject* s = plain ? PyUnicode_New(size, 127) : PyUnicode_DecodeUTF8(text.data(), size, "replace");
  if (!s) throw py::error_already_set();
  if (plain) std::memcpy(PyUnicode_1BYTE_DATA(s), text.data(), text.size());
  return s;
}
py::str to_str(std::string_view text) { return py::reinterpret_steal<py::str>(str_of(text, tk::utf8::is_ascii(text))); }

tk::AddedToken PyAddedToken::get() const {
  tk::AddedToken t;
  t.content = content;
  t.special = special;
  t.normalized = normalized.value_or(!special);
  t.single_word = single_word.value_or(false);
  t.lstrip = lstrip.value_or(false);
  t.rstrip = rstrip.value_or(false);
  return t;
}
// Numbers of ids are made once and shared by all lists, as Python shares the smallest ones.
PyObject* number(uint32_t value) {
  constexpr uint32_t kShared = 1 << 18;
  static PyObject* shared[kShared];  // 2 MB that cost nothing until they are used
  if (value >= kShared) return PyLong_FromUnsignedLong(value);
  PyObject*& out = shared[value];
  if (!out && !(out = PyLong_FromUnsignedLong(value))) return nullptr;
  Py_INCREF(out);
  return out;
}
py::list to_list(std::span<const uint32_t> values) {
  py::list out(values.size());
  for (size_t i = 0; i < values.size(); i++) PyList_SET_ITEM(out.ptr(), Py_ssize_t(i), number(values[i]));
  return out;
}
PyAddedToken to_python(const tk::AddedToken& t) {
  return {t.content, t.special, t.single_word, t.lstrip, t.rstrip, t.normalized};
}

std::vector<tk::AddedToken> added_tokens_from_python(const py::list& tokens, bool special) {
  std::vector<tk::AddedToken> out;
  for (auto item : tokens) {
    if (py::isinstance<py::str>(item)) {
      PyAddedToken t;
      t.content = utf8_of(item);
      t.special = special;
      out.push_back(t.get());
    } else if (py::isinstance<PyAddedToken>(item)) {
      auto& t = item.cast<PyAddedToken&>();
      if (special) t.special = true;  // the caller's token shows it from now on
      out.push_back(t.get());
    } else {
      throw py::type_error("Input must be a List[Union[str, AddedToken]]");
    }
  }
  return out;
}

void bind_encoding(py::module_& m) {
  using Flag = std::optional<Checked<bool>>;
  const auto plain = [](const Flag& flag) { return flag ? std::optional<bool>(flag->value) : std::nullopt; };
  py::class_<PyAddedToken>(
      m, "AddedToken", py::dynamic_attr(),
      "A token that is found in the text before anything else looks at it.\n\n"
      "Args:\n    content: the text of the token.\n    single_word: match only when it is no part of a word.\n"
      "    lstrip, rstrip: take the white space on that side as well.\n"
      "    normalized: look for it in the normalized text; default: not special.\n"
      "    special: may be left out when decoding.\n")
      .def(py::init([plain](std::string content, Flag single_word, Flag lstrip, Flag rstrip, Flag normalized,
                            Checked<bool> special) {
             return PyAddedToken{std::move(content), special,       plain(single_word),
                                 plain(lstrip),      plain(rstrip), plain(normalized)};
           }),
           py::arg("content") = "", py::kw_only(), py::arg("single_word") = py::none(), py::arg("lstrip") = py::none(),
           py::arg("rstrip") = py::none(), py::arg("normalized") = py::none(), py::arg("special") = false)
      .def_property(
          "content", [](const PyAddedToken& t) { return t.content; },
          [](PyAddedToken& t, std::string s) { t.content = std::move(s); })
      .def_property(
          "special", [](const PyAddedToken& t) { return t.special; },
          [](PyAddedToken& t, Checked<bool> b) { t.special = b; })
      .def_property_readonly("single_word", [](const PyAddedToken& t) { return t.get().single_word; })
      .def_property_readonly("lstrip", [](const PyAddedToken& t) { return t.get().lstrip; })
      .def_property_readonly("rstrip", [](const PyAddedToken& t) { return t.get().rstrip; })
      .def_property_readonly("normalized", [](const PyAddedToken& t) { return t.get().normalized; })
      .def("__repr__", repr_of_token)
      .def("__str__", [](const PyAddedToken& t) { return t.content; })
      .def("__eq__",
           [](const PyAddedToken& a, const py::object& b) -> py::object {
             if (!py::isinstance<PyAddedToken>(b)) return py::reinterpret_borrow<py::object>(Py_NotImplemented);
             return py::bool_(a.get() == b.cast<PyAddedToken>().get());
           })
      .def("__hash__", [](const PyAddedToken& t) { return py::hash(py::str(t.content)); })
      .def(py::pickle(
          [](const PyAddedToken& self) {
            const auto t = self.get();
            py::dict d;
            d["content"] = t.content;
            d["single_word"] = t.single_word;
            d["lstrip"] = t.lstrip;
            d["rstrip"] = t.rstrip;
            d["normalized"] = t.normalized;
            d["special"] = t.special;
            return d;
          },
          [](const py::dict& d) {
            return PyAddedToken{d["content"].cast<std::string>(), d["special"].cast<bool>(),
                                d["single_word"].cast<bool>(),    d["lstrip"].cast<bool>(),
                                d["rstrip"].cast<bool>(),         d["normalized"].cast<bool>()};
          }));

  py::class_<Encoding>(m, "Encoding", "The output of a Tokenizer: token ids, and for every id where it comes from.")
      .def(py::init<>())
      .def("__len__", &Encoding::size)
      .def("__repr__",
           [](const Encoding& e) {
             return str(
                 "Encoding(num_tokens=", e.size(),
                 ", attributes=[ids, type_ids, tokens, offsets, attention_mask, special_tokens_mask, overflowing])");
           })
      .def_property_readonly(
          "ids", [](const Encoding& e) { return to_list(e.ids()); }, "The token ids.")
      .def_property_readonly(
          "type_ids", [](const Encoding& e) { return numbers_of_tokens(e, [](auto& t) { return t.type_id; }); },
          "Segment ids.")
      .def_property_readonly(
          "attention_mask", [](const Encoding& e) { return numbers_of_tokens(e, [](auto& t) { return t.attention; }); },
          "1, and 0 for padding.")
      .def_property_readonly(
          "special_tokens_mask",
          [](const Encoding& e) { return numbers_of_tokens(e, [](auto& t) { return t.special; }); },
          "1 for tokens that the post-processor or padding added.")
      .def_property_readonly(
          "tokens", [](const Encoding& e) { return of_tokens(e, [](auto& t) { return to_str(t.text); }); },
          "The texts of the tokens in the vocabulary.")
      .def_property_readonly(
          "offsets",
          [](const Encoding& e) {
            return of_tokens(e, [](auto& t) { return py::make_tuple(t.offset.begin, t.offset.end); });
          },
          "(first, last + 1) in characters of the original text.")
      .def_property_readonly("word_ids", word_list,
                             "Which word of its sequence each token belongs to; None for special tokens.")
      .def_property_readonly(
          "words",
          [](const Encoding& e) {
            const char* text = "Encoding.words is deprecated, please use Encoding.word_ids instead.";
            if (PyErr_WarnEx(PyExc_DeprecationWarning, text, 1) < 0) throw py::error_already_set();
            return word_list(e);
          },
          "The same as word_ids; deprecated.")
      .def_property_readonly(
          "sequence_ids",
          [](const Encoding& e) {
            py::list out;
            for (auto& s : e.sequence_ids()) out.append(optional_index(s));
            return out;
          },
          "Which input sequence each token belongs to; None for special tokens.")
      .def_property_readonly("n_sequences", &Encoding::n_sequences)
      .def_property_readonly(
          "overflowing", [](const Encoding& e) { return e.overflowing; }, "What truncation cut off.")
      .def("set_sequence_id", &Encoding::set_sequence_id, py::arg("sequence_id"))
      .def(
          "token_to_sequence", [](const Encoding& e, size_t t) { return optional_index(e.token_to_sequence(t)); },
          py::arg("token_index"))
      .def(
          "token_to_chars", [](const Encoding& e, size_t t) { return optional_span(e.token_to_chars(t)); },
          py::arg("token_index"))
      .def(
          "token_to_word", [](const Encoding& e, size_t t) { return e.token_to_word(t); }, py::arg("token_index"))
      .def(
          "word_to_tokens", [](const Encoding& e, uint32_t w, size_t s) { return e.word_to_tokens(w, s); },
          py::arg("word_index"), py::arg("sequence_index") = 0)
      .def(
          "word_to_chars", [](const Encoding& e, uint32_t w, size_t s) { return optional_span(e.word_to_chars(w, s)); },
          py::arg("word_index"), py::arg("sequence_index") = 0)
      .def(
          "char_to_token", [](const Encoding& e, size_t c, size_t s) { return optional_index(e.char_to_token(c, s)); },
          py::arg("char_pos"), py::arg("sequence_index") = 0)
      .def(
          "char_to_word", [](const Encoding& e, size_t c, size_t s) { return e.char_to_word(c, s); },
          py::arg("char_pos"), py::arg("sequence_index") = 0)
      .def(
          "truncate",
          [](Encoding& e, size_t n, size_t stride, const std::string& d) {
            check<TokenizerError>(d == "left" || d == "right", "Invalid truncation direction value : ", d);
            e.truncate(n, stride, tk::direction_from_name(d));
          },
          py::arg("max_length"), py::arg("stride") = 0, py::arg("direction") = "right")
      .def(
          "pad",
          [](Encoding& e, size_t n, const std::string& d, uint32_t id, uint32_t type, const std::string& token) {
            e.pad(n, id, type, token, tk::direction_from_name(d));
          },
          py::arg("length"), py::kw_only(), py::arg("direction") = "right", py::arg("pad_id") = 0,
          py::arg("pad_type_id") = 0, py::arg("pad_token") = "[PAD]")
      .def_static(
          "merge",
          [](std::vector<Encoding> parts, Checked<bool> growing) { return Encoding::merge(std::move(parts), growing); },
          py::arg("encodings"), py::arg("growing_offsets") = true)
      .def(py::pickle([](const Encoding& e) { return py::bytes(tk::dump(encoding_to_json(e), false)); },
                      [](const py::bytes& b) {
                        const std::string text = b;
                        tk::JsonReader reader(text, "Encoding");
                        return encoding_from_json(reader.value());
                      }));

  py::class_<PyToken>(m, "Token", "A token that a model made: id, text, offsets.")
      .def(py::init([](uint32_t id, std::string value, std::pair<size_t, size_t> offsets) {
             return PyToken{id, std::move(value), offsets};
           }),
           py::arg("id"), py::arg("value"), py::arg("offsets"))
      .def_readonly("id", &PyToken::id)
      .def_readonly("value", &PyToken::value)
      .def_readonly("offsets", &PyToken::offsets)
      .def("as_tuple", [](const PyToken& t) { return py::make_tuple(t.id, t.value, t.offsets); });
}

}  // namespace ef
