/** Where k3s, and the lab binary as it, keeps a single server's objects. */
export const DATASTORE = '/var/lib/rancher/k3s/server/db/state.db';

/**
 * SQLite's online backup: whole at one moment, while the server writes. Looked through before it is sent; the memory
 * file never is a path that somebody else could read. Prints the gzipped copy.
 */
export const COPY = `exec python3 - "$1" <<'PY'
import gzip, sqlite3, sys
live = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=30)
copy = sqlite3.connect(":memory:")
live.backup(copy)
said = copy.execute("PRAGMA integrity_check").fetchone()[0]
if said != "ok":
    sys.exit(f"the copy of the datastore is damaged: {said}")
sys.stdout.buffer.write(gzip.compress(copy.serialize(), 6))
PY`;

/**
 * $1 the datastore, $2 the copy. Nothing is moved before the copy lies unpacked beside it, and the old one is kept as
 * .before: a run that was cut is begun again, and must not take the copy that it put in place for an old one. One with a
 * -wal has run since.
 */
export const REPLACE = `set -e
mkdir -p "$(dirname "$1")"
gzip -dc "$2" >"$1.new"
chmod 0600 "$1.new"
sync "$1.new"
systemctl stop k3s
if test -e "$1-wal" || ! cmp -s "$1.new" "$1"; then
  if test -e "$1"; then
    rm -f "$1.before-wal" "$1.before-shm"
    mv "$1" "$1.before"
  fi
  for end in -wal -shm; do test ! -e "$1$end" || mv "$1$end" "$1.before$end"; done
  mv "$1.new" "$1"
fi
sync -f "$1"
rm -f "$1.new" "$2"
systemctl reset-failed k3s || true
systemctl start --no-block k3s`;
