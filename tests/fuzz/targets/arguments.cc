#include "src/cli/arguments.h"

#include "src/base/text.h"
#include "tests/fuzz/targets.h"

#include <string>
#include <vector>

namespace fuzz {

// The arguments after the program's name, divided by a zero octet.
void fuzz_arguments(base::ByteView input) {
  if (input.size() > 4096) return;
  const std::vector<std::string> words = base::split(base::as_text(input), '\0');
  std::vector<const char*> line{"coffer"};
  for (const std::string& word : words) line.push_back(word.c_str());
  const int count = static_cast<int>(line.size());
  static_cast<void>(cli::asks_for_json(count, line.data()));
  static_cast<void>(cli::command_asked_for(count, line.data()));
  const auto parsed = unless_refused({base::ErrorKind::usage},
                                     [&] { return cli::parse_arguments(count, line.data()); });
  if (!parsed) return;
  if (const auto* information = std::get_if<cli::Information>(&*parsed)) {
    hold(!information->text.empty(), "who asks for help gets some");
    return;
  }
  const auto& arguments = std::get<cli::Arguments>(*parsed);
  hold(!arguments.command_name.empty(), "a line that makes sense has a command");
  // "jobs" alone is "jobs list".
  const std::string typed = base::split(arguments.command_name, ' ').front();
  hold(std::ranges::find(words, typed) != words.end(), "and it was typed");
  hold(!arguments.global.json || cli::asks_for_json(count, line.data()),
       "who wants records gets errors as records");
}

}  // namespace fuzz
