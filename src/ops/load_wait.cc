#include "ops/load_wait.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/patience.h"

namespace mbk {
namespace {

constexpr Milliseconds kFirstPoll{100};
constexpr Milliseconds kLongestPoll{2'000};
constexpr std::chrono::minutes kLoadLimit{30};

}  // namespace

Status WaitUntilLoaded(MilvusClient& client, const CollectionName& collection,
                       const std::vector<std::string>& partitions, Sleeper& sleeper,
                       const CallContext& context, const PercentHeard& heard) {
  Patience patience("the load of " + collection.Full(), kLoadLimit);
  for (Milliseconds wait = kFirstPoll;; wait = std::min(wait * 3 / 2, kLongestPoll)) {
    MBK_TRY_ASSIGN(const std::int64_t percent, client.GetLoadingProgress(collection, partitions, context));
    if (heard) heard(std::min<std::int64_t>(percent, 100));
    if (percent >= 100) return {};
    MBK_TRY(sleeper.Sleep(wait, context));
    MBK_TRY(patience.StillWaiting(fmt::format("{} %", percent), wait));
  }
}

}  // namespace mbk
