#include "bindings/tokenizers_encode.h"

#include <algorithm>

#include "bindings/bindings.h"
#include "bindings/signals.h"
#include "tokenizers/for_all.h"

namespace ef {
namespace {

using tk::Encoding;
using tk::Tokenizer;

// Views of texts that the tuple keeps alive; none when it has anything else in it.
std::optional<std::vector<std::string_view>> plain_texts(const py::tuple& items) {
  std::vector<std::string_view> out;
  out.reserve(items.size());
  for (const py::handle text : items) {
    if (!PyUnicode_Check(text.ptr())) return {};
    out.push_back(utf8_of(text));
  }
  return out;
}

// The ids of a batch and what goes with them, padded as they are put out.
class Rows {
 public:
  Tokenizer::Ids batch;
  std::optional<Tokenizer::Frame> frame;  // needed for types()
  std::optional<tk::Padding> padding;
  // Once these are there.
  void measure() {
    size_t longest = 0, shortest = SIZE_MAX;
    for (const auto& text : batch.texts)
      longest = std::max(longest, text.size()), shortest = std::min(shortest, text.size());
    width_ = padding ? padding->target(longest) : 0;
    same_ = shortest >= longest || width_ >= longest;
  }
  size_t count() const { return batch.texts.size(); }
  size_t size(size_t i) const { return std::max(batch.texts[i].size(), width_); }
  bool same_sizes() const { return same_; }

  template <class T>
  void ids(size_t i, T* to) const {
    put(i, to, padding ? padding->pad_id : 0, [&](T* at) { std::ranges::copy(batch.texts[i], at); });
  }
  template <class T>
  void types(size_t i, T* to) const {
    put(i, to, padding ? padding->pad_type_id : 0, [&](T* at) {
      const auto &before = frame->types_before, &after = frame->types_after;
      at = std::ranges::copy(before, at).out;
      at = std::fill_n(at, batch.texts[i].size() - before.size() - after.size(), T(frame->type));
      std::ranges::copy(after, at);
    });
  }
  template <class T>
  void mask(size_t i, T* to) const {
    put(i, to, 0, [&](T* at) { std::fill_n(at, batch.texts[i].size(), T(1)); });
  }

 private:
  template <class T, class F>
  void put(size_t i, T* to, uint32_t padded, F&& write) const {
    const size_t n = batch.texts[i].size(), pad = size(i) - n;
    const bool left = pad && padding->direction == tk::Direction::Left;
    std::fill_n(left ? to : to + n, pad, T(padded));
    write(left ? to + pad : to);
  }
  size_t width_ = 0;
  bool same_ = true;
};

// make(i, to) for every row of [rows, size].
template <class F>
void fill(const Rows& rows, int64_t* to, F&& make) {
  const size_t count = rows.count(), size = count ? rows.size(0) : 0, piece = (1 << 14) / (size + 1) + 1;
  tk::for_all((count + piece - 1) / piece, [&](size_t p) {
    for (size_t i = p * piece; i < std::min(count, (p + 1) * piece); i++) make(i, to + i * size);
  });
}
template <class F>
py::object array_of(const Rows& rows, F&& make) {
  py::array_t<int64_t> out({py::ssize_t(rows.count()), py::ssize_t(rows.count() ? rows.size(0) : 0)});
  int64_t* const to = out.mutable_data();
  {
    py::gil_scoped_release release;
    fill(rows, to, make);
  }
  return out;
}
template <class F>
py::object tensor_of(const Rows& rows, F&& make) {
  Tensor out = Tensor::empty({int64_t(rows.count()), int64_t(rows.count() ? rows.size(0) : 0)}, DType::Int64);
  {
    py::gil_scoped_release release;
    fill(rows, out.mutable_data<int64_t>(), make);
  }
  return py::cast(out);
}
template <class F>
py::object lists_of(const Rows& rows, F&& make) {
  py::list out(rows.count());
  std::vector<uint32_t> row;
  for (size_t i = 0; i < rows.count(); i++) {
    row.resize(rows.size(i));
    make(i, row.data());
    PyList_SET_ITEM(out.ptr(), Py_ssize_t(i), to_list(row).release().ptr());
  }
  return out;
}
}  // namespace

std::vector<Encoding> encode_batch(const Tokenizer& self, const py::iterable& input, bool pre_tokenized, bool special,
                                   tk::OffsetKind kind) {
  Inputs inputs(pre_tokenized);
  const auto items = inputs.items(input);
  return using_tokenizer(self, [&] { return self.encode_batch(items, special, kind, check_signals); });
}

IdsAndLengths encode_batch_arrays(const Tokenizer& self, const py::iterable& input, bool pre_tokenized, bool special) {
  Rows rows;
  check_is_list(input);
  const py::tuple items(input);  // a generator is asked once
  const auto plain = pre_tokenized ? std::nullopt : plain_texts(items);
  if (plain) {
    rows.batch = using_tokenizer(self, [&] {
      rows.padding = self.padding;
      return self.encode_batch_ids(*plain, special, true, check_signals);
    });
  } else {
    // Pairs, and texts in words; these are padded already.
    const auto encodings = encode_batch(self, items, pre_tokenized, special, tk::OffsetKind::None);
    for (const Encoding& e : encodings) rows.batch.memory.push_back(e.ids());
    rows.batch.texts.assign(rows.batch.memory.begin(), rows.batch.memory.end());
  }
  rows.measure();
  size_t total = 0;
  for (size_t i = 0; i < rows.count(); i++) total += rows.size(i);
  py::array_t<int64_t> ids{py::ssize_t(total)}, lengths{py::ssize_t(rows.count())};
  int64_t *to = ids.mutable_data(), *length = lengths.mutable_data();
  {
    py::gil_scoped_release release;
    for (size_t i = 0; i < rows.count(); to += *length++, i++) {
      *length = int64_t(rows.size(i));
      rows.ids(i, to);
    }
  }
  return py::make_tuple(ids, lengths);
}

py::object encode_batch_rows(const Tokenizer& self, const py::list& input, bool special, bool types, bool attention,
                             const std::string& made_as) {
  const py::tuple items(input);
  const auto plain = plain_texts(items);
  if (!plain) return py::none();
  Rows rows;
  const bool known = using_tokenizer(self, [&] {
    if (!self.repeats() || !(rows.frame = self.frame(special))) return false;
    rows.padding = self.padding;
    rows.batch = self.encode_batch_ids(*plain, special, true, check_signals);
    rows.measure();
    return true;
  });
  if (!known) return py::none();
  const auto all = [&](bool wanted, auto&& make) -> py::object {
    if (!wanted) return py::none();
    if (!rows.same_sizes() || (made_as != "np" && made_as != "pt")) return lists_of(rows, make);
    return made_as == "np" ? array_of(rows, make) : tensor_of(rows, make);
  };
  return py::make_tuple(all(true, [&](size_t i, auto* to) { rows.ids(i, to); }),
                        all(types, [&](size_t i, auto* to) { rows.types(i, to); }),
                        all(attention, [&](size_t i, auto* to) { rows.mask(i, to); }));
}

}  // namespace ef
