#include "store/gcs/gcs_batch.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>

#include "net/url.h"

namespace mbk::gcs {
namespace {

// "multipart/mixed; boundary=batch_x"; the value may stand in quotes.
std::string BoundaryOf(std::string_view content_type) {
  constexpr std::string_view kName = "boundary=";
  const std::size_t at = content_type.find(kName);
  if (at == std::string_view::npos) return {};
  std::string_view value = content_type.substr(at + kName.size());
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
  }
  return std::string(value.substr(0, value.find(';')));
}

// Cuts `text` behind the next empty line; what stands before it.
std::string_view TakeHead(std::string_view& text) {
  const std::size_t end = text.find("\r\n\r\n");
  const std::string_view head = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 4);
  return head;
}

template <class Number>
std::optional<Number> NumberAt(std::string_view text) {
  Number number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end != text.data() ? std::optional<Number>(number) : std::nullopt;
}

// "Content-ID: <response-7>", with whatever the service puts before the number.
std::optional<std::size_t> IndexOf(std::string_view head) {
  const std::string lower = AsciiLower(head);
  const std::size_t line = lower.find("content-id:");
  if (line == std::string::npos) return std::nullopt;
  const std::string_view id = head.substr(line, head.find("\r\n", line) - line);
  const std::size_t last_before = id.find_last_not_of("0123456789> ");
  return NumberAt<std::size_t>(id.substr(last_before + 1));
}

std::optional<int> StatusOf(std::string_view head) {
  if (!head.starts_with("HTTP/")) return std::nullopt;
  const std::size_t blank = head.find(' ');
  return blank == std::string_view::npos ? std::nullopt : NumberAt<int>(head.substr(blank + 1));
}

}  // namespace

std::string DeleteBatchBody(std::string_view bucket, std::span<const ObjectKey> keys,
                            std::string_view boundary) {
  std::string body;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    body += fmt::format(
        "--{}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: "
        "<{}>\r\n\r\n"
        "DELETE /storage/v1/b/{}/o/{} HTTP/1.1\r\n\r\n\r\n",
        boundary, i, PercentEncode(bucket), PercentEncode(keys[i].str()));
  }
  return body + fmt::format("--{}--\r\n", boundary);
}

Result<std::vector<HttpResponse>> ParseBatch(const HttpResponse& response, std::size_t calls) {
  const std::string boundary = BoundaryOf(response.headers.Get("content-type"));
  if (boundary.empty()) return DataLoss("the answer to a batch has no parts");
  const std::string delimiter = "--" + boundary;
  std::vector<HttpResponse> answers(calls);
  std::size_t found = 0;
  std::string_view rest = response.body;
  for (std::size_t at = rest.find(delimiter); at != std::string_view::npos; at = rest.find(delimiter)) {
    rest.remove_prefix(at + delimiter.size());
    if (rest.starts_with("--")) break;
    std::string_view part = rest.substr(0, rest.find(delimiter));
    const std::optional<std::size_t> index = IndexOf(TakeHead(part));
    const std::optional<int> status = StatusOf(TakeHead(part));
    if (!index || *index >= calls || !status || *status == 0 || answers[*index].status != 0)
      return DataLoss("the answer to a batch holds a part that answers no call");
    answers[*index] = {.status = *status, .body = std::string(part)};
    ++found;
  }
  if (found != calls)
    return DataLoss(fmt::format("the answer to a batch of {} calls has {} parts", calls, found));
  return answers;
}

}  // namespace mbk::gcs
