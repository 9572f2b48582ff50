#!/bin/sh
# A line of two- to four-byte characters, one byte at a time.
for byte in 303 251 342 202 254 360 237 232 200 012; do
  printf "\\$byte"
  sleep 0.02
done
