#include "tests/support/tls_proxy.h"

#include "src/base/error.h"
#include "src/base/text.h"
#include "tests/support/loopback_server.h"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace test {
namespace {

void run_shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) {
    throw base::Error{base::ErrorKind::failed, base::text("failed: ", command)};
  }
}

void make_certificates(const std::filesystem::path& directory) {
  run_shell(base::text(
      "cd '", directory.string(),
      "' && exec 2>openssl.log && "
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority -keyout ca.key "
      "-out ca.pem && "
      "openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr "
      "&& "
      "printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n"
      "extendedKeyUsage=serverAuth\\n' > server.ext && "
      "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
      "-extfile server.ext -out server.pem"));
}

pid_t start(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t process = fork();
  if (process < 0) throw base::system_error("fork", errno);
  if (process == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  return process;
}

}  // namespace

TlsProxy::TlsProxy(std::uint16_t backend_port) : port_(unused_port()) {
  make_certificates(directory_.path());
  process_ =
      start({"nghttpx", base::text("--frontend=127.0.0.1,", port_),
             base::text("--backend=127.0.0.1,", backend_port), "--workers=1", "--single-process",
             "--accesslog-file=/dev/null", "--errorlog-file=/dev/null", "--conf=/dev/null",
             (directory_ / "server.key").string(), (directory_ / "server.pem").string()});
  if (!wait_for_port(port_)) {
    throw base::Error{base::ErrorKind::failed, "nghttpx (package nghttp2-proxy) did not start"};
  }
}

TlsProxy::~TlsProxy() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

std::string TlsProxy::url(std::string_view path) const {
  return base::text("https://localhost:", port_, path);
}

}  // namespace test
