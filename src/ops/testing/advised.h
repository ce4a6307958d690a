#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

/// Advice of messages, for tests that take it. Header only.
namespace mbk::opstest {

/// The words of the command that stands behind "<what>: " in a message, to where a shell sees its end; none
/// when it does not stand there. Their values are quoted nowhere.
inline std::vector<std::string> AdvisedWords(std::string_view what, const std::string& said) {
  const std::string lead = std::string(what) + ": ";
  const std::size_t at = said.find(lead);
  if (at == std::string::npos) return {};
  const std::size_t from = at + lead.size();
  std::istringstream command(said.substr(from, said.find_first_of(";\n", from) - from));
  std::vector<std::string> words;
  for (std::string word; command >> word;) words.push_back(word);
  return words;
}

}  // namespace mbk::opstest
