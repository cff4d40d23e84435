// embed_pages SOURCE_DIRECTORY FUNCTION OUTPUT FILE...: writes C++ that holds the files, whose
// names are relative to the directory. Run while building.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// A literal must not be longer than compilers promise to take, so that bytes are written as
// numbers.
void write_bytes(std::ofstream& out, const std::string& text, std::size_t number) {
  out << "constexpr unsigned char kFile" << number << "[] = {";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % 32 == 0) out << '\n';
    out << static_cast<unsigned>(static_cast<unsigned char>(text[i])) << ',';
  }
  out << "0};\n";
}

void embed(const std::string& directory, const std::string& function, const std::string& output,
           const std::vector<std::string>& names) {
  std::ofstream out{output};
  out << "#include \"web-status/pages.h\"\n\n#include <vector>\n\nnamespace web {\n\nnamespace "
         "{\n\n";
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::ifstream in{directory + "/" + names[i], std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + names[i]};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    write_bytes(out, text, i);
    list += "      {\"" + names[i] + "\", {reinterpret_cast<const char*>(kFile" +
            std::to_string(i) + "), sizeof kFile" + std::to_string(i) + " - 1}},\n";
  }
  out << "\n}  // namespace\n\nstd::span<const EmbeddedFile> " << function << "() {\n"
      << "  static const std::vector<EmbeddedFile> kFiles{\n"
      << list << "  };\n  return kFiles;\n}\n\n}  // namespace web\n";
  if (!out.flush()) throw std::runtime_error{"cannot write " + output};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string> arguments{argv + 1, argv + argc};
    if (arguments.size() < 3) throw std::runtime_error{"too few arguments"};
    embed(arguments[0], arguments[1], arguments[2], {arguments.begin() + 3, arguments.end()});
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "embed_pages: %s\n", error.what());
    return 1;
  }
}
