#!/usr/bin/env python3
"""Writes the completions for bash and zsh from what the program says about itself.

Usage: completions.py PROGRAM DIRECTORY     (DIRECTORY/coffer for bash, DIRECTORY/_coffer for zsh)
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "man"))

from help_text import read_program  # noqa: E402

# What an option takes, where the help tells it in a sentence. A test asks the program for each.
VALUES = {
    ("check", "--level"): ["structure", "scrub", "full"],
    ("restore", "--on-conflict"): ["skip", "copy", "replace"],
    ("account add", "--role"): ["viewer", "operator", "admin"],
}
DIRECTORIES = {("extract", "--output"), ("copy", "--to")}

BASH_FRAME = """# bash completion for coffer
_coffer() {{
  local cur prev words cword
  _init_completion || return
  local command="" word skip=""
  for word in "${{words[@]:1:cword-1}}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$command $word" in
{value_options}
      *" -"*) ;;
{descents}
    esac
  done
  case "$command $prev" in
{values}
  esac
  local names=""
  case "$command" in
{names}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
}} &&
  complete -F _coffer coffer coffer-admin
"""


def commands_of(command):
    yield command
    for subcommand in command.subcommands:
        yield from commands_of(subcommand)


def key_of(command):
    return " ".join(command.words[1:])


def values_of(command, option):
    return VALUES.get((key_of(command), option.long_name))


def takes_directory(command, option):
    return (key_of(command), option.long_name) in DIRECTORIES


def takes_file(option):
    return option.long_name == "--config" or option.long_name.endswith("-file")


def option_names(command, program):
    """Options of the command, and those for every command."""
    own = [name for option in command.options for name in option.names]
    return own + [name for option in program.options for name in option.names if name not in own]


def with_value(command, program):
    """Each command's options that take a value, as it sees them: with those for every command."""
    own = [option for option in command.options if option.value]
    names = {option.long_name for option in own}
    return own + [
        option for option in program.options if option.value and option.long_name not in names
    ]


def bash_answer(command, option):
    if values := values_of(command, option):
        return f'mapfile -t COMPREPLY < <(compgen -W "{" ".join(values)}" -- "$cur"); return'
    if takes_directory(command, option):
        return "_filedir -d; return"
    return "_filedir; return" if takes_file(option) else "return"


def bash_completion(program):
    value_options, descents, values, names = [], [], [], []
    for command in commands_of(program):
        key = key_of(command)
        for option in with_value(command, program):
            value_options.append(f'      "{key} {option.long_name}") skip=yes ;;')
            answer = bash_answer(command, option)
            values.append(f'    "{key} {option.long_name}") {answer} ;;')
        for sub in command.subcommands:
            descents.append(f'      "{key} {sub.name}") command="{key_of(sub)}" ;;')
        offered = [sub.name for sub in command.subcommands] + option_names(command, program)
        names.append(f'    "{key}") names="{" ".join(offered)}" ;;')
    return BASH_FRAME.format(
        value_options="\n".join(value_options),
        descents="\n".join(descents),
        values="\n".join(values),
        names="\n".join(names),
    )


def zsh_text(text):
    """A description between the brackets of _arguments, in single quotes."""
    for sign in ("\\", "[", "]", ":"):
        text = text.replace(sign, "\\" + sign)
    return text.replace("'", "'\\''")


def zsh_action(command, option):
    if values := values_of(command, option):
        return f"({' '.join(values)})"
    if takes_directory(command, option):
        return "_files -/"
    return "_files" if takes_file(option) else " "


def zsh_specification(command, option):
    mark = "*" if option.is_repeatable else ""
    value = f":{option.value.lower()}:{zsh_action(command, option)}" if option.value else ""
    others = " ".join(option.names + option.excludes)
    group = f"({others})" if not option.is_repeatable else ""
    names = option.names
    return [f"'{group}{mark}{name}[{zsh_text(option.description)}]{value}'" for name in names]


def zsh_function(command, program):
    """_coffer for the program, _coffer_key_add for a command of a command."""
    name = "_".join(["", *command.words]).replace("-", "_")
    known = {option.long_name for option in command.options}
    shown = command.options + [each for each in program.options if each.long_name not in known]
    specifications = [part for option in shown for part in zsh_specification(command, option)]
    if command.subcommands:
        specifications += ["'1:command:->command'", "'*::argument:->argument'"]
    else:
        specifications += [
            f"'{'*' if each.is_repeatable else ''}:{each.names[0]}: '"
            for each in command.positionals
        ]
    lines = [f"{name}() {{", "  local context state line curcontext=$curcontext"]
    lines += ["  typeset -A opt_args", "  _arguments -C -s \\"]
    lines += [f"    {each} \\" for each in specifications[:-1]] + [f"    {specifications[-1]}"]
    if command.subcommands:
        lines += ["  case $state in", "    command)", "      local -a commands=("]
        lines += [f"        '{sub.name}:{zsh_text(sub.summary)}'" for sub in command.subcommands]
        lines += ["      )", "      _describe command commands ;;", "    argument)"]
        lines += ["      case $line[1] in"]
        lines += [
            f"        {sub.name}) {name}_{sub.name.replace('-', '_')} ;;"
            for sub in command.subcommands
        ]
        lines += ["      esac ;;", "  esac"]
    return "\n".join([*lines, "}"])


def zsh_completion(program):
    functions = [zsh_function(command, program) for command in commands_of(program)]
    return "#compdef coffer coffer-admin\n" + "\n".join(functions) + '\n_coffer "$@"\n'


def main():
    program, directory = read_program(sys.argv[1]), pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "coffer").write_text(bash_completion(program))
    (directory / "_coffer").write_text(zsh_completion(program))


if __name__ == "__main__":
    main()
