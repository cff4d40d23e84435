#include "src/jobs/error_record.h"

namespace jobs {

Record error_record(const base::Error& error, ExitStatus status, std::string_view remedy) {
  Value::List context;
  for (const std::string& part : error.context()) context.emplace_back(part);
  return Record{{"type", "error"},
                {"kind", base::name(error.kind())},
                {"message", error.message()},
                {"context", std::move(context)},
                {"remedy", text_or_null(remedy)},
                {"exit_status", number(status)}};
}

}  // namespace jobs
