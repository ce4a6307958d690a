#pragma once

#include <string>
#include <string_view>

namespace mbk {

/// How a command that a message advises reaches the same side as this run: printed as it stands and pasted
/// into the same shell, it has the same configuration. Holds no secret.
struct Reach {
  /// What stands before the command, e.g. `MILVUS_PORT="$TO_MILVUS_PORT" env -u MINIO_ADDRESS`; empty: the
  /// environment as it is.
  std::string environment;
  /// Global flags, e.g. `--config b.yaml --set minio.port=9010`; empty: the default file.
  std::string flags;
  /// Flags that a reader has to add, because they hold a secret that only the arguments of this run had, e.g.
  /// "--set minio.secretAccessKey=…". They follow the command in parentheses: a shell that is given the whole
  /// of it refuses it and runs nothing, where the bare command would work with another secret. Empty in every
  /// other case: a secret in the file or in a variable needs none of this.
  std::string secret_flags;
};

/// A whole command that a user can run as it stands.
struct AdvisedCommand {
  std::string as_typed;  ///< for Advise, which alone puts it into messages; empty: there is none
};

/// `arguments` as a whole command, e.g. "milvus-backup delete -n nightly --config b.yaml". Values in
/// `arguments` are quoted already (see ShellQuoted).
AdvisedCommand CommandFor(const Reach& reach, std::string_view arguments);

/// "<what>: <command>", e.g. "remove it with: milvus-backup delete -n nightly". What follows in a message
/// begins with "; " or a new line, which end a command for a shell too.
///
/// `what` is a literal where it is called: tests/advice_test.py reads all of them out of the sources, and
/// asks for a test that runs the command as it was printed.
std::string Advise(std::string_view what, const AdvisedCommand& command);

/// `value` as one word of a POSIX shell: bare where that is safe, else in single quotes.
std::string ShellQuoted(std::string_view value);

}  // namespace mbk
