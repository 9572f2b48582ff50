import { minutes } from '../../time/index.ts';
import type { PostgresFacts } from '../set.ts';
import { type RestoreTarget, restoreArguments, whyEnded } from './paused.ts';
import { PGDATA } from './repository.ts';
import type { Exec } from './server.ts';

/** $1 stanza, $2 label, then how. What a server said that ended is what went wrong. */
const OPEN = `
set -eu
stanza=$1 label=$2
shift 2
pgbackrest --stanza="$stanza" --set="$label" restore "$@"
set-up-postgres ${PGDATA}
gone() { cat /tmp/server.log >&2; exit 1; }
pg_ctl -D ${PGDATA} -l /tmp/server.log -w -t 600 start > /dev/null || gone
until [ "$(psql -XqAt -d postgres -c 'SELECT pg_is_in_recovery()' 2>/dev/null)" = f ]; do
  pg_ctl -D ${PGDATA} status > /dev/null || gone
  sleep 0.1
done
`;

/**
 * A set's base backup beside a scratch container's first process, replayed to its target, and open.
 * Errors: KEY_WRONG, WAL_GAP, STORE_UNREACHABLE, RESTORE_FAILED.
 */
export async function openAtTarget(
  exec: Exec,
  facts: PostgresFacts,
  target: Omit<RestoreTarget, 'action'>,
): Promise<void> {
  const { stanza, label } = facts.pgbackrest;
  const how = restoreArguments(facts, { ...target, action: 'promote' });
  const { code, stderr } = await exec(['sh', '-c', OPEN, 'sh', stanza, label, ...how], { timeout: minutes(30) });
  if (code !== 0) throw whyEnded(stderr.text);
}
