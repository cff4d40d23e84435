#include "web-status/pages.h"

#include "src/base/digest.h"
#include "src/base/text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace web {

namespace {

// Empty for what pages are not made of.
std::string_view content_type_of(std::string_view path) {
  static constexpr auto kTypes = std::to_array<std::pair<std::string_view, std::string_view>>({
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".svg", "image/svg+xml"},
  });
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return {};
}

std::string path_of(const std::vector<std::string>& segments) {
  std::string path = segments.front();
  for (std::size_t i = 1; i < segments.size(); ++i) path += "/" + segments[i];
  return path.empty() ? "index.html" : path;
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  const std::vector<std::string> tags = base::split(if_none_match, ',');
  return std::ranges::any_of(tags, [&](const std::string& tag) { return base::trim(tag) == etag; });
}

}  // namespace

Pages::Pages(std::span<const EmbeddedFile> files) {
  constexpr std::size_t kEnough = 32;
  for (const auto& [path, text] : files) {
    const std::string_view type = content_type_of(path);
    if (type.empty()) continue;
    const std::string digest = base::sha256(base::as_bytes(text)).hex().substr(0, kEnough);
    files_.emplace(path, Kept{text, type, base::text("\"", digest, "\"")});
  }
}

bool Pages::has(const std::vector<std::string>& segments) const {
  return files_.contains(path_of(segments));
}

Response Pages::answer(const Request& request) const {
  const Kept& kept = files_.at(path_of(request.target.segments));
  Response response{200, {{"ETag", kept.etag}}, StaticText{kept.text}};
  if (names_etag(request.header("if-none-match"), kept.etag)) {
    response.status = 304;
  } else {
    response.headers.emplace_back("Content-Type", kept.content_type);
  }
  return response;
}

}  // namespace web
