#include "src/cli/listed_line.h"

#include "src/base/text.h"
#include "src/cli/table.h"
#include "src/daemon/record_fields.h"
#include "src/jobs/progress.h"

#include <algorithm>
#include <variant>

namespace cli {
namespace {

std::string padded(const std::string& text, std::size_t columns) {
  const std::string fitting = shortened(text, columns);
  return fitting + std::string(columns - width_of(fitting), ' ');
}

// 2026-11-23T02:00:00Z as people write it.
std::string minute(const std::string& rfc3339) {
  if (rfc3339.size() < 16) return rfc3339;
  return base::text(rfc3339.substr(0, 10), " ", rfc3339.substr(11, 5));
}

std::string item_line(const jobs::Record& item, std::size_t columns) {
  constexpr std::size_t kTime = 16;
  constexpr std::size_t kSize = 10;
  constexpr std::size_t kLeastFrom = 12;
  std::string time = appliance::text_in(item, "received");
  for (const char* other : {"sent", "created"}) {
    if (time.empty()) time = appliance::text_in(item, other);
  }
  std::string from = appliance::text_in(item, "from_name");
  if (from.empty()) from = appliance::text_in(item, "from");
  std::string subject = base::printable(appliance::text_in(item, "subject"));
  if (subject.empty()) subject = base::text("(", appliance::text_in(item, "item_class"), ")");
  const std::size_t left = std::max(columns, std::size_t{60}) - 2 - kTime - 2 - kSize - 2;
  const std::size_t from_columns = std::max(kLeastFrom, left / 3);
  return base::text("  ", padded(minute(time), kTime),
                    fmt::format("{:>12}", base::human_bytes(appliance::count_in(item, "size"))),
                    "  ", padded(base::printable(from), from_columns), "  ",
                    shortened(subject, left - from_columns - 2));
}

}  // namespace

std::vector<std::string> listed_lines(const jobs::Record& record, std::size_t columns,
                                      bool with_id) {
  if (appliance::text_in(record, "type") == "folder") {
    const std::uint64_t items = appliance::count_in(record, "items");
    const std::string note =
        base::text("  ", jobs::human_count(items), items == 1 ? " item" : " items");
    return {shortened(base::printable(appliance::text_in(record, "path")), columns - note.size()) +
            note};
  }
  std::vector<std::string> lines{item_line(record, columns)};
  if (with_id)
    lines.push_back(base::text("    ", base::printable(appliance::text_in(record, "id"))));
  return lines;
}

std::vector<std::string> difference_lines(const jobs::Record& record, std::size_t columns,
                                          bool with_id) {
  constexpr std::size_t kWhat = 9;
  const std::string what = base::text("  ", padded(appliance::text_in(record, "what"), kWhat - 2));
  const std::string indent(kWhat + 2, ' ');
  std::vector<std::string> lines;
  if (appliance::text_in(record, "kind") == "folder") {
    const std::string path = base::printable(appliance::text_in(record, "folder"));
    lines.push_back(base::text(what, "  ", shortened(path, columns - indent.size())));
  } else {
    lines.push_back(what + item_line(record, columns - kWhat));
  }
  if (const std::string from = appliance::text_in(record, "from_folder"); !from.empty()) {
    const std::string note =
        appliance::text_in(record, "matched_by") == "content" ? " (same content, new id)" : "";
    lines.push_back(base::text(
        indent, "from ",
        shortened(base::printable(from), columns - indent.size() - 5 - note.size()), note));
  }
  if (with_id)
    lines.push_back(base::text(indent, base::printable(appliance::text_in(record, "id"))));
  return lines;
}

}  // namespace cli
