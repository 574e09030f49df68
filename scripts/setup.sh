#!/bin/sh
# Makes sure that this machine has the tools that a command needs: scripts/setup.sh TOOL...
#
# With apt-get, and as root or with sudo, it installs what is missing. Anywhere else it ends with one line that names
# every missing tool and how to install it. PYTHON names the Python to use, python3 by default.
set -eu
PYTHON=${PYTHON:-python3}
RUST=$(awk -F '"' '/^rust-version/ { print $2 }' "$(dirname "$0")/../Cargo.toml")

# Each tool with its package for apt, dnf and brew.
packages() {
    cat <<'END'
aria2c               aria2                aria2                aria2
cc                   build-essential      gcc                  gcc
chromedriver         chromium-driver      chromedriver         chromedriver
chromium             chromium             chromium             chromium
curl                 curl                 curl                 curl
ip                   iproute2             iproute              iproute2mac
mktorrent            mktorrent            mktorrent            mktorrent
nginx                nginx-light          nginx                nginx
npm                  npm                  npm                  node
openssl              openssl              openssl              openssl
python3              python3-venv         python3              python3
qbittorrent-nox      qbittorrent-nox      qbittorrent-nox      qbittorrent
transmission-daemon  transmission-daemon  transmission-daemon  transmission-cli
transmission-remote  transmission-cli     transmission-cli     transmission-cli
unshare              util-linux           util-linux-core      util-linux
END
}

# The packages of the missing tools, from a column of that table.
column() {
    packages | awk -v column="$1" -v missing="$missing " 'index(missing, " " $1 " ") { printf " %s", $column }'
}

# What a person has to do about a tool that no package brings; nothing if all is well.
fault() {
    case $1 in
        cargo)
            if ! command -v cargo >/dev/null; then
                echo "; cargo is missing: install Rust $RUST or newer, see https://rustup.rs"
            else
                # rustup may have to fetch it first, and then shows that on stderr.
                cargo --version | awk -v least="$RUST" '
                    function number(version, part) { split(version, part, "."); return part[1] * 1e6 + part[2] * 1e3 + part[3] }
                    number($2) < number(least) { print "; Rust " $2 " is too old: install Rust " least \
                        " or newer with `rustup update stable`, see https://rustup.rs" }'
            fi ;;
        python3)
            ! command -v "$PYTHON" >/dev/null || "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
                echo "; $PYTHON is too old: install Python 3.11 or newer and name it, for example with PYTHON=python3.11" ;;
    esac
}

# Sets `missing`, the tools to install, and `faults`.
look() {
    missing='' faults=''
    for tool in "$@"; do
        faults="$faults$(fault "$tool")"
        case $tool in
            cargo) ;;
            python3) "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing $tool" ;;
            *) command -v "$tool" >/dev/null || missing="$missing $tool" ;;
        esac
    done
}

die() {
    echo "get-object-torrent: ${1#; }" >&2
    exit 1
}

die_of_missing() {
    [ -n "$missing" ] || die "$faults"
    die "missing:$missing. Install with \`apt-get install$(column 2)\` on Debian or Ubuntu, \
\`dnf install$(column 3)\` on Fedora, or \`brew install$(column 4)\` on macOS$faults"
}

look "$@"
[ -n "$missing$faults" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    sudo=''
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    sudo=sudo
else
    die_of_missing
fi
command -v apt-get >/dev/null || die_of_missing
# A person's part comes first: the rest takes minutes.
[ -z "$faults" ] || die "$faults"

wanted=$(column 2)
echo "get-object-torrent: installing with ${sudo:+sudo }apt-get:$wanted" >&2
# shellcheck disable=SC2086 # one word for each package
$sudo "$(dirname "$0")/apt_install.sh" $wanted >&2 || die "apt-get could not install$wanted: see above"
look "$@"
[ -z "$missing$faults" ] || die_of_missing
