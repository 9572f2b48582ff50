#!/bin/sh
# Each argument as a line of hex bytes.
for argument; do
  printf '%s' "$argument" | od -An -v -tx1 | tr -d ' \n'
  echo
done
