#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "net/http_headers.h"

/// A small HTTP/1.1 server inside the test process: it records what it is asked, byte by byte, and answers
/// what the test says. Header only, so that the tests of every layer above net/ can use it.
namespace mbk::nettest {

struct SeenRequest {
  std::string method;
  std::string target;  ///< as on the request line, still encoded
  HttpHeaders headers;
  std::string body;
  int connection = 0;  ///< counts from 1: shows whether connections are reused
};

struct Reply {
  std::string bytes;     ///< sent as they are
  bool hang_up = false;  ///< close the connection afterwards, whatever was announced
  bool silent = false;   ///< then send nothing until the client closes
  std::string late;      ///< sent behind `bytes`, `late_after` later
  std::chrono::milliseconds late_after{0};
};

/// A well-formed answer; Content-Length is added.
inline Reply Answer(int status, std::string_view body = "", const HttpHeaders& headers = {}) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
  for (const auto& [name, value] : headers) bytes += name + ": " + value + "\r\n";
  bytes += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return {.bytes = bytes + std::string(body)};
}

/// The bytes of one connection; a TLS variant stands in tls_transport.h.
class Transport {
 public:
  explicit Transport(int fd) : fd_(fd) {}
  virtual ~Transport() { ::close(fd_); }
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// At most `size` bytes; 0 or less at the end.
  virtual ssize_t Read(char* data, std::size_t size) { return ::recv(fd_, data, size, 0); }
  virtual ssize_t Write(const char* data, std::size_t size) { return ::send(fd_, data, size, MSG_NOSIGNAL); }
  /// Ends a Read of another thread.
  void Shutdown() { ::shutdown(fd_, SHUT_RDWR); }

 protected:
  int fd_;
};

class HttpImposter {
 public:
  using Handler = std::function<Reply(const SeenRequest&)>;
  using MakeTransport = std::function<std::unique_ptr<Transport>(int fd)>;

  /// `handler` runs on the threads of the connections.
  explicit HttpImposter(
      Handler handler, MakeTransport make_transport = [](int fd) { return std::make_unique<Transport>(fd); })
      : handler_(std::move(handler)), make_transport_(std::move(make_transport)) {
    Listen();
    acceptor_ = std::jthread([this] { Accept(); });
  }

  ~HttpImposter() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    ::close(listener_);
    {
      std::lock_guard lock(mutex_);
      for (const auto& transport : transports_) transport->Shutdown();
    }
    connections_.clear();
  }

  int port() const { return port_; }
  std::string Url(const std::string& target) const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  std::vector<SeenRequest> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  void Listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no loopback port for the test server");
    }
    port_ = ntohs(address.sin_port);
  }

  void Accept() {
    for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
      std::lock_guard lock(mutex_);
      transports_.push_back(make_transport_(fd));
      connections_.emplace_back(
          [this, transport = transports_.back().get(), number = static_cast<int>(transports_.size())] {
            Serve(*transport, number);
          });
    }
  }

  void Serve(Transport& transport, int number) {
    std::string buffer;
    SeenRequest request{.connection = number};
    while (ReadRequest(transport, buffer, request)) {
      {
        std::lock_guard lock(mutex_);
        seen_.push_back(request);
      }
      Reply reply = handler_(request);
      if (!WriteAll(transport, reply.bytes)) break;
      std::this_thread::sleep_for(reply.late_after);
      if (!WriteAll(transport, reply.late)) break;
      if (reply.silent) DrainUntilClosed(transport);
      if (reply.silent || reply.hang_up) break;
      request = SeenRequest{.connection = number};
    }
    transport.Shutdown();
  }

  static bool ReadMore(Transport& transport, std::string& buffer) {
    char piece[16 << 10];
    ssize_t got = transport.Read(piece, sizeof(piece));
    if (got <= 0) return false;
    buffer.append(piece, static_cast<std::size_t>(got));
    return true;
  }

  static bool ReadRequest(Transport& transport, std::string& buffer, SeenRequest& request) {
    std::size_t end;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore(transport, buffer)) return false;
    }
    ParseHead(buffer.substr(0, end + 2), request);
    buffer.erase(0, end + 4);
    std::size_t length = 0;
    std::string_view announced = request.headers.Get("content-length");
    std::from_chars(announced.data(), announced.data() + announced.size(), length);
    while (buffer.size() < length) {
      if (!ReadMore(transport, buffer)) return false;
    }
    request.body = buffer.substr(0, length);
    buffer.erase(0, length);
    return true;
  }

  static void ParseHead(const std::string& head, SeenRequest& request) {
    std::size_t line_end = head.find("\r\n");
    std::size_t first = head.find(' ');
    std::size_t second = head.find(' ', first + 1);
    request.method = head.substr(0, first);
    request.target = head.substr(first + 1, second - first - 1);
    for (std::size_t at = line_end + 2; at < head.size(); at = line_end + 2) {
      line_end = head.find("\r\n", at);
      std::size_t colon = head.find(':', at);
      std::size_t value = std::min(head.find_first_not_of(' ', colon + 1), line_end);
      request.headers.Add(head.substr(at, colon - at), head.substr(value, line_end - value));
    }
  }

  static bool WriteAll(Transport& transport, std::string_view bytes) {
    while (!bytes.empty()) {
      ssize_t sent = transport.Write(bytes.data(), bytes.size());
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  static void DrainUntilClosed(Transport& transport) {
    std::string ignored;
    while (ReadMore(transport, ignored)) ignored.clear();
  }

  Handler handler_;
  MakeTransport make_transport_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;
  std::vector<std::unique_ptr<Transport>> transports_;
  std::vector<std::jthread> connections_;
  std::jthread acceptor_;
};

}  // namespace mbk::nettest
