#include "base/reach.h"

#include <utility>

namespace mbk {

AdvisedCommand CommandFor(const Reach& reach, std::string_view arguments) {
  std::string command = reach.environment;
  if (!command.empty()) command += ' ';
  command += "milvus-backup ";
  command += arguments;
  if (!reach.flags.empty()) command += ' ' + reach.flags;
  if (!reach.secret_flags.empty()) command += " (add " + reach.secret_flags + ")";
  return {std::move(command)};
}

std::string Advise(std::string_view what, const AdvisedCommand& command) {
  return std::string(what) + ": " + command.as_typed;
}

std::string ShellQuoted(std::string_view value) {
  constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+,=";
  if (!value.empty() && value.find_first_not_of(kSafe) == std::string_view::npos) return std::string(value);
  std::string quoted = "'";
  for (char c : value) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

}  // namespace mbk
