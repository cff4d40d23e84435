# ask_bash.sh COMPLETIONS WORD...: what bash would offer for the last word, a line each.
source /usr/share/bash-completion/bash_completion
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="${COMP_WORDS[*]}"
COMP_POINT=${#COMP_LINE}
_coffer
printf '%s\n' "${COMPREPLY[@]}"
