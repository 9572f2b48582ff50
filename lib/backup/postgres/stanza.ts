import type { Ctx, Decision, Need, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { archivedSince, POD_REF, startedAt } from './archiving.ts';
import { infoCommand, parseInfo } from './info.ts';
import { clusterOf } from './names.ts';
import { archiveKeys } from './point.ts';
import { repositoryKeys } from './repository.ts';
import { textOf } from './server.ts';
import { open } from './take.ts';
import { archivedSegments } from './wal.ts';

export interface StanzaFacts {
  /** Whether the running server archives: it reads this when it starts. */
  archiving: boolean;
  stanza: 'there' | 'absent';
  /** A segment of the timeline that the server is on lies in the archive. */
  archived: boolean;
}

/** postgres.stanza: the repository has the database's stanza, and a WAL segment of it was seen there. */
export const stanzaStep = (site: Site, needs: readonly Need[]): Step<object, StanzaFacts | undefined> => ({
  id: 'postgres.stanza',
  title: 'Begin the archive of the database, and see WAL in it',
  target: clusterOf(site),
  want: {},
  needs,
  deadline: minutes(5),
  async observe(ctx) {
    return this.want === undefined ? undefined : observe(site, ctx);
  },
  decide: decideStanza,
  apply: (change, ctx) =>
    ctx.effect(change, () => (change.what === STANZA ? createStanza(site, ctx) : archiveSegment(site, ctx))),
});

const STANZA = 'stanza of the database';
const SEGMENT = 'WAL segment in the archive';

export function decideStanza(want: object | undefined, facts: StanzaFacts | undefined): Decision {
  if (!want || !facts) return { is: 'done', reason: 'the archive outlives its site' };
  if (!facts.archiving)
    return { is: 'unknown', reason: 'PostgreSQL runs without its archive: kubectl delete pod -n app postgres-0' };
  if (facts.stanza === 'there' && facts.archived) return { is: 'done', reason: 'WAL was seen in the archive' };
  const segment = { action: 'run', what: SEGMENT, grade: 'known' } as const;
  const changes =
    facts.stanza === 'there' ? [segment] : [{ action: 'create', what: STANZA, grade: 'known' } as const, segment];
  return { is: 'changes', changes };
}

/** One exec: under emulation each costs a second, and pgBackRest another. */
const QUESTIONS = `psql -XqAt -d postgres -c 'SHOW archive_mode' -c 'SELECT pg_walfile_name(pg_current_wal_lsn())' && "$@"`;

async function observe(site: Site, ctx: Ctx): Promise<StanzaFacts> {
  const opened = await open(site, ctx);
  return (await archivesNow(opened, site, ctx)) ? ARCHIVES : askServer(opened);
}

const ARCHIVES: StanzaFacts = { archiving: true, stanza: 'there', archived: true };

/** From outside: no exec is paid for a site that is well. */
async function archivesNow({ api, stanza }: Opened, site: Site, ctx: Ctx): Promise<boolean> {
  const listed = async () => (await ctx.store(site.name)).list(repositoryKeys(stanza).archive);
  const [pod, objects] = await Promise.all([api.get(POD_REF), listed()]);
  return archivedSince(pod && startedAt(pod), objects);
}

type Opened = Awaited<ReturnType<typeof open>>;

async function askServer({ postgres, stanza }: Opened): Promise<StanzaFacts> {
  const argv = ['sh', '-c', QUESTIONS, 'sh', ...infoCommand(stanza)];
  const said = textOf(postgres.name, 'psql and pgbackrest info', await postgres.exec(argv, { timeout: seconds(60) }));
  const [archiving, current = '', ...info] = said.split('\n');
  const { is, newest = '' } = parseInfo(info.join('\n'));
  const archived = newest.slice(0, 8) === current.slice(0, 8);
  return { archiving: archiving === 'on', stanza: is === 'absent' ? 'absent' : 'there', archived };
}

/** Errors: COMMAND_FAILED. */
export async function createStanza(site: Site, ctx: Ctx): Promise<void> {
  const { postgres, stanza } = await open(site, ctx);
  const argv = ['pgbackrest', `--stanza=${stanza}`, 'stanza-create'];
  textOf(postgres.name, 'pgbackrest stanza-create', await postgres.exec(argv, { timeout: minutes(2) }));
}

/** `pgbackrest check` would say so; the bucket is looked into instead. */
export async function archiveSegment(site: Site, ctx: Ctx): Promise<void> {
  const [{ postgres, stanza }, store] = await Promise.all([open(site, ctx), ctx.store(site.name)]);
  // Something must be in it: an empty segment is not switched.
  const sql =
    "SELECT pg_logical_emit_message(false, 'muster', 'archive?') \\g /dev/null\nSELECT pg_walfile_name(pg_switch_wal());";
  const segment = (await postgres.psql(sql, { database: 'postgres' })).trim();
  await ctx.wait({
    what: `WAL segment ${segment} in the archive`,
    deadline: minutes(2),
    every: seconds(1),
    hint: 'kubectl logs -n app postgres-0: what does the archive command say?',
    probe: async () => {
      const there = archivedSegments(await archiveKeys(store, { stanza }));
      return there.has(segment) ? { value: true } : { saw: `${there.size} segments, this one not` };
    },
  });
}
