#!/usr/bin/env bash
# Makes Transmission seed every object of a bucket, see docs/PUBLISHING.md. What it seeds already stays as it is.
# It needs aws, curl and transmission-remote.
set -euo pipefail

if [ $# -lt 3 ]; then
  echo "usage: [PREFIX=models/] scripts/seed.sh ENDPOINT BUCKET FOLDER [HOST:PORT] [OPTION OF transmission-remote]..." >&2
  exit 2
fi
endpoint=${1%/} bucket=$2 folder=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Given this encoding, the CLI leaves keys as S3 encodes them for URLs, with a plus sign for a space.
# shellcheck disable=SC2016 # The backticks are of the query.
aws s3api list-objects-v2 --bucket "$bucket" --prefix "${PREFIX:-}" --encoding-type url --output text --query \
  'not_null(Contents, `[]`)[?Size > `0` && !ends_with(Key, `".torrent"`)].[Key]' >"$work/keys"

seeded=0 failed=0
while IFS= read -r key; do
  : >"$work/torrent"
  # A job may still be making the torrent: the endpoint answers 503 until then.
  if curl --silent --show-error --fail-with-body --globoff --path-as-is --retry 50 --retry-max-time 900 \
    --dump-header "$work/headers" --output "$work/torrent" "$endpoint/$bucket/$key?torrent&web-seeds=always"; then
    hash=$(tr -d '\r' <"$work/headers" | awk 'tolower($1) == "x-torrent-info-hash:" { hash = $2 } END { print hash }')
    # Objects may have the same name, so each gets a folder of its own.
    if transmission-remote "$@" --add "$work/torrent" --download-dir "$folder/$hash" >/dev/null; then
      seeded=$((seeded + 1))
      continue
    fi
  fi
  message=$(LC_ALL=C sed -n 's,.*<Message>\(.*\)</Message>.*, (\1),p' "$work/torrent")
  echo "seed: not added: $key$message" >&2
  failed=$((failed + 1))
done < <(sed 's/+/%20/g' "$work/keys")

echo "seed: objects that Transmission has: $seeded"
if [ "$failed" -gt 0 ]; then
  echo "seed: objects that were not added: $failed. Mend what is said above, and run this again." >&2
  exit 1
fi
