import type { ClusterApi, ExecResult } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { seconds } from '../../time/index.ts';
import type { Postgres } from '../source.ts';
import { CONTAINER, NAMESPACE, POD } from './names.ts';

/** Facts of a database with thousands of tables are a few MiB. */
const KEEP = 64 * 2 ** 20;

export type Exec = Postgres['exec'];

/** A PostgreSQL out of a way to run commands beside it. `socket`: another directory than the default one. */
export function postgresOver(name: string, exec: Exec, socket?: string): Postgres {
  const host = socket === undefined ? [] : ['-h', socket];
  return {
    name,
    exec,
    async psql(sql, { database = 'app', timeout = seconds(120) } = {}) {
      const argv = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', ...host, '-d', database];
      return textOf(name, 'psql', await exec(argv, { stdin: sql, timeout, keep: KEEP }));
    },
  };
}

/** The database of a site, in its pod; or another pod of the same image. */
export const podPostgres = (api: ClusterApi, site: string, pod = POD): Postgres =>
  postgresOver(`${pod} of ${site}`, (argv, options) =>
    api.exec({ namespace: NAMESPACE, name: pod, container: CONTAINER }, argv, options),
  );

/**
 * The last lines of its pod's log, '' while there are none. They say when a question is worth its exec, of which each
 * takes an emulated machine a second.
 */
export const logOf = (api: ClusterApi, pod = POD): Promise<string> =>
  api.raw(`/api/v1/namespaces/${NAMESPACE}/pods/${pod}/log?container=${CONTAINER}&tailLines=100`).catch(() => '');

/** stdout of a command that ended well, whole. Errors: COMMAND_FAILED with its last lines. */
export function textOf(where: string, what: string, { code, stdout, stderr }: ExecResult): string {
  if (code === 0 && stdout.dropped === 0) return stdout.text;
  const why = code === 0 ? `its output is ${stdout.dropped} bytes longer than what is kept` : `exit status ${code}`;
  throw new OpsError('COMMAND_FAILED', `cannot run ${what} on ${where}: ${why}`, {
    details: stderr.text.trim().split('\n').slice(-15),
  });
}
