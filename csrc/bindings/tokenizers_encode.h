// Texts from Python into the tokenizer engine, one by one and in batches.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/typing.h>

#include "bindings/tokenizers_support.h"

namespace ef {

inline void check_is_list(const py::iterable& list) {
  if (py::isinstance<py::str>(list)) throw py::type_error("Can't extract `str` to `Vec`");
  // Their order, or their keys, are hardly what was meant.
  if (py::isinstance<py::dict>(list) || py::isinstance<py::anyset>(list))
    throw py::type_error(
        str("'", py::type::of(list).attr("__name__").cast<std::string>(), "' object is not an instance of 'Sequence'"));
}

// Texts on their way into the engine: views of Python strings, which are kept alive here.
class Inputs {
 public:
  explicit Inputs(bool pre_tokenized) : pre_tokenized_(pre_tokenized) {}

  tk::InputText text(const py::handle& h) {
    if (!pre_tokenized_) {
      if (!py::isinstance<py::str>(h)) throw py::type_error("TextInputSequence must be str");
      keep_.push_back(py::reinterpret_borrow<py::object>(h));
      return utf8_of(h);
    }
    if (py::isinstance<py::str>(h) || !py::isinstance<py::iterable>(h))
      throw py::type_error("PreTokenizedInputSequence must be Union[List[str], Tuple[str]]");
    std::vector<std::string_view> words;
    for (auto word : py::iter(h)) {
      py::object kept = py::isinstance<py::str>(word) ? py::reinterpret_borrow<py::object>(word) : py::object();
      if (!kept) throw py::type_error("PreTokenizedInputSequence must be Union[List[str], Tuple[str]]");
      words.push_back(utf8_of(kept));
      keep_.push_back(std::move(kept));
    }
    return words;
  }
  // One input of a batch: a text, or a pair of them.
  tk::EncodeInput item(const py::handle& h) {
    const bool sequence = PySequence_Check(h.ptr()) && !py::isinstance<py::str>(h) && !py::isinstance<py::bytes>(h);
    if (sequence && py::len(h) == 2) {
      const py::object a = h[py::int_(0)], b = h[py::int_(1)];
      const bool words = py::isinstance<py::str>(a) && py::isinstance<py::str>(b);
      if (!pre_tokenized_ || !words) return {text(a), text(b), true};
    }
    if (pre_tokenized_ ? !sequence || (py::len(h) == 1 && !py::isinstance<py::str>(h[py::int_(0)]))
                       : !py::isinstance<py::str>(h))
      throw py::type_error(pre_tokenized_ ? "PreTokenizedEncodeInput must be Union[PreTokenizedInputSequence, "
                                            "Tuple[PreTokenizedInputSequence, PreTokenizedInputSequence]]"
                                          : "TextEncodeInput must be Union[TextInputSequence, Tuple[InputSequence, "
                                            "InputSequence]]");
    return {text(h), std::nullopt, true};
  }
  std::vector<tk::EncodeInput> items(const py::iterable& list) {
    check_is_list(list);
    std::vector<tk::EncodeInput> out;
    for (auto h : list) out.push_back(item(h));
    return out;
  }

 private:
  bool pre_tokenized_;
  std::vector<py::object> keep_;
};

std::vector<tk::Encoding> encode_batch(const tk::Tokenizer& self, const py::iterable& input, bool pre_tokenized,
                                       bool special, tk::OffsetKind kind);
// (ids of all texts one after the other, length of each) as arrays.
using IdsAndLengths = py::typing::Tuple<py::array_t<int64_t>, py::array_t<int64_t>>;
IdsAndLengths encode_batch_arrays(const tk::Tokenizer& self, const py::iterable& input, bool pre_tokenized,
                                  bool special);
// What most calls ask for, without encodings: as Python's lists, or where rows are of one size as arrays ("np") or
// tensors ("pt"), which need no numpy.
py::object encode_batch_rows(const tk::Tokenizer& self, const py::list& input, bool special, bool types, bool attention,
                             const std::string& made_as);

}  // namespace ef
