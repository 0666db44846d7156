// Memory of words: which ones it takes in, and that nothing of it shows in the ids.
#include "tokenizers/models/word_cache.h"

#include <gtest/gtest.h>

#include <random>

#include "small_tokenizers.h"
#include "tokenizers/tokenizer.h"

namespace ef::tokenizers {
namespace {

// Of `words` words, so many new ones whose hashes are like those of others.
size_t admitted(Admission& admission, size_t words, size_t fresh, std::mt19937_64& random) {
  size_t n = 0;
  for (size_t i = 0; i < fresh; i++) n += admission.admits(random());
  admission.count(words);
  return n;
}

TEST(Admission, TakesEveryWordAsLongAsManyComeAgain) {
  Admission admission;
  std::mt19937_64 random(1);
  for (int i = 0; i < 10; i++) EXPECT_EQ(admitted(admission, 10'000, 3'000, random), 3'000u);
}

TEST(Admission, TakesAnEighthWhereNearlyAllAreNewUntilTheyComeAgain) {
  Admission admission;
  std::mt19937_64 random(1);
  EXPECT_EQ(admitted(admission, 10'000, 9'900, random), 9'900u);
  // Of 79,000 hashes, each one in eight: 93 is the standard deviation.
  for (int i = 0; i < 3; i++) EXPECT_NEAR(double(admitted(admission, 80'000, 79'000, random)), 79'000. / 8, 500);
  // Of the words that are asked for now, only those are known that were taken: the others are new once more.
  size_t taken = 0;
  for (size_t i = 0; i < 80'000; i++) {
    const uint64_t hash = random();
    if ((hash >> 24) % 8) taken += admission.admits(hash);
  }
  EXPECT_EQ(taken, 0u);
  admission.count(80'000);
  EXPECT_EQ(admitted(admission, 10'000, 3'000, random), 3'000u);
}

TEST(WordCache, IdsAreThoseOfWordsAloneInListsOfNewWords) {
  const Tokenizer tokenizer = Tokenizer::from_json(byte_level_json());
  std::mt19937 random(2);
  std::string text;
  std::vector<std::string> words;
  for (int i = 0; i < 30'000; i++) {
    std::string word = i % 3 == 2 ? words[words.size() / 2] : " ";
    if (i % 3 != 2)
      for (size_t n = 2 + random() % 20; n > 0; n--) word += "hela"[random() % 4];
    words.push_back(word);
    text += word;
  }
  const std::vector<std::string_view> twice = {text, text};
  const Tokenizer::Ids all = tokenizer.encode_batch_ids(twice, false, true);
  std::vector<uint32_t> expected;
  for (const std::string& word : words) {
    const Tokenizer fresh = tokenizer;  // remembers nothing
    for (const uint32_t id : fresh.encode({word, std::nullopt}, false).ids()) expected.push_back(id);
  }
  for (const auto ids : all.texts) EXPECT_TRUE(std::equal(ids.begin(), ids.end(), expected.begin(), expected.end()));
}

}  // namespace
}  // namespace ef::tokenizers
