// One model, several threads: they read the same weights and share nothing else.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "core/thread_pool.h"
#include "models/tiny.h"
#include "nn/layers.h"

namespace ef {

TEST(ModelThreads, TwoThreadsGetWhatOneGets) {
  const auto model = make_model("llama", "causal_lm", tiny_config());
  fill_weights(*model);
  ModelInput input;
  input.input_ids = ids_of({3, 1, 4, 1, 5, 9});
  const std::vector<float> expected = model->run(input).logits.detach().to_vector<float>();
  std::vector<std::thread> threads;
  std::vector<int> equal(3);
  for (size_t t = 0; t < equal.size(); t++)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; i++) {
        equal[t] += model->run(input).logits.detach().to_vector<float>() == expected;
        if (t) continue;
        NoGradGuard no_grad;
        model->run(input);
      }
    });
  for (int size : {2, 3, 4}) ThreadPool::instance().resize(size);  // meanwhile
  for (auto& t : threads) t.join();
  EXPECT_EQ(equal, std::vector<int>(3, 10));
}

TEST(ModelThreads, ALinearIsReplacedWhileAnotherThreadCallsTheModel) {
  const auto model = make_model("llama", "causal_lm", tiny_config());
  fill_weights(*model);
  ModelInput input;
  input.input_ids = ids_of({3, 1, 4, 1, 5, 9});
  std::atomic<bool> stop{false};
  std::thread caller([&] {
    while (!stop) EXPECT_EQ(model->run(input).logits.size(2), 48);
  });
  for (int i = 0; i < 50; i++) {
    const auto fresh = std::make_shared<Linear>(32, 32, false);
    fill_weights(*fresh);
    model->replace("model.layers.0.self_attn.q_proj", fresh);
    fresh->weight.set(fresh->weight.tensor().detach().clone());
  }
  stop = true;
  caller.join();
}

}  // namespace ef
