// The files of the web pages, as they were built into the program.
#pragma once

#include "web-status/http_message.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace web {

struct EmbeddedFile {
  std::string_view path;  // "vendor/plot.js"
  std::string_view text;
};
// What web-status/pages held when the program was built.
std::span<const EmbeddedFile> embedded_pages();

class Pages {
 public:
  // The texts live as long as the process. Those whose ending has no content type are left out.
  explicit Pages(std::span<const EmbeddedFile> files);

  // "/" is index.html.
  [[nodiscard]] bool has(const std::vector<std::string>& segments) const;
  // There is one; 304 if the client has it.
  [[nodiscard]] Response answer(const Request& request) const;

 private:
  struct Kept {
    std::string_view text, content_type;
    std::string etag;
  };
  std::map<std::string, Kept> files_;
};

}  // namespace web
