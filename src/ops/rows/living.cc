#include "ops/rows/living.h"

#include <algorithm>
#include <tuple>

namespace mbk::rows {

void RowCounts::Add(const RowCounts& other) {
  written += other.written;
  deleted += other.deleted;
  duplicate += other.duplicate;
}

LivingRows::LivingRows(Scopes scopes, bool one_key_space)
    : scopes_(std::move(scopes)),
      one_key_space_(one_key_space),
      lives_(scopes_.segments()),
      counts_(scopes_.partitions()) {}

void LivingRows::SetRows(std::size_t segment, std::int64_t rows) {
  lives_[segment].assign(static_cast<std::size_t>(rows), true);
  counts_[scopes_.partition_of(segment)].written += rows;
}

void LivingRows::Resolve(std::vector<KeyEvent>& events) {
  std::sort(events.begin(), events.end(), [](const KeyEvent& a, const KeyEvent& b) {
    return std::tie(a.key, a.timestamp, a.place) < std::tie(b.key, b.timestamp, b.place);
  });
  const KeyEvent* const end = events.data() + events.size();
  for (const KeyEvent* begin = events.data(); begin != end;) {
    const KeyEvent* next = begin + 1;
    while (next != end && next->key == begin->key) ++next;
    if (next != begin + 1) ResolveKey(begin, next);
    begin = next;
  }
}

// The events of one key, oldest first. Read from the newest: a row is buried by a younger delete that holds
// for its segment, or by a younger row of its key space.
void LivingRows::ResolveKey(const KeyEvent* begin, const KeyEvent* end) {
  std::vector<std::size_t> deleted_in;    // scopes of the deletes younger than the event looked at
  std::vector<std::size_t> written_into;  // partitions that have their newest row
  for (const KeyEvent* group_end = end; group_end != begin;) {
    const KeyEvent* group = group_end - 1;
    while (group != begin && (group - 1)->timestamp == group->timestamp) --group;
    // A row lives on when its timestamp is the delete's: deletes of this moment count from here on only.
    for (const KeyEvent* event = group_end; event-- != group;) {
      if (event->is_delete()) continue;
      const std::size_t partition = one_key_space_ ? 0 : scopes_.partition_of(event->segment());
      const bool deleted = std::any_of(deleted_in.begin(), deleted_in.end(), [&](std::size_t scope) {
        return scopes_.Holds(scope, event->segment());
      });
      if (deleted)
        Bury(*event, &RowCounts::deleted);
      else if (std::find(written_into.begin(), written_into.end(), partition) != written_into.end())
        Bury(*event, &RowCounts::duplicate);
      else
        written_into.push_back(partition);
    }
    for (const KeyEvent* event = group; event != group_end; ++event)
      if (event->is_delete()) deleted_in.push_back(event->scope());
    group_end = group;
  }
}

void LivingRows::Bury(const KeyEvent& row, std::int64_t RowCounts::* why) {
  lives_[row.segment()][static_cast<std::size_t>(row.row())] = false;
  ++(counts_[scopes_.partition_of(row.segment())].*why);
}

}  // namespace mbk::rows
