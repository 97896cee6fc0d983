#!/usr/bin/env bash
# Stands in for fpm, which cannot be had everywhere: lays out what a package would install, below $TREES/deb and
# $TREES/rpm, instead of packing it.
set -euo pipefail
declare -a mappings
while [ $# -gt 0 ]; do
  case $1 in
    -t) type=$2; shift 2 ;;
    --package) touch "$2"; shift 2 ;;
    --rpm-tag=*) shift ;;
    --after-install | --after-remove) bash -n "$2"; shift 2 ;;
    -*) shift ;;
    ?*=/*) mappings+=("$1"); shift ;;
    *) shift ;;
  esac
done
for mapping in "${mappings[@]}"; do
  target=$TREES/$type${mapping#*=}
  mkdir -p "$(dirname "$target")"
  cp -a "${mapping%%=*}" "$target"
done
