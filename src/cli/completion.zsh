
# _rhumb_names COMMAND - names that the running server knows.
_rhumb_names() {
    local -a names server
    local name
    for name in -c --config --socket --token-file; do
        [[ -n $opt_args[$name] ]] && server+=($name ${(Q)opt_args[$name]})
    done
    names=(${(f)"$(_call_program names $_rhumb_program $1 --names ${(q)server} 2>/dev/null)"})
    compadd -a names
}

_rhumb() {
    local curcontext=$curcontext state line _rhumb_program=$words[1]
    local -A opt_args
    local -a commands specs
    _arguments -C \
        '(- *)'{-h,--help}'[overview]' \
        '(- *)'{-V,--version}'[version]' \
        '1:command:->command' '*::argument:->argument'
    case $state in
    command)
        _rhumb_commands
        _describe -t commands command commands
        ;;
    argument)
        curcontext=${curcontext%:*:*}:rhumb-$words[1]:
        _rhumb_table $words[1] && _arguments : $specs
        ;;
    esac
}

# Found by its name in a folder of $fpath, or read by `source`.
if [[ $funcstack[1] == _rhumb ]]; then
    _rhumb "$@"
else
    compdef _rhumb rhumb
fi
