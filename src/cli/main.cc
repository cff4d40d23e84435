#include "src/cli/program.h"

int main(int argument_count, char* arguments[]) {
  return cli::run_program(argument_count, arguments);
}
