#include "ops/l0compact/beside.h"

#include <fmt/core.h>

#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/uuid.h"
#include "manifest/keys.h"
#include "ops/remove/remove.h"
#include "repository/place.h"
#include "repository/process_identity.h"
#include "store/object_store.h"

namespace mbk {
namespace {

constexpr std::size_t kMostOfOutput = 100;
constexpr std::size_t kDigits = 8;

std::string Stem(const std::string& output) { return output.substr(0, kMostOfOutput) + "_l0_"; }

Result<std::vector<std::string>> NamesBeside(const std::string& output, const BackupSide& side,
                                             const CallContext& context) {
  const std::string stem = Stem(output), below = BackupLayout(side.root, stem).prefix();
  // Without the slash at its end.
  ListRequest request{.prefix = below.substr(0, below.size() - 1), .delimiter = "/"};
  std::vector<std::string> names;
  for (;;) {
    MBK_TRY_ASSIGN(const ListPage page, side.store.List(request, context));
    for (const std::string& tree : page.common_prefixes) {
      const std::string digits = tree.substr(request.prefix.size(), tree.size() - request.prefix.size() - 1);
      const bool is_ours =
          digits.size() == kDigits && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
      if (is_ours) names.push_back(stem + digits);
    }
    if (page.next_page_token.empty()) return names;
    MBK_TRY(TurnPage(request, page, side.store.identity()));
  }
}

Status Examine(const std::string& name, bool dry_run, BackupSide& side, const RunServices& run,
               const CallContext& context) {
  MBK_TRY_ASSIGN(const BackupPlace place, LookAt(side.store, BackupLayout(side.root, name), context));
  if (place.kind == PlaceKind::kEmpty) return {};
  if (place.kind == PlaceKind::kBackup) {
    log::Warn(
        "{} stands complete beside the output: a forced l0compact was ended before it replaced its output",
        name);
    return {};
  }
  // One that may still live is not waited for: whoever wants the output wants it now.
  const bool was_never_whole = place.kind == PlaceKind::kOurUnfinished && place.lock &&
                               place.lock->verb == kL0CompactVerb &&
                               StateOf(place.lock->process, ThisProcessIdentity()) == ProcessState::kGone;
  if (!was_never_whole || dry_run) {
    log::Warn("{} stands beside the output, as a forced l0compact leaves it that is killed: {}", name,
              place.seen);
    return {};
  }
  MBK_TRY_ASSIGN(const RemoveReport removed, RunRemove({.name = name}, side, run, context));
  log::Warn("{}, which a forced l0compact left when it was killed, is removed ({} objects)", name,
            removed.files.objects);
  return {};
}

}  // namespace

std::string NameBeside(const std::string& output) { return Stem(output) + NewUuid().substr(0, kDigits); }

Status LookBeside(const std::string& output, bool dry_run, BackupSide& side, const RunServices& run,
                  const CallContext& context) {
  const Result<std::vector<std::string>> names = NamesBeside(output, side, context);
  if (!names.ok()) log::Warn("what stands beside {} is not known: {}", output, names.status().message());
  if (!names.ok()) return context.Check();
  for (const std::string& name : *names) {
    const Status examined = Examine(name, dry_run, side, run, context);
    if (!examined.ok()) log::Warn("{} stays beside the output: {}", name, examined.message());
    MBK_TRY(context.Check());
  }
  return {};
}

}  // namespace mbk
