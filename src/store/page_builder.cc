#include "store/page_builder.h"

#include <algorithm>

namespace mbk {

PageBuilder::PageBuilder(const ListRequest& request)
    : request_(request), room_(std::max(1, request.max_keys)) {}

PageBuilder::Verdict PageBuilder::Offer(std::string_view key) {
  if (!key.starts_with(request_.prefix) || OnEarlierPage(key)) return Verdict::kSkip;
  const std::size_t cut = request_.delimiter.empty() ? std::string_view::npos
                                                     : key.find(request_.delimiter, request_.prefix.size());
  if (cut == std::string_view::npos) return Count(key);

  const std::string_view folded = key.substr(0, cut + request_.delimiter.size());
  if (!page_.common_prefixes.empty() && page_.common_prefixes.back() == folded) return Verdict::kSkip;
  const Verdict verdict = Count(folded);
  if (verdict == Verdict::kTake) page_.common_prefixes.emplace_back(folded);
  return verdict == Verdict::kTake ? Verdict::kSkip : verdict;
}

void PageBuilder::Add(ObjectInfo info) { page_.objects.push_back(std::move(info)); }

bool PageBuilder::Behind(std::string_view directory) const {
  const std::string_view token = request_.page_token;
  if (directory >= token) return false;
  return !token.starts_with(directory);
}

PageBuilder::Verdict PageBuilder::Count(std::string_view item) {
  if (room_ == 0) {
    page_.next_page_token = last_item_;
    return Verdict::kFull;
  }
  --room_;
  last_item_ = item;
  return Verdict::kTake;
}

// A token that is a common prefix stands for every key that was folded into it. No object's key can be
// mistaken for one: a key with the delimiter behind the prefix is always folded.
bool PageBuilder::OnEarlierPage(std::string_view key) const {
  const std::string_view token = request_.page_token;
  if (token.empty()) return false;
  if (key <= token) return true;
  const bool folded = !request_.delimiter.empty() && token.size() > request_.prefix.size() &&
                      token.ends_with(request_.delimiter);
  return folded && key.starts_with(token);
}

}  // namespace mbk
