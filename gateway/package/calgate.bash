# Completes calgate's verbs and options in bash. Both come from `calgate … --help`, so that none is missing here.
_calgate() {
    local current=${COMP_WORDS[COMP_CWORD]} word verbs=() help
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word =~ ^[a-z]+$ ]] && verbs+=("$word")
    done
    # Of the words, only the first two can be verbs; what follows are names and values.
    local -i depth
    for ((depth = ${#verbs[@]} < 2 ? ${#verbs[@]} : 2; depth >= 0; --depth)); do
        help=$("${COMP_WORDS[0]}" "${verbs[@]:0:depth}" --help 2>/dev/null) && break
    done
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '(^| |,)--?[a-z][a-z-]*' <<<"$help" | tr -d ' ,' | sort -u)" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n '/^Subcommands:/,$s/^  \([a-z]*\) .*/\1/p' <<<"$help")" -- "$current")
    fi
}
complete -o default -F _calgate calgate
