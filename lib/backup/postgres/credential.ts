import type { Change, Credential, Ctx, Decision, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { freshOf, generateFresh, oldOf, type SecretStore } from '../../secret/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { infoCommand, parseInfo } from './info.ts';
import { clusterOf } from './names.ts';
import { archiveKeys } from './point.ts';
import { CIPHER, knownKeys, PGDATA, retireCipher, retiredKeys, STANZA, stanzaOf } from './repository.ts';
import { textOf } from './server.ts';
import { archiveSegment, createStanza } from './stanza.ts';
import { open } from './take.ts';
import { archivedSegments } from './wal.ts';

/**
 * pgBackRest protects what it has written with its cipher, for good: a new cipher is a new archive. WAL goes into both
 * until a set was taken from the new one, so that at no moment the newest row is in neither.
 */
export const archiveCredential = (site: Site): Credential => ({
  id: 'archive',
  title: "The cipher of the database's archive, which is begun anew",
  secrets: [CIPHER, STANZA],
  async make({ secrets }) {
    await generateFresh(secrets, CIPHER, { length: 32 });
    await generateFresh(secrets, STANZA, { length: 16 });
  },
  before: [keepStep(site)],
  follows: ['postgres.access'],
  after: [archiveStep(site, 'both')],
  last: [archiveStep(site, 'new')],
});

/** archive.keep: what opens the old archive stays at hand, and what nothing is left to need goes. */
const keepStep = (site: Site): Step<object, { kept: boolean }> => ({
  id: 'archive.keep',
  title: 'Keep the cipher of the archive that ends',
  target: clusterOf(site),
  want: {},
  deadline: minutes(1),
  async observe({ secrets }) {
    // Promoted already: then the old one was kept before.
    if (!(await freshOf(secrets, CIPHER))) return { kept: true };
    const [now, kept] = [await knownKeys(secrets), await retiredKeys(secrets)];
    return { kept: !now || kept.some(({ stanza }) => stanza === now.stanza) };
  },
  decide: (_, { kept }): Decision =>
    kept
      ? { is: 'done', reason: 'kept' }
      : {
          is: 'changes',
          changes: [{ action: 'create', what: 'cipher of the old archive, kept', grade: 'known', secret: true }],
        },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const now = await knownKeys(ctx.secrets);
      if (now) await retireCipher(ctx.secrets, now);
    }),
});

export interface ArchiveFacts {
  /** The running server's. */
  command: string;
  stanza: 'there' | 'absent';
  /** A segment of the server's timeline lies in the new archive. */
  archived: boolean;
}

const CREATE = 'stanza of the new archive';
const COMMAND = 'archive command';
const SEGMENT = 'WAL segment in the new archive';

export const archiveCommand = (stanzas: readonly string[]): string =>
  stanzas.map(stanza => `pgbackrest --stanza=${stanza} archive-push %p`).join(' && ');

/** archive.both, archive.new: WAL goes into the new archive, and into the old one for as long as it is the one with a backup. */
function archiveStep(site: Site, into: 'both' | 'new'): Step<object, ArchiveFacts & { want: string }> {
  return {
    id: `archive.${into}`,
    title: into === 'both' ? 'Archive WAL into the new archive too' : 'Archive WAL into the old archive no more',
    target: clusterOf(site),
    want: { into },
    deadline: minutes(5),
    observe: ctx => observe(site, into, ctx),
    decide: (_, { want, ...facts }) => decideArchive(want, facts),
    apply: (change, ctx) =>
      ctx.effect(change, async () => {
        if (change.what === CREATE) return createStanza(site, ctx);
        if (change.what === COMMAND) return setCommand(site, await wanted(into, ctx.secrets), ctx);
        return archiveSegment(site, ctx);
      }),
  };
}

/** A pod that was restarted meanwhile archives into the new one alone: that is where it is to end. */
export function decideArchive(want: string, { command, stanza, archived }: ArchiveFacts): Decision {
  const changes: Change[] = [];
  if (stanza === 'absent') changes.push({ action: 'create', what: CREATE, grade: 'known' });
  if (command !== want && !want.endsWith(`&& ${command}`))
    changes.push({ action: 'update', what: COMMAND, from: command, to: want, grade: 'known' });
  if (!archived) changes.push({ action: 'run', what: SEGMENT, grade: 'known' });
  if (changes.length > 0) return { is: 'changes', changes };
  return { is: 'done', reason: `archives by: ${command}` };
}

async function wanted(into: 'both' | 'new', secrets: SecretStore): Promise<string> {
  const [old, now] = [await oldOf(secrets, STANZA), await knownKeys(secrets)];
  if (!now) throw new OpsError('SECRET_MISSING', 'cannot archive: the key of the archive is not kept here');
  return archiveCommand([...(into === 'both' && old ? [stanzaOf(old)] : []), now.stanza]);
}

async function observe(site: Site, into: 'both' | 'new', ctx: Ctx): Promise<ArchiveFacts & { want: string }> {
  const [{ postgres, stanza }, store] = await Promise.all([open(site, ctx), ctx.store(site.name)]);
  const said = await postgres.psql('SHOW archive_command; SELECT pg_walfile_name(pg_current_wal_lsn());', {
    database: 'postgres',
  });
  const [command = '', current = ''] = said.trim().split('\n');
  const argv = infoCommand(stanza);
  const { is } = parseInfo(
    textOf(postgres.name, 'pgbackrest info', await postgres.exec(argv, { timeout: seconds(60) })),
  );
  const there = [...archivedSegments(await archiveKeys(store, { stanza })).keys()];
  return {
    command,
    stanza: is === 'absent' ? 'absent' : 'there',
    archived: there.some(segment => segment.slice(0, 8) === current.slice(0, 8)),
    want: await wanted(into, ctx.secrets),
  };
}

/** Where images/postgres/set-up-postgres writes it at each start. */
const SET = `set -eu
file=${PGDATA}/conf.d/20-archive.conf
sed "s#^archive_command = .*#archive_command = '$1'#" "$file" > "$file.new"
mv "$file.new" "$file"
psql -XqAt -d postgres -c 'SELECT pg_reload_conf()' > /dev/null`;

async function setCommand(site: Site, command: string, ctx: Ctx): Promise<void> {
  const { postgres } = await open(site, ctx);
  // In sed's replacement & stands for what was found.
  const text = command.replaceAll('&', '\\&');
  textOf(postgres.name, 'sh', await postgres.exec(['sh', '-c', SET, 'sh', text], { timeout: seconds(60) }));
  await ctx.wait({
    what: 'PostgreSQL to archive anew',
    deadline: minutes(1),
    every: seconds(0.2),
    hint: `./muster kubectl --site ${site.name} -n app logs postgres-0`,
    probe: async () => {
      const now = (await postgres.psql('SHOW archive_command', { database: 'postgres' })).trim();
      return now === command ? { value: true } : { saw: now };
    },
  });
}
