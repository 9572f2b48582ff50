#!/bin/sh
# $1 MiB of zero bytes, and a last word.
dd if=/dev/zero bs=1048576 count="$1" status=none
printf 'the end'
