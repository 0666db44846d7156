// eigenformers._core.tokenizers: what the vocabulary files from before tokenizer.json need.
#include "bindings/tokenizers_support.h"

#include <unordered_set>

#include "tokenizers/models/all_merges.h"
#include "tokenizers/sentencepiece.h"

namespace ef {
namespace {

py::dict model_dict(const tk::SentencePieceModel& m) {
  py::list pieces, types;
  for (const auto& p : m.pieces) {
    pieces.append(py::make_tuple(to_str(p.text), p.score));
    types.append(int(p.type));
  }
  py::dict out;
  out["pieces"] = pieces;
  out["types"] = types;
  out["algorithm"] = int(m.algorithm);
  out["byte_fallback"] = m.byte_fallback;
  out["treat_whitespace_as_suffix"] = m.treat_whitespace_as_suffix;
  out["unk_id"] = m.unk_id;
  out["bos_id"] = m.bos_id;
  out["eos_id"] = m.eos_id;
  out["pad_id"] = m.pad_id;
  out["unk_piece"] = m.unk_piece;
  out["bos_piece"] = m.bos_piece;
  out["eos_piece"] = m.eos_piece;
  out["pad_piece"] = m.pad_piece;
  out["normalizer"] = m.normalizer_name;
  out["precompiled_charsmap"] = py::bytes(m.precompiled_charsmap);
  out["add_dummy_prefix"] = m.add_dummy_prefix;
  out["remove_extra_whitespaces"] = m.remove_extra_whitespaces;
  out["escape_whitespaces"] = m.escape_whitespaces;
  return out;
}

py::list merges_of_vocab(const py::dict& tokens, bool by_length, const py::set& skip) {
  tk::Vocab vocab;
  vocab.reserve(tokens.size());
  for (auto [token, id] : tokens) vocab.add(utf8_of(token), id.cast<uint32_t>());
  vocab.finish("vocabulary");
  std::unordered_set<std::string> left_out;
  for (auto token : skip) left_out.emplace(utf8_of(token));
  const auto order = by_length ? tk::MergeOrder::IdThenLengths : tk::MergeOrder::Id;
  const tk::Merges merges =
      tk::all_merges(vocab, order, {}, [&](std::string_view t) { return left_out.count(std::string(t)) > 0; });
  py::list out(merges.size());
  for (size_t i = 0; i < merges.size(); i++) out[i] = py::make_tuple(to_str(merges.left(i)), to_str(merges.right(i)));
  return out;
}

}  // namespace

void bind_tokenizer_files(py::module_& m) {
  m.def(
      "_read_sentencepiece",
      [](const std::string& path) {
        tk::SentencePieceModel model;
        {
          py::gil_scoped_release release;
          model = tk::SentencePieceModel::from_file(path);
        }
        return model_dict(model);
      },
      py::arg("path"));
  py::class_<tk::SentencePiece>(m, "SentencePiece", "A SentencePiece model, used as it is.")
      .def(py::init([](const py::bytes& bytes, const std::string& where) {
             return tk::SentencePiece(tk::SentencePieceModel::parse(std::string_view(bytes), where), where);
           }),
           py::arg("model"), py::arg("where") = "SentencePiece", "From the bytes of a .model file.")
      .def("__len__", [](const tk::SentencePiece& s) { return s.model().pieces.size(); })
      .def(
          "encode",
          [](const tk::SentencePiece& s, const py::str& text) {
            py::list out;
            for (auto& piece : s.encode(utf8_of(text))) out.append(to_str(piece));
            return out;
          },
          py::arg("text"), "The pieces of a text.")
      .def(
          "decode",
          [](const tk::SentencePiece& s, const std::vector<std::string>& pieces) { return to_str(s.decode(pieces)); },
          py::arg("pieces"), "The text of pieces.")
      .def(
          "normalize",
          [](const tk::SentencePiece& s, const py::str& text) { return to_str(s.normalize(utf8_of(text))); },
          py::arg("text"))
      .def(
          "piece_to_id", [](const tk::SentencePiece& s, const py::str& piece) { return s.id_of(utf8_of(piece)); },
          py::arg("piece"), "The id of a piece, or of the unknown one.")
      .def(
          "id_to_piece",
          [](const tk::SentencePiece& s, size_t id) {
            check<IndexError>(id < s.model().pieces.size(), "piece id is out of range: ", id, " of ",
                              s.model().pieces.size());
            return to_str(s.model().pieces[id].text);
          },
          py::arg("id"))
      .def("set_dummy_prefix", &tk::SentencePiece::set_dummy_prefix, py::arg("wanted"));
  m.def("_merges_of_vocab", merges_of_vocab, py::arg("vocab"), py::arg("by_length"), py::arg("skip"));
}

}  // namespace ef
