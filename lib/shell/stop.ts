import { MARK_VARIABLE } from './command.ts';

/** All of a stop, ms: inside the 5 s in which a stopped run is gone. */
export const STOP_LIMIT = 4500;

/**
 * sh script; $1 mark, $2 process group ('' when it is not known). TERM, and KILL after 3 s, to the group and to all
 * that carry the mark in their environment: what moved to a session of its own is found too. Prints the pids that
 * are left after that; zombies do not count.
 */
export const STOP_SCRIPT = `
members() {
  [ -z "$2" ] || sed -n 's/^\\([0-9]*\\) (.*) \\([A-Z]\\) [0-9]* \\([0-9]*\\) .*/\\1 \\2 \\3/p' /proc/[0-9]*/stat 2>/dev/null |
    while read -r pid state group; do
      [ "$group" = "$2" ] && [ "$state" != Z ] && echo "$pid"
    done
  grep -ls "${MARK_VARIABLE}=$1" /proc/[0-9]*/environ 2>/dev/null | sed 's/[^0-9]//g'
}
end() {
  [ -z "$group" ] || kill -s "$1" -- "-$group" 2>/dev/null
  for pid in $left; do kill -s "$1" "$pid" 2>/dev/null; done
}
mark=$1 group=$2 left=
end TERM
(sleep 3; left=$(members "$mark" "$group"); end KILL) >/dev/null 2>&1 &
killer=$!
group= left=$(members "$mark" '')
end TERM
for pause in 0.1 0.3 0.6 1 1 0.2 0.3 0.3; do
  left=$(members "$mark" "$2")
  [ -n "$left" ] || { kill "$killer"; exit 0; }
  sleep "$pause"
done
members "$mark" "$2"
`;
