#include "io/pickle.h"

#include <unordered_map>
#include <unordered_set>

#include "io/pickle_machine.h"
#include "io/utf8.h"

namespace ef {
namespace {

// Far above any real checkpoint; keeps a pickle of nothing but one-byte values from filling the memory.
constexpr size_t kMaxValues = 16'000'000;
constexpr size_t kMaxBigIntBytes = 1024;

}  // namespace

const char* pickle_kind_name(PickleKind kind) {
  constexpr const char* kNames[] = {"None",  "bool", "int",  "int",   "float",   "str",    "bytes", "list",
                                    "tuple", "set",  "dict", "dtype", "storage", "tensor", "class"};
  return kNames[size_t(kind)];
}

const PickleValue* PickleValue::find(std::string_view key) const {
  if (kind != PickleKind::Dict) return nullptr;
  const Items& pairs = items();
  for (size_t i = pairs.size(); i >= 2; i -= 2)
    if (pairs[i - 2]->is(PickleKind::String) && pairs[i - 2]->text() == key) return pairs[i - 1];
  return nullptr;
}

Pickle read_pickle(ByteReader& in) { return PickleMachine(in).run(); }

Pickle PickleMachine::run() {
  if (in_.read<uint8_t>("a pickle") != 0x80) bad("does not begin as a pickle of protocol 2 or later");
  const auto protocol = in_.read<uint8_t>("the pickle protocol");
  if (protocol < 2 || protocol > 5) bad("protocol ", int(protocol), ", known are 2 to 5");
  for (;;) {
    const auto op = in_.read<uint8_t>("an opcode; the pickle has no end");
    if (op == '.') break;
    if (!step(op) && !step_text(op) && !step_container(op))
      bad("opcode ", int(op), " is not used for tensors and plain containers; refused");
  }
  if (stack_.size() != 1 || !marks_.empty()) bad("ends with ", stack_.size(), " values on the stack, needed 1");
  out_.root = stack_[0];
  check_shape_of_tree(out_.root);
  return std::move(out_);
}

PickleValue* PickleMachine::make(PickleKind kind, decltype(PickleValue::data) data) {
  if (out_.values.size() >= kMaxValues) bad("more than ", kMaxValues, " values");
  out_.values.push_back({kind, std::move(data)});
  return &out_.values.back();
}

PickleValue* PickleMachine::top() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) bad("an opcode needs a value that is not on the stack");
  return stack_.back();
}

PickleValue* PickleMachine::pop() {
  PickleValue* value = top();
  stack_.pop_back();
  return value;
}

size_t PickleMachine::pop_mark() {
  if (marks_.empty()) bad("an opcode needs a mark that is not on the stack");
  const size_t at = marks_.back();
  marks_.pop_back();
  return at;
}

std::vector<PickleValue*> PickleMachine::pop_to_mark() {
  const size_t at = pop_mark();
  std::vector<PickleValue*> out(stack_.begin() + at, stack_.end());
  stack_.resize(at);
  return out;
}

// Values without parts of their own.
bool PickleMachine::step(uint8_t op) {
  switch (op) {
    case 'N':
      push(PickleKind::None);
      return true;
    case 0x88:
      push(PickleKind::Bool, true);
      return true;
    case 0x89:
      push(PickleKind::Bool, false);
      return true;
    case 'J':
      push(PickleKind::Int, int64_t(in_.read<int32_t>("an int")));
      return true;
    case 'K':
      push(PickleKind::Int, int64_t(in_.read<uint8_t>("an int")));
      return true;
    case 'M':
      push(PickleKind::Int, int64_t(in_.read<uint16_t>("an int")));
      return true;
    case 'G':
      push(PickleKind::Float, byte_swapped(in_.read<double>("a float")));
      return true;
    case 0x8a:
      push_long(in_.read<uint8_t>("the length of an int"));
      return true;
    case 0x8b:
      push_long(in_.read<uint32_t>("the length of an int"));
      return true;
    case '0':  // POP also takes a mark away
      if (!marks_.empty() && marks_.back() == stack_.size())
        pop_mark();
      else
        pop();
      return true;
    case '1':
      pop_to_mark();
      return true;
    case '2':
      push(top());
      return true;
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case 'q':
      memoize(in_.read<uint8_t>("a memo key"));
      return true;
    case 'r':
      memoize(in_.read<uint32_t>("a memo key"));
      return true;
    case 0x94:
      memoize(uint32_t(memo_.size()));
      return true;
    case 'h':
      recall(in_.read<uint8_t>("a memo key"));
      return true;
    case 'j':
      recall(in_.read<uint32_t>("a memo key"));
      return true;
    case 0x95:
      in_.skip(8, "a frame");
      return true;  // frames only help readers that fetch
    default:
      return false;
  }
}

bool PickleMachine::step_text(uint8_t op) {
  switch (op) {
    case 'X':
      push_text(in_.read<uint32_t>("a length"), PickleKind::String);
      return true;
    case 'T':
      push_text(in_.read<uint32_t>("a length"), PickleKind::String);
      return true;  // str of Python 2
    case 'U':
      push_text(in_.read<uint8_t>("a length"), PickleKind::String);
      return true;
    case 0x8c:
      push_text(in_.read<uint8_t>("a length"), PickleKind::String);
      return true;
    case 0x8d:
      push_text(in_.read<uint64_t>("a length"), PickleKind::String);
      return true;
    case 'B':
      push_text(in_.read<uint32_t>("a length"), PickleKind::Bytes);
      return true;
    case 'C':
      push_text(in_.read<uint8_t>("a length"), PickleKind::Bytes);
      return true;
    case 0x8e:
    case 0x96:
      push_text(in_.read<uint64_t>("a length"), PickleKind::Bytes);
      return true;
    case 'c': {
      const auto line = [&] {
        std::string out;
        for (char c; (c = char(in_.read<uint8_t>("a class name"))) != '\n';) out += c;
        return out;
      };
      const std::string module = line();
      push_global(module, line());
      return true;
    }
    case 0x93: {
      const PickleValue *name = pop(), *module = pop();
      if (!name->is(PickleKind::String) || !module->is(PickleKind::String)) bad("a class name is not a string");
      push_global(module->text(), name->text());
      return true;
    }
    default:
      return false;
  }
}

bool PickleMachine::step_container(uint8_t op) {
  switch (op) {
    case ')':
      push(PickleKind::Tuple, Items());
      return true;
    case ']':
      push(PickleKind::List, Items());
      return true;
    case '}':
      push(PickleKind::Dict, Items());
      return true;
    case 0x8f:
      push(PickleKind::Set, Items());
      return true;
    case 0x85:
      push_tuple(1);
      return true;
    case 0x86:
      push_tuple(2);
      return true;
    case 0x87:
      push_tuple(3);
      return true;
    case 't': {
      const auto items = pop_to_mark();
      push(PickleKind::Tuple, Items(items.begin(), items.end()));
      return true;
    }
    case 'l':
    case 'd':
    case 0x91: {
      const PickleKind kind = op == 'l' ? PickleKind::List : op == 'd' ? PickleKind::Dict : PickleKind::Set;
      const auto items = pop_to_mark();
      push(kind, Items());
      extend(kind, items);
      return true;
    }
    case 'a':
      extend(PickleKind::List, {pop()});
      return true;
    case 'e':
      extend(PickleKind::List, pop_to_mark());
      return true;
    case 's': {
      PickleValue *value = pop(), *key = pop();
      extend(PickleKind::Dict, {key, value});
      return true;
    }
    case 'u':
      extend(PickleKind::Dict, pop_to_mark());
      return true;
    case 0x90:
      extend(PickleKind::Set, pop_to_mark());
      return true;
    case 'Q':
      push(persistent(pop()));
      return true;
    case 'R': {
      const PickleValue *args = pop(), *target = pop();
      if (!target->is(PickleKind::Global)) bad("a call of a ", pickle_kind_name(target->kind), "; refused");
      if (!args->is(PickleKind::Tuple))
        bad("the arguments of ", target->text(), " are a ", pickle_kind_name(args->kind), ", needed a tuple");
      push(call(target->text(), args->items()));
      return true;
    }
    case 'b': {
      const PickleValue* state = pop();
      build(top(), state);
      return true;
    }
    case 0x81:
    case 0x92: {
      if (op == 0x92) pop();
      pop();
      const PickleValue* target = pop();
      bad("makes an object of ", target->is(PickleKind::Global) ? target->text() : "a value",
          ", which is not plain data; refused");
    }
    default:
      return false;
  }
}

void PickleMachine::push_tuple(size_t count) {
  Items items(count);
  for (size_t i = count; i-- > 0;) items[i] = pop();
  push(PickleKind::Tuple, std::move(items));
}

void PickleMachine::extend(PickleKind kind, const std::vector<PickleValue*>& items) {
  PickleValue* target = top();
  if (!target->is(kind)) bad("adds items of a ", pickle_kind_name(kind), " to a ", pickle_kind_name(target->kind));
  if (kind == PickleKind::Dict && items.size() % 2 != 0) bad("a dict key without a value");
  auto& list = std::get<Items>(target->data);
  list.insert(list.end(), items.begin(), items.end());
}

void PickleMachine::push_text(uint64_t length, PickleKind kind) {
  const std::string_view text = in_.take_text(length, "a string of a pickle");
  if (kind == PickleKind::String && !is_utf8(text)) bad("a string is not valid UTF-8");
  push(kind, std::string(text));
}

void PickleMachine::push_long(uint64_t length) {
  if (length > kMaxBigIntBytes) bad("an int of ", length, " bytes, the limit is ", kMaxBigIntBytes);
  std::string digits(in_.take_text(length, "an int"));
  if (length > 8) return push(PickleKind::BigInt, std::move(digits));
  const char sign = !digits.empty() && (digits.back() & 0x80) ? '\xff' : '\0';
  digits.resize(8, sign);
  int64_t value;
  std::memcpy(&value, digits.data(), 8);
  push(PickleKind::Int, value);
}

void PickleMachine::memoize(uint32_t key) { memo_[key] = top(); }

void PickleMachine::recall(uint32_t key) {
  const auto at = memo_.find(key);
  if (at == memo_.end()) bad("refers to memo ", key, ", which was never set");
  push(at->second);
}

// Refuses cycles and deep nesting, so that nobody who walks the values has to think of them.
void PickleMachine::check_shape_of_tree(const PickleValue* root) const {
  std::unordered_map<const PickleValue*, int> height;  // of finished values
  std::unordered_set<const PickleValue*> open;
  struct Frame {
    const PickleValue* value;
    size_t next = 0;
    int height = 1;
  };
  std::vector<Frame> path{{root}};
  open.insert(root);
  while (!path.empty()) {
    Frame& frame = path.back();
    const auto* items = std::get_if<Items>(&frame.value->data);
    if (items && frame.next < items->size()) {
      const PickleValue* child = (*items)[frame.next++];
      if (!std::holds_alternative<Items>(child->data)) continue;
      if (open.count(child)) bad("a container holds itself; refused");
      const auto done = height.find(child);
      if (done != height.end())
        frame.height = std::max(frame.height, done->second + 1);
      else if (path.size() < size_t(kMaxPickleDepth)) {
        open.insert(child);
        path.push_back({child});
        continue;
      } else
        frame.height = kMaxPickleDepth + 1;
    } else {
      const Frame finished = frame;
      path.pop_back();
      open.erase(finished.value);
      height[finished.value] = finished.height;
      if (!path.empty()) path.back().height = std::max(path.back().height, finished.height + 1);
    }
    if (!path.empty() && path.back().height > kMaxPickleDepth)
      bad("values nested deeper than ", kMaxPickleDepth, " levels; refused");
  }
}

}  // namespace ef
