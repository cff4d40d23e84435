#include "tests/unit/web_status/running_server.h"

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/text.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

#include <cerrno>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

namespace test {

std::size_t resident_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void allow_many_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) throw base::system_error("getrlimit", errno);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) throw base::system_error("setrlimit", errno);
}

web::Certificate make_certificate(unsigned serial) {
  const TemporaryDirectory directory;
  const std::string key = (directory / "key.pem").string();
  const std::string chain = (directory / "chain.pem").string();
  const Finished made = run(
      {.words = {"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                 "-set_serial", base::text(serial), "-keyout", key, "-out", chain},
       .environment = {}});
  if (made.exit_status != 0) throw base::Error{base::ErrorKind::failed, made.errors};
  return {std::string{base::as_text(base::read_file(chain))}, base::read_secret_file(key)};
}

}  // namespace test
