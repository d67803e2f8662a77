
# _rhumb_offer WORDS - those that begin as the word at the cursor.
_rhumb_offer() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$word")
}

_rhumb_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
}

# _rhumb_read - goes through the words before the cursor: how many arguments there are, and what
# says where the server is.
_rhumb_read() {
    local i name
    for ((i = 2; i < COMP_CWORD; i++)); do
        name=${COMP_WORDS[i]}
        if [[ -n $name && -n ${values[$name]-} ]]; then
            [[ ${COMP_WORDS[i + 1]} != = ]] || i=$((i + 1))
            i=$((i + 1))
            if [[ $name =~ ^(-c|--config|--socket|--token-file)$ ]] && ((i < COMP_CWORD)); then
                server+=("$name" "${COMP_WORDS[i]}")
            fi
        elif [[ $name != -* ]]; then
            count=$((count + 1))
        fi
    done
}

_rhumb() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options='' arguments=() server=() count=0 kind
    local -A values=()
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _rhumb_offer "$_rhumb_commands --help --version"
        return
    fi
    _rhumb_table "${COMP_WORDS[1]}" || return
    # --name=VALUE comes as three words
    if [[ $word == = ]]; then
        word=''
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    _rhumb_read
    if [[ -n $before && -n ${values[$before]-} ]]; then
        kind=${values[$before]}
    elif [[ $word == -* ]]; then
        kind="words $options"
    else
        kind=${arguments[count]-}
    fi
    case $kind in
    files) _rhumb_files ;;
    words\ *) _rhumb_offer "${kind#words }" ;;
    names\ *) _rhumb_offer "$("${COMP_WORDS[0]}" "${kind#names }" --names "${server[@]}" 2>/dev/null)" ;;
    esac
}
complete -F _rhumb rhumb
