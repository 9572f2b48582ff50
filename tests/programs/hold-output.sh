#!/bin/sh
# Ends at once, and leaves something behind that holds its output open.
echo done
sleep 60 &
