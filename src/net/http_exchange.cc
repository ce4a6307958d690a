#include "net/http_exchange.h"

#include <fmt/core.h>

#include <charconv>

namespace mbk {
namespace {

// Real answers have 1 or 2 KiB of headers; a server that sends more than this means harm.
constexpr std::size_t kMaxHeaderBytes = 256 << 10;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// "HTTP/1.1 200 OK"; 0 when there is no number.
int StatusOfLine(std::string_view line) {
  int status = 0;
  std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return 0;
  std::string_view number = line.substr(blank + 1, 3);
  std::from_chars(number.data(), number.data() + number.size(), status);
  return status;
}

}  // namespace

std::size_t HttpExchange::OnHeaderLine(char* data, std::size_t one, std::size_t size, void* self) {
  return static_cast<HttpExchange*>(self)->HeaderLine({data, one * size}) ? size : 0;
}

std::size_t HttpExchange::OnBody(char* data, std::size_t one, std::size_t size, void* self) {
  return static_cast<HttpExchange*>(self)->Body({data, one * size}) ? size : 0;
}

bool HttpExchange::Accept(Status status) {
  failure_ = std::move(status);
  return failure_.ok();
}

bool HttpExchange::HeaderLine(std::string_view line) {
  header_bytes_ += line.size();
  bytes_received_ += static_cast<std::int64_t>(line.size());
  if (header_bytes_ > kMaxHeaderBytes) {
    return Accept(DataLoss(fmt::format("the answer has more than {} KiB of headers", kMaxHeaderBytes >> 10)));
  }
  if (line.starts_with("HTTP/")) {  // also after a 1xx or a proxy's own answer, whose headers do not count
    response_.headers.clear();
    response_.status = StatusOfLine(line);
    headers_ended_ = false;
    return true;
  }
  if (Trim(line).empty()) headers_ended_ = true;
  std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  response_.headers.Add(std::string(Trim(line.substr(0, colon))), std::string(Trim(line.substr(colon + 1))));
  return true;
}

bool HttpExchange::Body(std::string_view bytes) {
  bytes_received_ += static_cast<std::int64_t>(bytes.size());
  // A fast server keeps libcurl in one call for the whole body: the wait is not the only place to stop at.
  if (!Accept(context_.Check())) return false;
  if (!Success()) return CollectRefusal(bytes);
  if (!Accept(CheckHeaders())) return false;
  return request_.sink ? Accept(request_.sink(bytes)) : Collect(bytes);
}

bool HttpExchange::CollectRefusal(std::string_view bytes) {
  std::size_t room = kMaxErrorBodyBytes - response_.body.size();
  response_.body.append(bytes.substr(0, room));
  enough_of_a_refusal_ = bytes.size() > room;
  return !enough_of_a_refusal_;
}

bool HttpExchange::Collect(std::string_view bytes) {
  if (bytes.size() > request_.max_body_bytes - response_.body.size()) {
    return Accept(DataLoss(fmt::format("the answer is longer than {} bytes", request_.max_body_bytes)));
  }
  response_.body.append(bytes);
  return true;
}

Status HttpExchange::CheckHeaders() {
  if (headers_checked_ || !request_.on_headers) return {};
  headers_checked_ = true;
  return request_.on_headers(response_);
}

Status HttpExchange::Finish() {
  if (!headers_ended_) return {Code::kUnavailable, "the answer broke off within its headers"};
  return Success() ? CheckHeaders() : Status();
}

}  // namespace mbk
