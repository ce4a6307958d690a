#include "cli/man_page.h"

#include <fmt/format.h>

#include <sstream>

#include "base/version.h"

namespace mbk::cli {
namespace {

// Text that roff takes as it is: no escape, no request, and dashes that can be searched for and copied.
std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string FlagText(const FlagFacts& flag) {
  std::vector<std::string> names;
  for (const std::string& name : flag.names) names.push_back("\\fB" + Escaped(name) + "\\fR");
  const std::string value = flag.takes_value() ? " \\fI" + Escaped(flag.value) + "\\fR" : "";
  return fmt::format(".TP\n{}{}\n{}\n", fmt::join(names, ", "), value, Escaped(flag.description));
}

// A footer keeps its lines: it holds tables and examples.
std::string FooterText(const std::string& footer) {
  std::istringstream lines(footer);
  std::string text = ".PP\n.nf\n";
  for (std::string line; std::getline(lines, line);) text += Escaped(line) + "\n";
  return text + ".fi\n";
}

std::string CommandText(const CommandFacts& command) {
  std::string text =
      fmt::format(".SS milvus\\-backup {}\n{}\n", Escaped(command.path), Escaped(command.description));
  for (const FlagFacts& flag : command.flags) {
    if (flag.names.back() != "--help") text += FlagText(flag);
  }
  return command.footer.empty() ? text : text + FooterText(command.footer);
}

constexpr const char* kEnd = R"(.SH FILES
.TP
.I configs/backup.yaml
The configuration, where \fB\-\-config\fR does not name another. It is looked for as it stands, in the directory
\fB$MILVUSCONF\fR, and in ./configs. \fBmilvus\-backup config show\fR prints every setting in force and where it came from.
.TP
.I logs/backup.log
What happened, unless the configuration says otherwise.
.SH NOTES
In the names of flags \fB\-\fR and \fB_\fR are equal.
)";

}  // namespace

std::string ManPage(const std::vector<CommandFacts>& tree) {
  const CommandFacts& program = tree.front();
  std::string text = ".\\\" Made by `milvus-backup --man`; do not edit.\n";
  text += fmt::format(".TH MILVUS\\-BACKUP 1 \"\" \"milvus\\-backup {}\"\n", kVersion);
  text += fmt::format(".SH NAME\nmilvus\\-backup \\- {}\n", Escaped(program.description));
  text += ".SH SYNOPSIS\n.B milvus\\-backup\n.I command\n[\\fIflags\\fR]\n";
  text += ".SH FLAGS OF EVERY COMMAND\n";
  for (const FlagFacts& flag : program.flags) text += FlagText(flag);
  text += ".SH COMMANDS\n";
  for (const CommandFacts& command : tree) {
    const bool only_a_group = !command.subcommands.empty() && command.footer.empty();
    if (!command.path.empty() && !only_a_group) text += CommandText(command);
  }
  text += ".SH EXIT STATUS\n" + FooterText(program.footer);
  return text + kEnd;
}

}  // namespace mbk::cli
