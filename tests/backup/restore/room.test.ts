import { execFileSync } from 'node:child_process';
import { suite } from 'uvu';
import { equal, is, match } from 'uvu/assert';
import { roomStep } from '../../../lib/backup/restore/index.ts';
import { type Coming, comingOf, type Disk, untoldOfRoom } from '../../../lib/backup/restore/room.ts';
import type { PartOf } from '../../../lib/backup/set.ts';
import { volumeSteps } from '../../../lib/drill/restore.ts';
import type { Ctx } from '../../../lib/engine/index.ts';
import { isOpsError } from '../../../lib/errors/index.ts';
import { Secret } from '../../../lib/secret/index.ts';
import { memoryEndpoint } from '../memory-store.ts';
import { siteOf } from '../set-world.ts';

const GB = 1e9;
const volume = (what: string, bytes?: number): Coming => ({ what, bytes });
const disk = (host: string, free?: number): Disk => ({ host, free });
const told = (coming: Coming[], disks: Disk[]): string => {
  try {
    return untoldOfRoom(coming, disks).join('; ') || 'fits';
  } catch (error) {
    return isOpsError(error, 'RESTORE_UNFIT') ? error.message : `${error}`;
  }
};

const [A, B] = [volume('app/a', 5 * GB), volume('app/b', 5 * GB)];

// What comes, which disks there are, and what is said of them.
const CASES: [string, Coming[], Disk[], RegExp][] = [
  [
    'each alone would fit on the one disk, both do not',
    [A, B],
    [disk('h1', 10 * GB)],
    /app\/a, app\/b on h1: it needs/,
  ],
  ['and do where there is room for both', [A, B], [disk('h1', 12 * GB)], /^fits$/],
  ['two disks hold what one does not', [A, B], [disk('h1', 6 * GB), disk('h2', 6 * GB)], /^fits$/],
  [
    'no volume lies on two disks',
    [volume('app/a', 9 * GB)],
    [disk('h1', 6 * GB), disk('h2', 6 * GB)],
    /app\/a: it needs/,
  ],
  [
    'a database counts beside them',
    [A, volume('the database', 6 * GB)],
    [disk('h1', 12 * GB)],
    /the database on h1: it/,
  ],
  [
    'a size that nobody knows is not none',
    [A, volume('the database')],
    [disk('h1', 12 * GB)],
    /^the size of the database$/,
  ],
  ['what is known may be too much already', [A, volume('the database')], [disk('h1', GB)], /app\/a: it needs/],
  ['a disk that nobody knows is not wide', [A], [disk('h1', 9 * GB), disk('h2')], /^the room on h2$/],
  ['a tenth more is wanted', [volume('app/a', 10 * GB)], [disk('h1', 10.9 * GB)], /app\/a: it needs 11068 MB/],
];

const room = suite('room for what comes back');
for (const [promise, coming, disks, says] of CASES) room(promise, () => match(told(coming, disks), says));

const LABEL = '20261121-152300F';
const SET = '20261121T152300Z-1f2e3d4c';
const file = (size?: number) => ({ path: 'x', kind: 'file', mode: '0644', uid: 0, gid: 0, ...(size && { size }) });
const velero = {
  source: 'velero',
  facts: {
    backup: 'b',
    namespaces: ['app', 'wiki'],
    objects: [],
    excluded: [],
    volumes: [
      { namespace: 'app', claim: 'avatars', files: [file(3 * GB), file(2 * GB), file()], moving: ['log'] },
      { namespace: 'wiki', claim: 'pages', files: [file(GB)], moving: [] },
    ],
  },
} as unknown as PartOf<'velero'>;
const postgres = {
  source: 'postgres',
  facts: { pgbackrest: { stanza: 'app-a', label: LABEL }, dump: `sets/${SET}/postgres.dump` },
} as unknown as PartOf<'postgres'>;

room('is reckoned by the files of each volume', () => {
  equal(comingOf(velero), [volume('app/avatars', 5 * GB), volume('wiki/pages', GB)]);
});

/** A site of one host with so much room, and a store with the index of the set. `begun`: this run restores already. */
async function see(free: string, { size = 2 * GB, begun = false, cipher = 'right' } = {}): Promise<string> {
  const store = memoryEndpoint().bucket('backups');
  const info = `[backup:current]\n${LABEL}=${JSON.stringify({ 'backup-info-size': size })}\n`;
  const env = { ...process.env, PASS: 'right' };
  const argv = ['enc', '-aes-256-cbc', '-md', 'sha1', '-salt', '-pass', 'env:PASS'];
  const sealed = execFileSync('openssl', argv, { input: info, env, stdio: ['pipe', 'pipe', 'ignore'] });
  await store.put(`sets/${SET}/pgbackrest/backup.info`, sealed);
  const asked: string[] = [];
  const ctx = {
    run: { id: 'RUN-0123456789' },
    cluster: async () => ({
      get: async () => (begun ? { metadata: {}, status: { phase: 'InProgress' } } : undefined),
      list: async () => [],
    }),
    store: async () => store,
    secrets: { list: async () => [], get: async () => new Secret(cipher) },
    shell: async (host: string) => ({
      async run(argv: string[]) {
        asked.push(`${host}: ${argv[0]}`);
        return ` Avail\n${free}\n`;
      },
    }),
  } as unknown as Ctx;
  const site = { ...siteOf(), hosts: [{ name: 'server-1' }] } as unknown as ReturnType<typeof siteOf>;
  const step = roomStep({ velero, postgres }, site);
  try {
    const decision = step.decide(step.want, await step.observe(ctx));
    return `${decision.is}: ${'reason' in decision ? decision.reason : ''} (${asked})`;
  } catch (error) {
    return isOpsError(error) ? `${error.code}: ${error.message}` : `${error}`;
  }
}

room('is looked for on the hosts, the database beside the volumes', async () => {
  is(await see(`${9 * GB}`), 'done: it fits (server-1: df)');
  match(await see(`${8 * GB}`), /^RESTORE_UNFIT: .*app\/avatars, wiki\/pages, the database on server-1/);
  match(await see(`${8 * GB}`, { size: GB }), /^done/);
});

room('that cannot be told is not enough', async () => {
  match(await see('-'), /^unknown: nobody could tell the room on server-1/);
  match(await see(`${99 * GB}`, { cipher: 'another' }), /^unknown: nobody could tell the size of the database/);
});

room('is not looked for again while what fitted comes', async () => {
  match(await see('0', { begun: true }), /^done: it was looked at before .*\(\)$/);
});

room('is looked for before a drill brings volumes back, on hosts of ours', () => {
  const set = { sources: [velero] } as unknown as Parameters<typeof volumeSteps>[1];
  const hosts = [{ name: 'server-1' }] as unknown as ReturnType<typeof siteOf>['hosts'];
  const of = (steps: ReturnType<typeof volumeSteps>) =>
    steps.map(({ id, needs = [] }) => [id, ...needs.map(n => n.step)]);
  equal(of(volumeSteps({ ...siteOf(), hosts }, set, ['app'])), [
    ['restore.fit-volumes'],
    ['velero.restore', 'restore.fit-volumes'],
  ]);
  equal(of(volumeSteps({ ...siteOf(), hosts: [] }, set)), [['velero.restore']]);
});

room.run();
