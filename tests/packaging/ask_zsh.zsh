# ask_zsh.zsh FOLDER LINE: what zsh shows after LINE and two tabs, on a terminal of its own.
zmodload zsh/zpty
export TERM=dumb
zpty shell "zsh -f -i"
zpty -w shell "PS1=; stty -echo; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D"
zpty -w shell "zstyle ':completion:*' list-prompt ''; LISTMAX=1000; unsetopt beep; echo rea''dy"
zpty -r -m shell ignored '*ready*'
zpty -w -n shell "$2"$'\t\t\C-a#'$'\n'"echo fin''ished"$'\n'
zpty -r -m shell shown '*finished*'
print -r -- "$shown"
zpty -d shell
