// einsum by permutation and batched products, two operands at a time.
#include <algorithm>

#include "ops/helpers.h"
#include "ops/matmul.h"
#include "ops/reduce.h"

namespace ef {
namespace {

struct Labeled {  // a tensor and a letter for each dimension
  Tensor x;
  std::string letters;
};

// Repeated letters take the diagonal.
Labeled take_diagonals(Labeled in) {
  for (size_t i = 0; i < in.letters.size(); i++) {
    const size_t j = in.letters.find(in.letters[i], i + 1);
    if (j == std::string::npos) continue;
    check<ShapeError>(in.x.size(int(i)) == in.x.size(int(j)), "einsum(): subscript ", in.letters[i],
                      " is repeated for operand "
                      "but the sizes don't match, ",
                      in.x.size(int(j)), " != ", in.x.size(int(i)));
    const char letter = in.letters[i];
    in.x = in.x.diagonal(0, int(i), int(j));
    in.letters.erase(j, 1);
    in.letters.erase(i, 1);
    in.letters += letter;
    i = size_t(-1);  // begin again
  }
  return in;
}

Labeled drop_unused(Labeled in, const std::string& needed) {
  Dims gone;
  std::string kept;
  for (size_t i = 0; i < in.letters.size(); i++) {
    if (needed.find(in.letters[i]) == std::string::npos)
      gone.push_back(int64_t(i));
    else
      kept += in.letters[i];
  }
  return gone.empty() ? in : Labeled{sum(in.x, gone), kept};
}

Tensor arrange(const Labeled& in, const std::string& order) {
  Dims dims;
  for (char c : order) dims.push_back(int64_t(in.letters.find(c)));
  return in.x.permute(dims);
}

// Contracts every letter that `needed` (later operands and the result) does not have.
Labeled contract(const Labeled& a, const Labeled& b, const std::string& needed) {
  std::string batch, inner, left, right;
  for (char c : a.letters) {
    if (b.letters.find(c) == std::string::npos)
      left += c;
    else
      (needed.find(c) == std::string::npos ? inner : batch) += c;
  }
  for (char c : b.letters)
    if (a.letters.find(c) == std::string::npos) right += c;
  const auto extent = [&](char c) {  // a size of 1 broadcasts
    int64_t n = 1;
    for (const Labeled* t : {&a, &b})
      if (size_t at = t->letters.find(c); at != std::string::npos) n = std::max(n, t->x.size(int(at)));
    return n;
  };
  const auto matrix = [&](const Labeled& t, const std::string& first, const std::string& second) {
    const Tensor p = arrange(t, batch + first + second);
    Shape full;
    int64_t sizes[3] = {1, 1, 1};
    const std::string parts[3] = {batch, first, second};
    for (int k = 0; k < 3; k++)
      for (char c : parts[k]) {
        full.push_back(extent(c));
        sizes[k] *= extent(c);
      }
    return p.expand(full).reshape({sizes[0], sizes[1], sizes[2]});
  };
  const Tensor y = bmm(matrix(a, left, inner), matrix(b, inner, right));
  const std::string letters = batch + left + right;
  Shape shape;
  for (char c : letters) shape.push_back(extent(c));
  return {y.reshape(shape), letters};
}

}  // namespace

Tensor einsum(const std::string& equation, const std::vector<Tensor>& operands) {
  std::string text;
  std::copy_if(equation.begin(), equation.end(), std::back_inserter(text), [](char c) { return c != ' '; });
  const size_t arrow = text.find("->");
  std::string left = text.substr(0, arrow);
  std::vector<std::string> inputs{""};
  for (char c : left) {
    if (c == ',')
      inputs.emplace_back();
    else
      inputs.back() += c;
  }
  check<ConfigError>(inputs.size() == operands.size(), "einsum(): ", inputs.size() > operands.size() ? "more" : "fewer",
                     " operands were provided than specified in the equation: '", equation, "' with ", operands.size(),
                     " operands");
  // "..." stands for dimensions named by digits, aligned at the right.
  std::vector<Labeled> items;
  size_t ellipsis = 0;
  for (size_t i = 0; i < inputs.size(); i++) {
    std::string letters = inputs[i];
    if (size_t at = letters.find("..."); at != std::string::npos) {
      const int64_t extra = operands[i].dim() - int64_t(letters.size() - 3);
      check<ShapeError>(extra >= 0, "einsum(): operand ", i, " has too few dimensions for '", inputs[i], "'");
      std::string digits;
      for (int64_t k = extra; k-- > 0;) digits += char('0' + k);
      letters.replace(at, 3, digits);
      ellipsis = std::max(ellipsis, digits.size());
    }
    for (char c : letters)
      check<ConfigError>(std::isalnum(static_cast<unsigned char>(c)), "einsum(): invalid subscript given at index ",
                         equation.find(c), " in the equation string, subscripts must be in [a-zA-Z]");
    check<ShapeError>(int(letters.size()) == operands[i].dim(), "einsum(): the number of subscripts in the equation (",
                      letters.size(), ") does not match the number of dimensions (", operands[i].dim(),
                      ") for operand ", i, " and no ellipsis was given");
    items.push_back(take_diagonals({operands[i], letters}));
  }
  std::string dots;
  for (size_t k = ellipsis; k-- > 0;) dots += char('0' + k);
  std::string result;
  if (arrow != std::string::npos) {
    result = text.substr(arrow + 2);
    if (size_t at = result.find("..."); at != std::string::npos) result.replace(at, 3, dots);
  } else {  // letters that occur once, in alphabetical order
    std::string all;
    for (auto& item : inputs)
      for (char c : item)
        if (c != '.') all += c;
    std::sort(all.begin(), all.end());
    for (char c : all)
      if (std::count(all.begin(), all.end(), c) == 1) result += c;
    result = dots + result;
  }
  for (char c : result) {
    check<ConfigError>(std::count(result.begin(), result.end(), c) == 1, "einsum(): output subscript ", c,
                       " appears more than once in the output");
    check<ConfigError>(
        std::any_of(items.begin(), items.end(), [c](auto& t) { return t.letters.find(c) != std::string::npos; }),
        "einsum(): output subscript ", c, " does not appear in the equation for any input operand");
  }
  for (char c : left) {
    int64_t size = 1;
    for (auto& t : items)
      if (size_t at = t.letters.find(c); at != std::string::npos) {
        const int64_t n = t.x.size(int(at));
        check<ShapeError>(n == size || n == 1 || size == 1, "einsum(): subscript ", c, " has size ", n,
                          " which does not broadcast with previously seen size ", size);
        size = std::max(size, n);
      }
  }
  Labeled total = items[0];
  for (size_t i = 0; i < items.size(); i++) {
    std::string needed = result;
    for (size_t j = i + 1; j < items.size(); j++) needed += items[j].letters;
    if (i == 0) {
      total = drop_unused(total, needed);
      continue;
    }
    const Labeled next = drop_unused(items[i], needed + total.letters);
    total = contract(total, next, needed);
    total = drop_unused(total, needed);
  }
  return arrange(total, result);
}

}  // namespace ef
