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

/** $1 the datastore, $2 the copy. The old one is kept beside it until the new one runs, so that nothing is half. */
export const REPLACE = `set -e
systemctl stop k3s
for end in '' -wal -shm; do rm -f "$1.before$end"; test ! -e "$1$end" || mv "$1$end" "$1.before$end"; done
mkdir -p "$(dirname "$1")"
gzip -dc "$2" >"$1.new"
chmod 0600 "$1.new"
mv "$1.new" "$1"
sync -f "$1"
rm -f "$2"
systemctl reset-failed k3s || true
systemctl start --no-block k3s`;
