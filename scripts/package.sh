#!/bin/sh
# Zips the functions that `make build` has built into target/package/. With them go their bill of materials, and what
# `sam deploy` needs to deploy these zips: docs/OPERATIONS.md has the command. The same programs give the same bytes.
set -eu
cd "$(dirname "$0")/.."
case $(uname -sm) in
    'Linux x86_64') architecture=x86_64 ;;
    'Linux aarch64') architecture=arm64 ;;
    *)
        echo "get-object-torrent: Lambda runs Linux on x86_64 or arm64: run this there, not on $(uname -sm)" >&2
        exit 1 ;;
esac

built=$(realpath "${CARGO_TARGET_DIR:-target}")/release
rm -rf target/package
mkdir -p target/package
cp target/get-object-torrent.cdx.json samconfig.yaml statemachine/torrent-job.asl.json target/package/
# The template, with the zip of its binary for each function, and this architecture only.
sed -E "s|(DefinitionUri: )statemachine/|\1|
    /^  Architecture:/,/Default:/s/(AllowedValues: \[|Default: )[^]]*/\1$architecture/" template.yaml |
    awk '/[{]Binary: / { zip = $0; sub(/.*[{]Binary: /, "", zip); sub(/[}].*/, "-'"$architecture"'.zip", zip) }
        /^ +CodeUri: \.$/ { sub(/\.$/, zip) } 1' > "target/package/template-$architecture.yaml"
cd target/package
for function in get-object-torrent torrent-job torrent-tracker; do
    cp "$built/$function" bootstrap
    TZ=UTC touch -t 198001010000 bootstrap
    TZ=UTC "${PYTHON:-python3}" -m zipfile -c "$function-$architecture.zip" bootstrap
    rm bootstrap
    echo "target/package/$function-$architecture.zip"
done
