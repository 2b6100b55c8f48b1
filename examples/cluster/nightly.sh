#!/usr/bin/env bash
# Build every pack: run on the head of the cluster by cron, or from CI by `ray exec cluster.yaml`.
set -euo pipefail
export ASSETGEN_STORE=${ASSETGEN_STORE:-s3://my-studio/assetgen-store}   # all workers need access to it
for pack in art/*/pack.yaml; do
  assetgen build "$(dirname "$pack")" --runner ray --address auto --price 1.20/h --junit "reports/$(basename "$(dirname "$pack")").xml"
done
assetgen store gc --keep 30d
