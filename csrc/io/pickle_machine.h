// The stack machine behind read_pickle. Private to io/pickle*.cpp.
#pragma once
#include <unordered_map>

#include "io/pickle.h"

namespace ef {

class PickleMachine {
 public:
  explicit PickleMachine(ByteReader& in) : in_(in) {}
  Pickle run();

 private:
  using Items = PickleValue::Items;

  // pickle.cpp: opcodes
  bool step(uint8_t op);
  bool step_text(uint8_t op);
  bool step_container(uint8_t op);
  PickleValue* make(PickleKind kind, decltype(PickleValue::data) data = {});
  void push(PickleValue* value) { stack_.push_back(value); }
  void push(PickleKind kind, decltype(PickleValue::data) data = {}) { push(make(kind, std::move(data))); }
  PickleValue* pop();
  PickleValue* top();
  size_t pop_mark();
  std::vector<PickleValue*> pop_to_mark();
  void push_tuple(size_t count);
  void extend(PickleKind kind, const std::vector<PickleValue*>& items);
  void push_text(uint64_t length, PickleKind kind);
  void push_long(uint64_t length);
  void memoize(uint32_t key);
  void recall(uint32_t key);
  void check_shape_of_tree(const PickleValue* root) const;
  template <class... Parts>
  [[noreturn]] void bad(const Parts&... parts) const {
    fail<CheckpointError>(in_.file(), ": pickle, byte ", in_.offset(), ": ", parts...);
  }

  // pickle_globals.cpp: what a name may be used for
  void push_global(std::string_view module, std::string_view name);
  PickleValue* make_tensor(PickleKind kind, std::unique_ptr<PickleTensor> tensor);
  PickleValue* call(const std::string& global, const Items& args);
  void build(PickleValue* target, const PickleValue* state);
  PickleValue* persistent(const PickleValue* id);
  PickleValue* rebuild_tensor(const Items& args, bool with_dtype);
  PickleValue* fill(PickleKind kind, const Items& args, const std::string& global);
  PickleValue* encoded_bytes(const Items& args, const std::string& global);
  void charge(uint64_t copied);
  uint64_t whole(const PickleValue* value, const char* what) const;
  Dims dims(const PickleValue* value, const char* what) const;

  ByteReader& in_;
  Pickle out_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, PickleValue*> memo_;
  uint64_t copied_ = 0;
};

}  // namespace ef
