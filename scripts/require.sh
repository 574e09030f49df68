#!/bin/sh
# Ends with one clear line when a tool is missing: scripts/require.sh TOOL...
set -eu
for tool in "$@"; do
    command -v "$tool" >/dev/null && continue
    case $tool in
        cargo) how="install Rust 1.94.1 or newer (rustup)" ;;
        aria2c) how="on Debian: apt-get install aria2" ;;
        chromedriver) how="on Debian: apt-get install chromium-driver" ;;
        npm) how="install Node.js with npm, on Debian: apt-get install npm" ;;
        transmission-*) how="on Debian: apt-get install transmission-cli transmission-daemon" ;;
        *) how="install it, on Debian: apt-get install $tool" ;;
    esac
    echo "get-object-torrent: $tool is missing: $how" >&2
    exit 1
done
