import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, match } from 'uvu/assert';
import { isolationFlaws, type Seen } from '../../lib/drill/checks/isolated.ts';
import type { Isolation } from '../../lib/drill/isolation/isolate.ts';
import { rootsOf } from '../../lib/drill/isolation/roots.ts';
import { unproven } from '../../lib/drill/not-proven.ts';
import { siteRebuild } from '../../lib/drill/scenarios/site-rebuild.ts';
import { check, sample } from './sample.ts';

const test = suite('what a rehearsal could lean on');
const commit = 'f'.repeat(40);
const dirs = { project: '/srv/checkout', state: '/srv/checkout/.muster/lab-rehearsal' };
const isolation: Extract<Isolation, { is: 'able' }> = {
  is: 'able',
  commit,
  uncommitted: [],
  roots: [
    { what: 'escrow', path: '/mnt/my escrow', access: 'read' },
    { what: 'state', path: dirs.state, access: 'write' },
  ],
};
const mount = (path: string, kind = 'ext4') => `1 2 8:1 / ${path} rw - ${kind} /dev/sda1 rw`;
const listed = [mount('/', 'tmpfs'), mount('/usr'), mount('/run/lock'), mount(homedir(), 'tmpfs'), mount(dirs.project)];
const seen: Seen = {
  mounts: [...listed, mount('/mnt/my\\040escrow'), mount(dirs.state)].join('\n'),
  sites: ['lab-rehearsal'],
  state: [],
  changes: '',
  head: commit,
};
const flaws = (more: Partial<Seen>) => isolationFlaws({ ...seen, ...more }, isolation, dirs);

test('a clone and the listed places: nothing else', () => equal(flaws({}), []));

const FLAWS: [string, Partial<Seen>, string][] = [
  ['a mount more', { mounts: `${seen.mounts}\n${mount('/srv/checkout/.muster/lab')}` }, '.muster/lab is mounted'],
  ['a root that is the computer itself', { mounts: seen.mounts.replace(mount('/', 'tmpfs'), mount('/')) }, 'the root'],
  ["the source's state", { sites: ['lab', 'lab-rehearsal'] }, '.muster/lab is there'],
  ['a state that was there before', { state: ['secrets'] }, 'not empty: secrets'],
  ['a clone with changes', { changes: ' M lib/a.ts\n' }, 'not clean: M lib/a.ts'],
  ['another commit', { head: 'e'.repeat(40) }, 'the clone is eeee'],
];

for (const [what, more, says] of FLAWS) test(`${what} is seen`, () => match(flaws(more).join('; '), says));

const isolated = (state: 'passed' | 'unrun') =>
  check({
    id: 'site.isolated',
    title: 'Nothing is at hand but what survives the loss',
    level: 'L0',
    required: false,
    state,
    ...(state === 'unrun' && { code: 'CHECK_UNRUN', got: 'no mount namespace' }),
  });

test('one that was not kept to the list says so among what is not proven', () => {
  const { notProven: _, ...facts } = sample();
  const words = unproven({ ...facts, checks: [isolated('unrun')] }, undefined).join('\n');
  match(words, 'Nothing is at hand but what survives the loss: it could not be looked at');
  match(siteRebuild.notTried([isolated('unrun')]).join(), 'this checkout, its packages');
});

test('one that was claims no more than that its packages and its cache were there', () =>
  equal(siteRebuild.notTried([isolated('passed')]), [
    'That the site comes back where its packages and its cache are lost too.',
  ]));

test('files that the inventory names are listed: what opens the escrow, and keys below the home', async () => {
  const home = process.env.HOME;
  process.env.HOME = await mkdtemp(join(tmpdir(), 'muster-home-'));
  try {
    const kept = (name: string) => join(process.env.HOME ?? '', name);
    for (const name of ['store.id', 'store.secret', 'drills.txt', 'bundle']) await writeFile(kept(name), name);
    const store = { kind: 's3', accessKey: 'file:~/store.id', secretKey: `file:${kept('store.secret')}` };
    const escrow = { recipients: ['age1'], places: ['/nowhere/1', '/nowhere/2'], identity: kept('drills.txt') };
    const site = {
      name: 'shop',
      path: '/srv/checkout/inventories/shop.yaml',
      environment: 'staging',
      provider: {},
      artifacts: { bundle: kept('bundle') },
    };
    const open = { site: { ...site, backup: { store, escrow } }, dirs: { ...dirs, cache: '/nowhere' } };
    const roots = await rootsOf(open as never, '/nowhere/state');
    equal(
      roots.map(({ path, access }) => `${path.replace(kept(''), '~')} ${access}`),
      ['~/drills.txt read', '~/store.id read', '~/store.secret read', '~/bundle read'],
    );
  } finally {
    await rm(process.env.HOME, { recursive: true });
    process.env.HOME = home;
  }
});

test.run();
