import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import type { PostgresFacts } from '../set.ts';
import type { Postgres } from '../source.ts';
import { cannotTell, type Untold } from '../words.ts';
import { CIPHER_OF_CONF } from './point.ts';
import type { Scratch } from './scratch.ts';
import { postgresOver } from './server.ts';

const SOCKET = '/tmp/dump';

/**
 * A cluster of its own beside the restored one, so that roles and the database itself come from globals and dump.
 * $1 folder of the set in the bucket, $2 and $3 the names of globals and dump.
 */
const LOAD = `
set -eu
export PGBACKREST_CIPHER_PASS="$(${CIPHER_OF_CONF})"
get() { pgbackrest --repo1-path="/$1" repo-get "$2"; }
data=/var/lib/postgresql/data/dump
mkdir -p ${SOCKET}
get "$1" "$2" > /tmp/globals.sql
get "$1" "$3" > "$data.pgdump"
initdb -D "$data" -U postgres --auth-local peer --encoding UTF8 --locale C.UTF-8 --no-sync > /tmp/initdb.log
pg_ctl -D "$data" -o "-k ${SOCKET} -c listen_addresses='' -c fsync=off" -l /tmp/dump.log -w start > /dev/null
# The one role that is there already.
grep -vx 'CREATE ROLE postgres;' /tmp/globals.sql | psql -Xq -v ON_ERROR_STOP=1 -h ${SOCKET} -d postgres
echo loading >&2
pg_restore -h ${SOCKET} --create --exit-on-error -d postgres "$data.pgdump"
`;

/** The logical dump with its globals, loaded. Errors: DUMP_EMPTY, DUMP_UNREADABLE, KEY_WRONG, STORE_UNREACHABLE. */
export async function loadDump(scratch: Scratch, { dump, globals }: PostgresFacts): Promise<Postgres> {
  const slash = dump.lastIndexOf('/');
  const names = [globals.slice(globals.lastIndexOf('/') + 1), dump.slice(slash + 1)];
  const argv = ['bash', '-o', 'pipefail', '-c', LOAD, 'bash', dump.slice(0, slash), ...names];
  const { code, stderr } = await scratch.exec(argv, { timeout: minutes(30) });
  if (code === 0) return postgresOver('the loaded dump', scratch.exec, SOCKET);
  throw whyNotLoaded(dump, stderr.text);
}

export function whyNotLoaded(dump: string, said: string): OpsError {
  const details = said.trim().split('\n').slice(-15);
  const error = (code: 'DUMP_EMPTY' | 'DUMP_UNREADABLE' | 'KEY_WRONG' | Untold['code'], why: string) =>
    new OpsError(code, `cannot load ${dump}: ${why}`, { details });
  const untold = cannotTell(said);
  if (untold) return error(untold.code, untold.why);
  if (/unable to flush|cipher header|CryptoError/.test(said))
    return error('KEY_WRONG', 'it does not open with its key');
  if (/input file is too short|does not appear to be a valid archive \(too short/.test(said))
    return error('DUMP_EMPTY', 'it is empty');
  return error('DUMP_UNREADABLE', details.at(-1) ?? '');
}
