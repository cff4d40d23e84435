// A client that sends whatever bytes a test likes, over TCP or TLS.
#pragma once

#include "src/base/file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace test {

struct Answer {
  int status = 0;    // 0: the connection ended before
  std::string head;  // with the empty line
  std::string body;  // put together again, if it came in chunks

  // Empty without such a header.
  [[nodiscard]] std::string header(std::string_view name) const;
};

// Reading gives up after `patience_ms` without a byte: far more than any promise of the server.
class RawClient {
 public:
  enum class Security { none, tls };

  explicit RawClient(std::uint16_t port, Security security = Security::none,
                     int patience_ms = 30'000);
  ~RawClient();
  RawClient(RawClient&&) noexcept;
  RawClient& operator=(RawClient&&) noexcept;

  // False once the server has closed.
  bool send(std::string_view bytes);
  // The same without waiting: how many bytes were taken.
  std::size_t send_some(std::string_view bytes);

  // Up to and with `mark`, or as far as it came.
  std::string read_through(std::string_view mark);
  Answer receive(std::string_view method = "GET");
  // Whether the server closes without a further byte.
  bool is_closed();
  // Fewer bytes fit between server and client then.
  void shrink_receive_buffer();

  // TLS only: the serial number of the server's certificate, in hexadecimal digits.
  [[nodiscard]] std::string server_serial() const;

 private:
  struct Tls;
  bool fill();  // false at the end, and when patience ends

  base::FileHandle socket_;
  std::unique_ptr<Tls> tls_;
  std::string buffer_;
  int patience_ms_;
};

// A request of one connection: `lines` are headers, each with its line end.
Answer ask(std::uint16_t port, std::string_view request_line, std::string_view lines = "",
           std::string_view body = "");

}  // namespace test
