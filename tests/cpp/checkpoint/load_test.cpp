#include "checkpoint/load.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "checkpoint/save.h"
#include "models/tiny.h"

namespace ef {
namespace {

namespace fs = std::filesystem;

struct Folder {
  fs::path path = fs::temp_directory_path() / ("ef_load_" + std::to_string(::getpid()) + "_" + std::to_string(count++));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  static inline int count = 0;
};

Tensor logits(PreTrainedModel& model) {
  NoGradGuard no_grad;
  ModelInput in;
  in.input_ids = ids_of({3, 1, 4, 1, 5});
  return model.run(in).logits;
}

std::shared_ptr<PreTrainedModel> tiny(const char* head = "causal_lm") {
  auto model = make_model("llama", head, tiny_config());
  model->train(false);
  return model;
}

std::vector<std::string> paths(const Folder& f, const SaveResult& saved) {
  std::vector<std::string> out;
  for (auto& name : saved.files) out.push_back((f.path / name).string());
  return out;
}

TEST(Checkpoint, RoundTripWholeAndSharded) {
  auto model = tiny();
  fill_weights(*model);
  for (uint64_t limit : {uint64_t(1) << 40, uint64_t(6000)}) {
    Folder folder;
    const SaveResult saved = save_safetensors(model->named_slots(), {}, folder.path.string(), "model",
                                              "model.safetensors.index.json", limit);
    EXPECT_EQ(saved.files.size() > 1, limit == 6000);
    EXPECT_EQ(fs::exists(folder.path / "model.safetensors.index.json"), limit == 6000);
    auto again = tiny();
    const LoadReport report = load_checkpoint(*again, *open_safetensors(paths(folder, saved)), {});
    EXPECT_TRUE(report.missing.empty() && report.unexpected.empty() && report.mismatched.empty());
    EXPECT_TRUE(equal(logits(*again), logits(*model)));
  }
}

TEST(Checkpoint, BasePrefixIsAddedAndRemoved) {
  auto model = tiny();
  fill_weights(*model);
  Folder folder;
  const auto saved = save_safetensors(model->named_slots(), {}, folder.path.string(), "model",
                                      "model.safetensors.index.json", 1 << 30);
  auto base = tiny("base");
  LoadOptions options;
  options.base_prefix = "model";
  LoadReport report = load_checkpoint(*base, *open_safetensors(paths(folder, saved)), options);
  EXPECT_TRUE(report.missing.empty());
  EXPECT_EQ(report.unexpected, std::vector<std::string>{"lm_head.weight"});
  Folder other;
  const auto base_saved =
      save_safetensors(base->named_slots(), {}, other.path.string(), "model", "model.safetensors.index.json", 1 << 30);
  auto again = tiny();
  report = load_checkpoint(*again, *open_safetensors(paths(other, base_saved)), options);
  EXPECT_EQ(report.missing, std::vector<std::string>{"lm_head.weight"});
}

TEST(Checkpoint, TiedWeightsAreSavedOnceAndTiedAgain) {
  auto model = tiny();
  fill_weights(*model);
  tie(*model, "lm_head.weight", "model.embed_tokens.weight");
  Folder folder;
  const auto saved = save_safetensors(model->named_slots(), {}, folder.path.string(), "model",
                                      "model.safetensors.index.json", 1 << 30);
  EXPECT_EQ(saved.weight_map.count("lm_head.weight"), 0u);
  auto again = tiny();
  LoadOptions options;
  options.ties = {{"lm_head.weight", "model.embed_tokens.weight"}};
  const auto report = load_checkpoint(*again, *open_safetensors(paths(folder, saved)), options);
  EXPECT_TRUE(report.missing.empty());
  EXPECT_TRUE(equal(logits(*again), logits(*model)));
  EXPECT_THROW(tie(*again, "lm_head.weight", "model.nothing.weight"), AttributeError);
}

TEST(Checkpoint, ShapesAreReportedTogether) {
  auto model = tiny();
  fill_weights(*model);
  Folder folder;
  const auto saved = save_safetensors(model->named_slots(), {}, folder.path.string(), "model",
                                      "model.safetensors.index.json", 1 << 30);
  auto other = make_model("llama", "causal_lm", tiny_config(R"("vocab_size": 50)"));
  const auto report = load_checkpoint(*other, *open_safetensors(paths(folder, saved)), {});
  ASSERT_EQ(report.mismatched.size(), 2u);
  EXPECT_EQ(report.mismatched[0].found, Shape({48, 32}));
  EXPECT_EQ(report.mismatched[0].needed, Shape({50, 32}));
}

TEST(Checkpoint, MappedWeightsCanBeTrainedInPlace) {
  auto model = tiny();
  fill_weights(*model);
  Folder folder;
  const auto saved = save_safetensors(model->named_slots(), {}, folder.path.string(), "model",
                                      "model.safetensors.index.json", 1 << 30);
  auto again = tiny();
  load_checkpoint(*again, *open_safetensors(paths(folder, saved)), {});
  NoGradGuard no_grad;
  Tensor w = again->get_submodule("model.norm")->find_parameter("weight")->tensor().detach();
  w.fill_(7);
  auto third = tiny();
  load_checkpoint(*third, *open_safetensors(paths(folder, saved)), {});
  EXPECT_TRUE(equal(logits(*third), logits(*model)));  // the file is as it was
}

TEST(Checkpoint, DtypeIsConverted) {
  auto model = tiny();
  fill_weights(*model);
  Folder folder;
  const auto saved = save_safetensors(model->named_slots(), {}, folder.path.string(), "model",
                                      "model.safetensors.index.json", 1 << 30);
  auto half = tiny();
  LoadOptions options;
  options.dtype = DType::BFloat16;
  load_checkpoint(*half, *open_safetensors(paths(folder, saved)), options);
  for (auto& [name, slot] : half->named_slots())
    EXPECT_EQ(slot->tensor().dtype(), slot->is_buffer() ? DType::Float32 : DType::BFloat16) << name;
  EXPECT_THROW(open_safetensors({"/nowhere/model.safetensors"}), CheckpointError);
}

}  // namespace
}  // namespace ef
