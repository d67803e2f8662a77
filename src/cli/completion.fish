
function __rhumb_is_first
    test (count (commandline -opc)) -eq 1
end

# __rhumb_at COMMAND [COUNT] - is that the command, with so many arguments behind it already?
function __rhumb_at
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]; or return 1
    set -q argv[2]; or return 0
    set -e words[1..2]
    set -l arguments 0
    set -l is_value no
    for word in $words
        if test $is_value = yes
            set is_value no
        else if contains -- $word $__rhumb_valued
            set is_value yes
        else if not string match -q -- '-*' $word
            set arguments (math $arguments + 1)
        end
    end
    test $arguments -eq $argv[2]
end

# __rhumb_names COMMAND - names that the running server knows.
function __rhumb_names
    set -l words (commandline -opc)
    set -l server
    for i in (seq 3 (count $words))
        if contains -- $words[$i] -c --config --socket --token-file; and set -q words[(math $i + 1)]
            set -a server $words[$i] $words[(math $i + 1)]
        else if string match -qr -- '^--(config|socket|token-file)=' $words[$i]
            set -a server $words[$i]
        end
    end
    $words[1] $argv[1] --names $server 2>/dev/null
end
