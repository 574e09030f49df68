#!/bin/sh
# Zips the functions that `make build` has built into target/package/, for deployment. Their bill of materials goes with
# them. The same programs give the same bytes.
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
cp target/get-object-torrent.cdx.json target/package/
cd target/package
for function in get-object-torrent torrent-job torrent-tracker; do
    cp "$built/$function" bootstrap
    TZ=UTC touch -t 198001010000 bootstrap
    TZ=UTC "${PYTHON:-python3}" -m zipfile -c "$function-$architecture.zip" bootstrap
    rm bootstrap
    echo "target/package/$function-$architecture.zip"
done
