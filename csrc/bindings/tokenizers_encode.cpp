#include "bindings/tokenizers_encode.h"

#include <algorithm>

#include "bindings/signals.h"

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

// The size that a batch is padded to; 0 without padding.
size_t width_of(const std::vector<std::span<const uint32_t>>& texts, const std::optional<tk::Padding>& padding) {
  size_t longest = 0;
  for (const auto& text : texts) longest = std::max(longest, text.size());
  return padding ? padding->target(longest) : 0;
}
}  // namespace

std::vector<Encoding> encode_batch(const Tokenizer& self, const py::iterable& input, bool pre_tokenized, bool special,
                                   tk::OffsetKind kind) {
  Inputs inputs(pre_tokenized);
  const auto items = inputs.items(input);
  return using_tokenizer(self, [&] { return self.encode_batch(items, special, kind, check_signals); });
}

IdsAndLengths encode_batch_arrays(const Tokenizer& self, const py::iterable& input, bool pre_tokenized, bool special) {
  Tokenizer::Ids batch;
  std::optional<tk::Padding> padding;
  check_is_list(input);
  const py::tuple items(input);  // a generator is asked once
  const auto plain = pre_tokenized ? std::nullopt : plain_texts(items);
  if (plain) {
    batch = using_tokenizer(self, [&] {
      padding = self.padding;
      return self.encode_batch_ids(*plain, special, true, check_signals);
    });
  } else {
    // Pairs, and texts in words; these are padded already.
    const auto encodings = encode_batch(self, items, pre_tokenized, special, tk::OffsetKind::None);
    for (const Encoding& e : encodings) batch.memory.push_back(e.ids());
    batch.texts.assign(batch.memory.begin(), batch.memory.end());
  }
  const size_t width = width_of(batch.texts, padding);
  size_t total = 0;
  for (const auto& text : batch.texts) total += std::max(text.size(), width);
  py::array_t<int64_t> ids{py::ssize_t(total)}, lengths{py::ssize_t(batch.texts.size())};
  int64_t *to = ids.mutable_data(), *length = lengths.mutable_data();
  {
    py::gil_scoped_release release;
    for (const auto& text : batch.texts) {
      const size_t n = text.size(), pad = width > n ? width - n : 0;
      *length++ = int64_t(n + pad);
      if (pad && padding->direction == tk::Direction::Left) to = std::fill_n(to, pad, padding->pad_id);
      to = std::copy(text.begin(), text.end(), to);
      if (pad && padding->direction == tk::Direction::Right) to = std::fill_n(to, pad, padding->pad_id);
    }
  }
  return py::make_tuple(ids, lengths);
}

py::object encode_batch_lists(const Tokenizer& self, const py::list& input, bool special, bool types, bool attention) {
  const py::tuple items(input);
  const auto plain = plain_texts(items);
  if (!plain) return py::none();
  std::optional<Tokenizer::Frame> frame;
  std::optional<tk::Padding> padding;
  const auto batch = using_tokenizer(self, [&]() -> std::optional<Tokenizer::Ids> {
    if (!self.repeats()) return {};
    frame = self.frame(special);
    padding = self.padding;
    return frame ? std::optional(self.encode_batch_ids(*plain, special, true, check_signals)) : std::nullopt;
  });
  if (!batch) return py::none();
  const bool left = padding && padding->direction == tk::Direction::Left;
  const size_t size = batch->texts.size(), width = width_of(batch->texts, padding);
  py::list ids(size), type_ids(types ? size : 0), masks(attention ? size : 0);
  const auto set = [](py::list& list, size_t i, py::list row) {
    PyList_SET_ITEM(list.ptr(), Py_ssize_t(i), row.release().ptr());
  };
  std::vector<uint32_t> row;
  for (size_t i = 0; i < size; i++) {
    const std::span<const uint32_t> text = batch->texts[i];
    const size_t n = text.size(), pad = width > n ? width - n : 0;
    const auto pad_with = [&](uint32_t value) { row.insert(left ? row.begin() : row.end(), pad, value); };
    if (pad) {
      row.assign(text.begin(), text.end());
      pad_with(padding->pad_id);
    }
    set(ids, i, to_list(pad ? std::span<const uint32_t>(row) : text));
    if (types) {
      row = frame->types_before;
      row.resize(n - frame->types_after.size(), frame->type);
      row.insert(row.end(), frame->types_after.begin(), frame->types_after.end());
      pad_with(padding ? padding->pad_type_id : 0);
      set(type_ids, i, to_list(row));
    }
    if (attention) {
      row.assign(n, 1);
      pad_with(0);
      set(masks, i, to_list(row));
    }
  }
  return py::make_tuple(ids, types ? py::object(type_ids) : py::none(), attention ? py::object(masks) : py::none());
}

}  // namespace ef
