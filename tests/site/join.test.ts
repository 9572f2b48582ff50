import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as join_ } from 'node:path';
import { suite } from 'uvu';
import { equal, is, ok, throws } from 'uvu/assert';
import { keepGenerationHere, tellInUse } from '../../lib/backup/escrow/in-use.ts';
import { tellBehind } from '../../lib/cli/verbs/plan.ts';
import { unshared } from '../../lib/cli/verbs/rotate.ts';
import { nextOf } from '../../lib/cli/verbs/status.ts';
import type { DrillWant } from '../../lib/drill/drill-site.ts';
import { rehearseSite } from '../../lib/drill/rehearse.ts';
import { OpsError } from '../../lib/errors/index.ts';
import type { Provider } from '../../lib/host/provider.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { joinSteps, machinesSeen, type OpenSite, storeSeen } from '../../lib/site/index.ts';
import { copiesSeen } from '../../lib/site/join-checks.ts';
import { refuseStale } from '../../lib/site/stale.ts';
import { memoryEndpoint } from '../backup/memory-store.ts';

const join = suite('what a computer that joins has seen');

const wrong = (name: string, code: ConstructorParameters<typeof OpsError>[0]) => ({
  name,
  wrong: new OpsError(code, `cannot reach ${name}`),
});

join('a machine that refuses us is wrong, whatever others say; one that is silent is unknown', () => {
  equal(machinesSeen([{ name: 'a' }, { name: 'b' }]), { state: 'passed', got: 'a, b' });
  for (const code of ['SSH_AUTH_REFUSED', 'HOST_KEY_CHANGED'] as const) {
    const seen = machinesSeen([{ name: 'a' }, wrong('b', 'SHELL_UNREACHABLE'), wrong('c', code)]);
    equal([seen.state, seen.code, seen.details?.length], ['failed', code, 2]);
  }
  throws(() => machinesSeen([{ name: 'a' }, wrong('b', 'SHELL_UNREACHABLE')]), /cannot reach b/);
  is(machinesSeen([]).state, 'passed');
});

join('keys that the store refuses are wrong, and those that are not here tell nothing', () => {
  equal(storeSeen([{ name: 'site' }, { name: 'reader' }]), { state: 'passed', got: 'site, reader' });
  const refused = storeSeen([wrong('site', 'SECRET_MISSING'), wrong('reader', 'STORE_REFUSED')]);
  equal([refused.state, refused.code], ['failed', 'STORE_REFUSED']);
  throws(() => storeSeen([{ name: 'site' }, wrong('reader', 'SECRET_MISSING')]), /cannot reach reader/);
});

join('of the two places of the escrow both must be the ones that the others write to, or it is not known', () => {
  const copies = (...all: ('whole' | 'absent' | 'differs')[]) =>
    copiesSeen(
      3,
      all.map((is, n) => ({ place: `/mnt/${n}`, is })),
    );
  is(copies('whole', 'whole').state, 'passed');
  const other = copies('whole', 'differs');
  equal(
    [other.state, other.code, other.got],
    ['failed', 'ESCROW_ABSENT', 'generation 3 in /mnt/0: whole, /mnt/1: differs'],
  );
  throws(() => copies('whole', 'absent'), /cannot tell .* \/mnt\/1: absent/);
});

join('a site that one computer alone can run is refused, and one without an escrow', () => {
  const steps = (kind: string, backup: boolean) => () =>
    joinSteps(
      {
        site: {
          name: 'x',
          environment: 'lab',
          ...(backup && { backup: { store: { kind: 's3' } } }),
        } as unknown as Site,
        provider: { kind } as Provider,
        dirs: { project: '/p', state: '/p/s', cache: '/c' },
      },
      false,
    );
  throws(steps('qemu', true), /its machines are processes of the computer that made them/);
  throws(steps('container', true), /processes/);
  throws(steps('ec2', false), /without a section backup it has no escrow/);
  equal(
    steps('ec2', true)().map(({ id }) => id),
    ['escrow.join'],
  );
});

join('where no store tells another computer that it is behind, rotate says what to bring it', () => {
  const said = (kind: string, site: object) =>
    unshared({ site: { name: 'x', ...site } as Site, provider: { kind } as Provider }).length;
  equal([said('ec2', {}), said('existing', {}), said('ec2', { backup: {} }), said('qemu', {})], [1, 1, 0, 0]);
});

join('a computer that is behind is told to join, unless nothing is there', () => {
  const stale = { schema: 1, site: 'x', generation: 2, at: '', by: '', here: 1 } as const;
  equal(
    (['unknown', 'drift', 'absent'] as const).map(health => nextOf({ site: 'x', health, stale, sets: true })),
    ['join', 'join', 'rebuild --confirm=x'],
  );
});

join('a computer that is behind does nothing but what brings secrets, or carries none to the site', async () => {
  const state = mkdtempSync(join_(tmpdir(), 'muster-behind-'));
  const store = memoryEndpoint().bucket('x');
  const open = {
    site: {
      ...{ name: 'x', environment: 'staging', backup: { store: { kind: 's3' } } },
      ...{ provider: { kind: 'existing' }, cluster: { kind: 'k3s' } },
    },
    dirs: { project: state, state, cache: state },
    ports: { store: async () => store, clock: { now: () => 0 } },
  } as unknown as OpenSite;
  const refused = async (verb: string) =>
    refuseStale(open, verb).then(
      () => 'no',
      error => error.code,
    );
  const verbs = ['bootstrap', 'start', 'backup', 'restore set', 'drill', 'rotate'];
  const free = ['join', 'rebuild', 'destroy', 'reap', 'stop'];
  for (const verb of [...verbs, ...free]) is(await refused(verb), 'no', verb);
  await tellInUse(store, { site: 'x', generation: 2, at: new Date(0).toISOString(), by: 'ann@desk' });
  await keepGenerationHere(state, 1);
  for (const verb of verbs) is(await refused(verb), 'SECRETS_STALE', verb);
  for (const verb of free) is(await refused(verb), 'no', verb);
  const rehearsed = { ...open, rehearsal: {} } as OpenSite;
  is(await refuseStale(rehearsed, 'drill'), undefined);
  const told: string[] = [];
  await tellBehind(open, { status: text => void told.push(text) });
  equal(told.length, 1);
  ok(/^secrets {2}ann@desk made generation 2 .*here is generation 1: \.\/muster join --site x/.test(told[0] ?? ''));
  const rehearse = (from: object) =>
    rehearseSite(open, { scenario: from } as unknown as DrillWant).catch(error => error.code);
  is(await rehearse({}), 'SECRETS_STALE');
  is(await rehearse({ from: 'replica' }), 'REPLICA_ABSENT');
  await keepGenerationHere(state, 2);
  is(await refused('bootstrap'), 'no');
  await tellBehind(open, { status: text => void told.push(text) });
  equal(told.length, 1);
  rmSync(state, { recursive: true });
});

join.run();
