// NormalizedString and PreTokenizedString in Python, and components that are Python objects.
#include "bindings/tokenizers_support.h"

#include "tokenizers/char_index.h"
#include "tokenizers/normal_forms.h"
#include "tokenizers/pattern.h"

namespace ef {
namespace {

using tk::NormalizedString;
using tk::PreTokenizedString;
using tk::Span;

// Texts that a component hands to Python live as long as the call, unless they have a copy of the original.
struct Scope {
  bool open = true;
  std::shared_ptr<const std::string> original;
};
using ScopePtr = std::shared_ptr<Scope>;
class Call {
 public:
  ~Call() { scope_->open = false; }
  const ScopePtr& scope() const { return scope_; }

 private:
  ScopePtr scope_ = std::make_shared<Scope>();
};
void check_open(const ScopePtr& scope, const char* what) {
  check<TokenizerError>(!scope || scope->open, what, ": used after the call that it was made for");
}

// What Python's part of a component raises comes out as a TokenizerError, with the class's name in front of the text
// and the error itself as its cause.
template <class F>
auto guarded(F&& f) {
  try {
    return f();
  } catch (py::error_already_set& e) {
    const py::object ours = py::module_::import("eigenformers.errors").attr("TokenizerError");
    if (!e.matches(PyExc_Exception) || e.matches(ours)) throw;
    const std::string text =
        str(std::string(py::str(e.type().attr("__name__"))), ": ", std::string(py::str(e.value())));
    py::raise_from(e, ours.ptr(), text.c_str());
    throw py::error_already_set();
  }
}
template <class T>
T& expect(const py::handle& value, const char* name) {
  check<TokenizerError>(py::isinstance<T>(value), "TypeError: '", Py_TYPE(value.ptr())->tp_name,
                        "' object is not an instance of '", name, "'");
  return value.cast<T&>();
}
void check_callable(const py::object& f, const char* what, const char* signature) {
  if (!PyCallable_Check(f.ptr()))
    throw py::type_error(str("`", what, "` expect a callable with the signature: `", signature, "`"));
}

struct PyNormalized {
  std::shared_ptr<const std::string> storage;  // the original, if this object owns it
  std::shared_ptr<NormalizedString> own;       // or it belongs to a component:
  NormalizedString* borrowed = nullptr;
  ScopePtr scope;

  NormalizedString& get() const {
    if (scope && !scope->open && scope->original)
      own->move_to(*scope->original);
    else
      check_open(scope, "NormalizedString");
    return borrowed ? *borrowed : *own;
  }
  std::string original() const {
    const NormalizedString& s = get();
    const Span span = s.source();
    return span.begin < span.end ? std::string(s.original().substr(span.begin, span.end - span.begin)) : "";
  }
  // Bytes [begin, end) as a text of its own, over the same original.
  PyNormalized part(uint32_t begin, uint32_t end) const {
    const NormalizedString& whole = get();
    auto out = std::make_shared<NormalizedString>(whole, begin, end);
    std::vector<Span> alignments;
    for (uint32_t i = begin; i < end; i++) alignments.push_back(whole.alignment(i));
    out->assign(std::string(whole.text().substr(begin, end - begin)), std::move(alignments));
    return {storage, std::move(out), nullptr, scope};
  }
};

PyNormalized standalone(const py::str& text) {
  auto storage = std::make_shared<const std::string>(utf8_of(text));
  auto own = std::make_shared<NormalizedString>(std::string_view(*storage));
  return {std::move(storage), std::move(own), nullptr, nullptr};
}

tk::Pattern pattern_of(const py::object& pattern) {
  if (py::isinstance<py::str>(pattern)) return tk::Pattern::literal(std::string(utf8_of(pattern)));
  if (!py::hasattr(pattern, "pattern")) throw py::type_error("a pattern is a str or a Regex");
  return tk::Pattern::regex(pattern.attr("pattern").cast<std::string>());
}

char32_t first_character(const py::object& value, const char* where) {
  const std::string_view text = py::isinstance<py::str>(value) ? utf8_of(value) : std::string_view();
  if (text.empty()) throw py::type_error(std::string(where) + ": the function has to give a character");
  int length;
  return tk::utf8::decode(text.data(), length);
}
py::str character(char32_t c) { return to_str(tk::utf8::encode(c)); }

// Over a copy: the function may change the text.
template <class F>
void for_each_character(const PyNormalized& p, F&& f) {
  const std::string text(p.get().text());
  for (char32_t c : tk::utf8::chars(text)) f(c);
}

// Characters [begin, end) of the text as bytes.
Span byte_range(std::string_view text, int64_t begin, int64_t end) {
  uint32_t at = 0;
  const auto skip = [&](int64_t n) {
    while (n-- > 0) at += uint32_t(tk::utf8::length_of(text[at]));
    return at;
  };
  const uint32_t first = skip(begin);
  return {first, skip(end - begin)};
}

// Reads what Python takes for an index; false where it is none, or does not fit.
template <class Int>
bool read_index(py::handle value, Int& out) {
  py::detail::make_caster<Int> caster;
  if (!PyIndex_Check(value.ptr()) || !caster.load(value, true)) return false;
  out = py::detail::cast_op<Int>(caster);
  return true;
}

py::object slice(const PyNormalized& self, const py::object& range) {
  const std::string_view text = self.get().text();
  const int64_t size = int64_t(tk::utf8::count(text));
  int64_t begin, end;
  uint64_t from_start, to_start;
  if (read_index(range, begin)) {
    if (begin < -size) throw py::value_error(str(-uint64_t(begin), " is bigger than max len"));
    begin = begin < 0 ? begin + size : std::min(begin, size);
    end = begin + 1;
  } else if (py::isinstance<py::slice>(range)) {
    py::ssize_t from, to, step, length;
    if (!py::reinterpret_borrow<py::slice>(range).compute(size, &from, &to, &step, &length))
      throw py::error_already_set();
    if (step != 1) throw py::value_error("NormalizedString: slices have no step");
    begin = from, end = to;
  } else if (py::isinstance<py::tuple>(range) && py::len(range) == 2 && read_index(range[py::int_(0)], from_start) &&
             read_index(range[py::int_(1)], to_start)) {
    const uint64_t beyond = uint64_t(size) + 1;
    begin = int64_t(std::min(from_start, beyond)), end = int64_t(std::min(to_start, beyond));
  } else {
    throw py::type_error(
        "NormalizedString: a range is an int, a pair of ints from the start of the text on, or a slice");
  }
  if (size == 0 && begin == 0 && end == 0) return py::cast(self.part(0, 0));
  if (begin >= size) return py::none();
  if (begin > end) end = size;  // a range that ends before it begins reaches to the end, as in the library
  end = std::min(end, size);
  const Span bytes = byte_range(text, begin, end);
  return py::cast(self.part(bytes.begin, bytes.end));
}

void bind_normalized(py::module_& m) {
  using P = PyNormalized;
  py::class_<P> cls(m, "NormalizedString", "A text that remembers what it was made from.");
  cls.def(py::init(&standalone), py::arg("sequence"))
      .def_property_readonly("normalized", [](const P& p) { return to_str(p.get().text()); })
      .def_property_readonly("original", [](const P& p) { return to_str(p.original()); })
      .def("__str__", [](const P& p) { return to_str(p.get().text()); })
      .def("__repr__",
           [](const P& p) {
             return to_str(
                 str("NormalizedString(original=\"", p.original(), "\", normalized=\"", p.get().text(), "\")"));
           })
      .def("slice", slice, py::arg("range"), "Characters of a range, None where it reaches outside of the text.")
      .def("__getitem__", slice)
      .def(
          "append", [](P& p, const py::str& s) { p.get().append(utf8_of(s)); }, py::arg("s"))
      .def(
          "prepend", [](P& p, const py::str& s) { p.get().prepend(utf8_of(s)); }, py::arg("s"))
      .def("clear", [](P& p) { p.get().clear(); })
      .def("lowercase", [](P& p) { p.get().lowercase(); })
      .def("uppercase", [](P& p) { p.get().uppercase(); })
      .def("strip", [](P& p) { p.get().strip(true, true); })
      .def("lstrip", [](P& p) { p.get().strip(true, false); })
      .def("rstrip", [](P& p) { p.get().strip(false, true); })
      .def("nfc", [](P& p) { tk::apply_normal_form(p.get(), tk::NormalForm::C); })
      .def("nfd", [](P& p) { tk::apply_normal_form(p.get(), tk::NormalForm::D); })
      .def("nfkc", [](P& p) { tk::apply_normal_form(p.get(), tk::NormalForm::KC); })
      .def("nfkd", [](P& p) { tk::apply_normal_form(p.get(), tk::NormalForm::KD); })
      .def(
          "filter",
          [](P& p, const py::object& f) {
            check_callable(f, "filter", "fn(char) -> bool");
            std::vector<char> keep;
            for_each_character(p, [&](char32_t c) { keep.push_back(f(character(c)).cast<bool>()); });
            size_t i = 0;
            p.get().filter([&](char32_t) { return i >= keep.size() || keep[i++]; });
          },
          py::arg("func"), "Keeps the characters that `func` says yes to.")
      .def(
          "map",
          [](P& p, const py::object& f) {
            check_callable(f, "map", "fn(char) -> char");
            std::vector<char32_t> to;
            for_each_character(p, [&](char32_t c) { to.push_back(first_character(f(character(c)), "map")); });
            size_t i = 0;
            p.get().map([&](char32_t c) { return i < to.size() ? to[i++] : c; });
          },
          py::arg("func"), "Replaces every character by what `func` gives for it, its first character.")
      .def(
          "for_each",
          [](const P& p, const py::object& f) {
            check_callable(f, "for_each", "fn(char)");
            for_each_character(p, [&](char32_t c) { f(character(c)); });
          },
          py::arg("func"))
      .def(
          "replace",
          [](P& p, const py::object& pattern, const py::str& content) {
            p.get().replace(pattern_of(pattern), utf8_of(content));
          },
          py::arg("pattern"), py::arg("content"))
      .def(
          "split",
          [](const P& p, const py::object& pattern, const std::string& behavior) {
            const auto kind = tk::split_behavior_from_name(behavior, "split");
            auto parts = tk::split_parts(p.get().text(), pattern_of(pattern));
            if (p.get().size() == 0) parts = {{0, 0, false}};
            py::list out;
            tk::join_parts(parts, kind, [&](uint32_t b, uint32_t e) { out.append(p.part(b, e)); });
            return out;
          },
          py::arg("pattern"), py::arg("behavior"), "Parts, cut at the matches as the behavior says.");
}

struct PyPreTokenized {
  std::shared_ptr<const std::string> storage;
  std::shared_ptr<PreTokenizedString> own;
  PreTokenizedString* borrowed = nullptr;
  ScopePtr scope;
  bool busy = false;  // a function of Python's is at work on its pieces, which may not change or be seen meanwhile

  PreTokenizedString& get() const {
    check_open(scope, "PreTokenizedString");
    if (busy) throw std::runtime_error("Already mutably borrowed");
    return borrowed ? *borrowed : *own;
  }
};
class Busy {
 public:
  explicit Busy(PyPreTokenized& text) : text_(text) { text.busy = true; }
  ~Busy() { text_.busy = false; }
  Busy(const Busy&) = delete;

 private:
  PyPreTokenized& text_;
};

// A piece as a text of its own, over the same original.
PyNormalized open_piece(PreTokenizedString& text, const PreTokenizedString::Piece& piece, const ScopePtr& scope) {
  NormalizedString view = text.normalized(piece);
  PyNormalized whole{nullptr, nullptr, &view, nullptr};
  PyNormalized out = whole.part(0, view.size());
  out.scope = scope;
  return out;
}

void split(PyPreTokenized& self, const py::object& f) {
  check_callable(f, "split", "fn(index: int, normalized: NormalizedString) -> List[NormalizedString]");
  PreTokenizedString& text = self.get();
  const Busy busy(self);
  text.spell_bytes();
  std::vector<PreTokenizedString::Piece> out;
  const std::vector<PreTokenizedString::Piece> old = text.pieces();
  const Call call;
  for (size_t i = 0; i < old.size(); i++) {
    if (old[i].tokens >= 0) {
      out.push_back(old[i]);
      continue;
    }
    const py::iterator parts =
        guarded([&] { return py::iter(f(i, py::cast(open_piece(text, old[i], call.scope())))); });
    for (auto item : parts) {
      const auto& part = expect<PyNormalized>(item, "NormalizedString");
      if (part.get().size() == 0) continue;
      check<TokenizerError>(part.get().original().data() == text.original().data(),
                            "split: the function has to give parts of the text that it was given");
      PreTokenizedString::Piece piece = old[i];
      text.replace(piece, NormalizedString(part.get()));
      out.push_back(piece);
    }
  }
  text.pieces() = std::move(out);
  if (call.scope().use_count() > 1)  // Python has kept some
    call.scope()->original = self.storage ? self.storage : std::make_shared<const std::string>(text.original());
}

void normalize(PyPreTokenized& self, const py::object& f) {
  check_callable(f, "normalize", "fn(normalized: NormalizedString)");
  PreTokenizedString& text = self.get();
  const Busy busy(self);
  text.normalize([&](NormalizedString& part) {
    const Call call;
    guarded([&] { return f(py::cast(PyNormalized{nullptr, nullptr, &part, call.scope()})); });
  });
}

void tokenize(PyPreTokenized& self, const py::object& f) {
  check_callable(f, "tokenize", "fn(str) -> List[Token]");
  PreTokenizedString& text = self.get();
  const Busy busy(self);
  text.spell_bytes();
  for (auto& piece : text.pieces()) {
    if (piece.tokens >= 0) continue;
    PreTokenizedString::Tokens tokens;
    const py::iterator given = guarded([&] { return py::iter(f(to_str(text.text_of(piece)))); });
    for (auto item : given) {
      const auto& t = expect<PyToken>(item, "Token");
      tokens.tokens.push_back({t.id, uint32_t(t.offsets.first), uint32_t(t.offsets.second)});
      tokens.texts.push_back(t.value);
    }
    text.set_tokens(piece, std::move(tokens));
  }
}

py::list tokens_of(const PreTokenizedString& text, const PreTokenizedString::Piece& piece) {
  py::list out;
  const auto& tokens = text.tokens_of(piece).tokens;
  for (size_t i = 0; i < tokens.size(); i++)
    out.append(PyToken{tokens[i].id, std::string(text.text_of(piece, i)), {tokens[i].begin, tokens[i].end}});
  return out;
}

py::list get_splits(const PyPreTokenized& self, const std::string& referential, const std::string& type) {
  if (referential != "original" && referential != "normalized")
    throw py::value_error("Wrong value for OffsetReferential, expected one of `original, normalized`");
  if (type != "char" && type != "byte")
    throw py::value_error("Wrong value for OffsetType, expected one of `byte, char`");
  PreTokenizedString& text = self.get();
  text.spell_bytes();
  const tk::CharIndex chars(text.original());
  py::list out;
  uint32_t at = 0;
  for (auto& piece : text.pieces()) {
    const std::string_view part = text.text_of(piece);
    Span span = text.source(piece);
    if (referential == "normalized") {
      const uint32_t size = type == "char" ? uint32_t(tk::utf8::count(part)) : uint32_t(part.size());
      span = {at, at + size};
      at += size;
    } else if (type == "char") {
      span = chars(span);
    }
    const py::object tokens = piece.tokens < 0 ? py::object(py::none()) : py::object(tokens_of(text, piece));
    out.append(py::make_tuple(to_str(part), py::make_tuple(span.begin, span.end), tokens));
  }
  return out;
}

tk::Encoding to_encoding(const PyPreTokenized& self, uint32_t type_id, std::optional<uint32_t> word) {
  const PreTokenizedString& text = self.get();
  const tk::CharIndex chars(text.original());
  tk::Encoding out;
  uint32_t index = 0;
  for (auto& piece : text.pieces()) {
    check<TokenizerError>(piece.tokens >= 0, "Split has not been tokenized, call `PreTokenizedString::tokenize` first");
    const auto& tokens = text.tokens_of(piece).tokens;
    for (size_t i = 0; i < tokens.size(); i++) {
      const Span span = chars(text.source(piece, tokens[i].begin, tokens[i].end));
      out.tokens.push_back(
          {out.own(std::string(text.text_of(piece, i))), span, tokens[i].id, type_id, word.value_or(index)});
    }
    index++;
  }
  return out;
}

void bind_pre_tokenized(py::module_& m) {
  using P = PyPreTokenized;
  py::class_<P>(m, "PreTokenizedString", "A text in pieces, on its way through the pre-tokenizers.")
      .def(py::init([](const py::str& text) {
             auto storage = std::make_shared<const std::string>(utf8_of(text));
             auto own = std::make_shared<PreTokenizedString>(std::string_view(*storage));
             return P{std::move(storage), std::move(own), nullptr, nullptr};
           }),
           py::arg("s"))
      .def("split", split, py::arg("func"), "Cuts every open piece into what `func(index, piece)` gives.")
      .def("normalize", normalize, py::arg("func"), "Lets `func(piece)` change every open piece.")
      .def("tokenize", tokenize, py::arg("func"), "Gives every open piece the tokens of `func(text)`.")
      .def("to_encoding", to_encoding, py::arg("type_id") = 0, py::arg("word_idx") = py::none())
      .def("get_splits", get_splits, py::arg("offset_referential") = "original", py::arg("offset_type") = "char",
           "[(text, (begin, end), tokens or None)]");
}

// Components that are Python objects. Whoever drops the last reference may not hold Python's lock.
template <class Role>
class Custom : public Role {
 public:
  Custom(py::object object, const char* role) : role_(role) {
    object_ = std::shared_ptr<py::object>(new py::object(std::move(object)), [](py::object* o) {
      py::gil_scoped_acquire acquire;
      delete o;
    });
  }
  tk::Json to_json() const override { fail<TokenizerError>("Custom ", role_, " cannot be serialized"); }

 protected:
  const py::object& object() const { return *object_; }

 private:
  std::shared_ptr<py::object> object_;
  const char* role_;
};

struct CustomNormalizer : Custom<tk::Normalizer> {
  explicit CustomNormalizer(py::object o) : Custom(std::move(o), "Normalizer") {}
  bool needs_source() const override { return true; }  // it may
  void normalize(NormalizedString& text) const override {
    py::gil_scoped_acquire acquire;
    const Call call;
    guarded([&] { return object().attr("normalize")(PyNormalized{nullptr, nullptr, &text, call.scope()}); });
  }
};
struct CustomPreTokenizer : Custom<tk::PreTokenizer> {
  explicit CustomPreTokenizer(py::object o) : Custom(std::move(o), "PreTokenizer") {}
  bool needs_source() const override { return true; }  // it may
  void pre_tokenize(PreTokenizedString& text) const override {
    py::gil_scoped_acquire acquire;
    const Call call;
    guarded([&] { return object().attr("pre_tokenize")(PyPreTokenized{nullptr, nullptr, &text, call.scope()}); });
  }
};
struct CustomDecoder : Custom<tk::Decoder> {
  explicit CustomDecoder(py::object o) : Custom(std::move(o), "Decoder") {}
  std::vector<std::string> decode_chain(std::vector<std::string> tokens) const override {
    py::gil_scoped_acquire acquire;
    py::list texts;
    for (auto& t : tokens) texts.append(to_str(t));
    const py::iterator given = guarded([&] { return py::iter(object().attr("decode_chain")(texts)); });
    std::vector<std::string> out;
    for (auto text : given) out.emplace_back(utf8_of(text));
    return out;
  }
};

}  // namespace

void bind_tokenizer_texts(py::module_& m) {
  bind_normalized(m);
  bind_pre_tokenized(m);
  m.def("_normalize", [](const PyNormalizer& self, PyNormalized& text) { self.role()->normalize(text.get()); });
  m.def("_pre_tokenize",
        [](const PyPreTokenizer& self, PyPreTokenized& text) { self.role()->pre_tokenize(text.get()); });
  m.def("_custom_normalizer", [](py::object o) { return PyNormalizer(std::make_shared<CustomNormalizer>(o)); });
  m.def("_custom_pre_tokenizer", [](py::object o) { return PyPreTokenizer(std::make_shared<CustomPreTokenizer>(o)); });
  m.def("_custom_decoder", [](py::object o) { return PyDecoder(std::make_shared<CustomDecoder>(o)); });
}

}  // namespace ef
