// eigenformers._core.tokenizers: counting words and training models. The trainers themselves are Python classes that
// hold options; see python/eigenformers/tokenizers/trainers.py.
#include "bindings/signals.h"
#include "bindings/tokenizers_support.h"
#include "tokenizers/trainers/parity_bpe.h"
#include "tokenizers/trainers/trainer.h"

namespace ef {
namespace {

// Calls back into Python, where Ctrl-C ends the training.
tk::TrainProgress shown(const py::object& progress) {
  return [progress](const char* stage, size_t done, size_t all) {
    py::gil_scoped_acquire acquire;
    check_signals();
    if (!progress.is_none()) progress(stage, done, all);
  };
}

}  // namespace

void bind_tokenizer_trainers(py::module_& m) {
  py::class_<tk::WordCounts>(m, "_WordCounts", "How often each word occurs.")
      .def(py::init<bool>(), py::arg("added_tokens") = true)
      .def("__len__", &tk::WordCounts::size)
      .def(
          "feed",
          [](tk::WordCounts& self, const tk::Tokenizer& tokenizer, const py::list& texts) {
            std::vector<std::string_view> views;
            views.reserve(texts.size());
            for (auto text : texts) {
              if (!py::isinstance<py::str>(text))
                throw py::type_error("train_from_iterator: needed texts or lists of texts, found " +
                                     py::str(py::type::of(text)).cast<std::string>());
              views.push_back(utf8_of(text));
            }
            using_tokenizer(tokenizer, [&] { self.feed(tokenizer, views); });
          },
          py::arg("tokenizer"), py::arg("texts"))
      .def(
          "feed_file",
          [](tk::WordCounts& self, const tk::Tokenizer& tokenizer, const std::string& path) {
            using_tokenizer(tokenizer, [&] { self.feed_file(tokenizer, path); });
          },
          py::arg("tokenizer"), py::arg("path"));

  m.def(
      "_train",
      [](tk::Tokenizer& tokenizer, const std::string& name, const std::string& options, const tk::WordCounts& words,
         const py::object& progress) {
        tk::JsonReader reader(options, name);
        const tk::Json json = reader.value();
        const tk::TrainerPtr trainer = tk::trainer_from_json(name, json);
        tk::ModelPtr model;
        const tk::TrainProgress callback = shown(progress);
        const tk::ModelPtr old = tokenizer.model();
        {
          py::gil_scoped_release release;
          model = trainer->train(*old, words, callback);
        }
        changing_tokenizer(tokenizer, [&] {
          tokenizer.set_model(std::move(model));
          tokenizer.add_special_tokens(trainer->special_tokens());
        });
      },
      py::arg("tokenizer"), py::arg("name"), py::arg("options"), py::arg("words"), py::arg("progress"));

  m.def(
      "_train_parity",
      [](tk::Tokenizer& tokenizer, const std::string& options, const std::vector<const tk::WordCounts*>& train,
         const std::vector<const tk::WordCounts*>& dev, const py::object& progress) {
        tk::JsonReader reader(options, "ParityBpeTrainer");
        const tk::Json json = reader.value();
        const tk::TrainProgress callback = shown(progress);
        tk::ModelPtr model;
        {
          py::gil_scoped_release release;
          model = tk::train_parity_bpe(json, train, dev, callback);
        }
        changing_tokenizer(tokenizer, [&] {
          tokenizer.set_model(std::move(model));
          tokenizer.add_special_tokens(tk::read_special_tokens(json, "ParityBpeTrainer"));
        });
      },
      py::arg("tokenizer"), py::arg("options"), py::arg("train"), py::arg("dev"), py::arg("progress"));
}

}  // namespace ef
