#!/bin/sh
# Installs system tools through the machine's own package manager, when that needs no question.
# Usage: tools/system_packages.sh NAME...   (chromium, bubblewrap, prometheus, python3-venv)
# Always succeeds: a tool that cannot be had gets one line that says why, and what needs it is skipped.
set -u

binary_of() {
    case $1 in
        chromium) echo "chromium chromium-browser google-chrome" ;;
        bubblewrap) echo bwrap ;;
        *) echo "$1" ;;
    esac
}

is_there() {
    if [ "$1" = python3-venv ]; then
        python3 -c 'import ensurepip' >/dev/null 2>&1
        return
    fi
    for binary in $(binary_of "$1"); do
        command -v "$binary" >/dev/null 2>&1 && return 0
    done
    return 1
}

missing=""
for name in "$@"; do
    is_there "$name" || missing="$missing $name"
done
[ -n "$missing" ] || exit 0

refuse() {
    for name in $missing; do
        is_there "$name" || echo "not installed: $name ($1)" >&2
    done
    exit 0
}

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    sudo -n true >/dev/null 2>&1 || refuse "needs a password; install it yourself"
    as_root="sudo -n"
fi

# Packages that bring a daemon would start it at once; 101 is Debian's way of saying no.
policy=/usr/sbin/policy-rc.d
keep_services_down() {
    [ -e "$policy" ] && return
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null && $as_root chmod 755 "$policy" || return
    trap '$as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
}

limited() {
    if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi
}

log=$(mktemp)
if command -v apt-get >/dev/null 2>&1; then
    apt="env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::http::Timeout=20 -o Acquire::Retries=1"
    keep_services_down
    limited 120 $as_root $apt update >"$log" 2>&1
    for name in $missing; do # one by one: a package that is unknown here must not keep the others out
        limited 400 $as_root $apt install -y --no-install-recommends "$name" </dev/null >>"$log" 2>&1
    done
else
    for name in $missing; do
        if command -v dnf >/dev/null 2>&1; then limited 400 $as_root dnf -q -y install "$name"
        elif command -v zypper >/dev/null 2>&1; then limited 400 $as_root zypper -q -n install "$name"
        elif command -v pacman >/dev/null 2>&1; then limited 400 $as_root pacman -S --noconfirm --needed "$name"
        elif command -v apk >/dev/null 2>&1; then limited 400 $as_root apk add -q "$name"
        fi </dev/null >>"$log" 2>&1
    done
fi
for name in $missing; do
    is_there "$name" && echo "installed: $name" >&2
done
reason=$(grep -E '^(E:|[Ee]rror)' "$log" | tail -n 1)
rm -f "$log"
refuse "${reason:-no package manager here has it}"
