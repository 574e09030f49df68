#!/bin/sh
# Makes a Python environment from a complete list of pinned packages, each with its hashes: scripts/venv.sh FOLDER REQUIREMENTS
# The last step marks it as whole, so that one that broke off is made anew.
set -eu
folder=$1
requirements=$2
die() { echo "get-object-torrent: $1" >&2; exit 1; }

command -v python3 >/dev/null || die "python3 is missing: install Python 3.11 or newer"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "python3 is $(python3 -V): the pinned tools need Python 3.11 or newer"
# Not to standard output, which may be read by a program.
echo "Setting up $folder from $requirements ..." >&2
rm -rf "$folder"
python3 -m venv "$folder" ||
    die "python3 cannot make environments: install its venv module (on Debian: apt-get install python3-venv)"
# Complete lists without dependencies: cargo-lambda would bring a whole C compiler, which is not used here.
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r "$requirements" ||
    die "the packages of $requirements cannot be installed: is the package index in reach, and each pin with its hashes (make pins)?"
touch "$folder/ready"
