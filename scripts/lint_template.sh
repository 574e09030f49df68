#!/usr/bin/env bash
# Checks template.yaml, its state machine and the example: cfn-lint, sam validate, and a sam build that must bring out a
# bootstrap for each function.
# Needs the programs of requirements/lint.txt on PATH, and no AWS account. Writes to .tools/ and target/ only.
set -euo pipefail
cd "$(dirname "$0")/.."

export SAM_CLI_TELEMETRY=0
export __SAM_CLI_APP_DIR="$PWD/.tools/sam-home" # else SAM writes to the home directory
export AWS_DEFAULT_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE

# Plain cargo builds for this machine's own architecture; for others cargo-lambda wants zig.
export CARGO_LAMBDA_COMPILER=cargo
# This only shows that the functions build. The end-to-end tests run them as they are deployed.
export SAM_BUILD_MODE=debug
case "$(uname -m)" in
  x86_64) architecture=x86_64 flags=() ;;
  aarch64 | arm64) architecture=arm64 flags=(--arm64) ;;
  *) echo "lint_template: Lambda runs on x86_64 and arm64, not on $(uname -m)" >&2 && exit 1 ;;
esac

for program in cargo cargo-lambda cfn-lint sam; do
  command -v "$program" >/dev/null || { echo "lint_template: $program is not on PATH" >&2; exit 1; }
done
mkdir -p "$__SAM_CLI_APP_DIR"

echo "== cfn-lint"
cfn-lint template.yaml examples/cloudfront.yaml

echo "== the state machine"
python scripts/lint_asl.py statemachine/torrent-job.asl.json

echo "== sam validate --lint"
sam validate --lint

# The same command that sam build runs, ahead of it, because sam build shows nothing of cargo's progress.
echo "== cargo lambda build ($architecture; the first takes minutes)"
cargo lambda build --locked "${flags[@]}" --bin get-object-torrent --bin torrent-job --bin torrent-tracker

echo "== sam build"
sam build --build-dir .tools/sam-build --parameter-overrides "Architecture=$architecture"
if grep -nE '[&*]id[0-9]|<<:' .tools/sam-build/template.yaml; then
  echo "lint_template: sam build left YAML anchors, which CloudFormation does not read" >&2 && exit 1
fi
for function in ApiFunction JobFunction HashFunction BatchFunction TrackerFunction; do
  bootstrap=.tools/sam-build/$function/bootstrap
  test -x "$bootstrap" || { echo "lint_template: sam build left no $bootstrap" >&2; exit 1; }
done

echo "lint_template: template.yaml and its state machine pass cfn-lint and sam validate; sam build made the functions"
