import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, match, not, ok } from 'uvu/assert';
import { diskCheck, memoryCheck } from '../../lib/cli/doctor/capacity.ts';
import { type Check, exitOf, type Finding, runChecks, unfit } from '../../lib/cli/doctor/check.ts';
import { type Accelerator, acceleratorCheck, portCheck } from '../../lib/cli/doctor/machines.ts';
import { missingPackages, packageCheck, packagesFor, reasonsOf } from '../../lib/cli/doctor/packages.ts';

const GIB = 2 ** 30;
const never = new AbortController().signal;
const check = (look: Check['look']): Check => ({ name: 'x', why: 'a test', look });
const finds = (is: Finding['is']) => check(async () => ({ is, saw: 'seen' }));

const doctor = suite<{ bin: string }>('doctor', { bin: '' });
doctor.before(context => {
  context.bin = mkdtempSync(join(tmpdir(), 'muster-doctor-'));
});
doctor.after(({ bin }) => rmSync(bin, { recursive: true }));

doctor('what cannot be seen is unknown, never ok', async () => {
  const [seen] = await runChecks([check(() => Promise.reject(new Error('no /proc here\nat x')))], never);
  equal([seen?.is, seen?.saw], ['unknown', 'no /proc here']);
  equal(exitOf(seen ? [seen] : []), 2);
});

for (const [states, status] of [
  [['ok', 'ok'], 0],
  [['ok', 'unknown'], 2],
  [['unknown', 'failed'], 1],
] as const) {
  doctor(`ends with ${status} when its checks are ${states.join(' and ')}`, async () => {
    equal(exitOf(await runChecks(states.map(finds), never)), status);
  });
}

doctor('finds a program that is there, and names the package of one that is not', async ({ bin }) => {
  for (const { program } of packagesFor(['qemu'])) {
    writeFileSync(join(bin, program), '');
    chmodSync(join(bin, program), 0o755);
  }
  equal(await missingPackages(packagesFor(['qemu']), bin), []);
  const imaginary = [{ package: 'no-such-package', program: 'no-such-program', why: 'a test' }];
  const { is, saw, hint } = await packageCheck(imaginary, bin).look(never);
  equal([is, saw], ['failed', 'missing: no-such-package']);
  match(hint ?? '', /apt-get install no-such-package/);
});

doctor('a file that may not be executed is no program', async ({ bin }) => {
  writeFileSync(join(bin, 'plain-file'), '');
  mkdirSync(join(bin, 'empty'));
  const wanted = [{ package: 'p', program: 'plain-file', why: '' }];
  equal(await missingPackages(wanted, bin), wanted);
});

doctor('asks for each package once, and for none that the site does not use', () => {
  const names = packagesFor(['qemu', 'module', 'tests']).map(item => item.package);
  equal(names.length, new Set(names).size);
  ok(names.includes('mmdebstrap'));
  const brought = { provider: { kind: 'existing' as const }, artifacts: { sources: ['release' as const] } };
  equal(packagesFor(reasonsOf(brought)), []);
  equal(reasonsOf({ provider: { kind: 'qemu', accelerator: 'auto' }, artifacts: { sources: ['module'] } }), [
    'qemu',
    'module',
  ]);
});

doctor('adds up what is to lie on one file system', async () => {
  const needs = [
    { path: '/a', bytes: 6 * GIB, why: 'disks' },
    { path: '/b', bytes: 6 * GIB, why: 'caches' },
  ];
  const one = await diskCheck(needs, async () => ({ free: 10 * GIB, device: 'same' })).look(never);
  equal([one.is, one.hint], ['failed', 'free 2.0 GiB there']);
  const two = await diskCheck(needs, async path => ({ free: 10 * GIB, device: path })).look(never);
  equal(two.is, 'ok');
});

doctor('compares memory with what the kernel can give', async () => {
  const look = async () => 3 * GIB;
  equal((await memoryCheck(4 * GIB, 'server-1', look).look(never)).saw, '3.0 GiB available, expected 4.0 GiB');
  equal((await memoryCheck(3 * GIB, 'server-1', look).look(never)).is, 'ok');
});

for (const [wanted, probed, opens, is] of [
  ['auto', true, true, 'ok'],
  ['auto', false, true, 'ok'],
  ['auto', undefined, true, 'ok'],
  ['kvm', true, true, 'ok'],
  ['kvm', false, true, 'failed'],
  ['kvm', undefined, true, 'unknown'],
  ['kvm', undefined, false, 'failed'],
  ['tcg', undefined, false, 'ok'],
] as const satisfies readonly (readonly [Accelerator, boolean | undefined, boolean, string])[]) {
  const device = opens ? 'opens' : 'does not open';
  doctor(`wants ${wanted}, a boot says ${probed ?? 'nothing yet'}, the device ${device}: ${is}`, async () => {
    const check = acceleratorCheck(
      wanted,
      async () => probed,
      async () => opens,
    );
    const found = await check.look(never);
    equal(found.is, is);
    // An open device is never taken for a working one.
    if (probed === undefined && wanted !== 'tcg') not.match(found.saw, /kernel boots on \/dev\/kvm$/);
  });
}

doctor('names who has a port that the inventory asks for', async () => {
  const taken = portCheck(
    { ssh: 2222, web: 8443 },
    async port => port !== 8443,
    async () => 'nginx (pid 7)',
  );
  const { is, saw, hint } = await taken.look(never);
  equal([is, saw], ['failed', '8443 (web) is taken by nginx (pid 7)']);
  match(hint ?? '', /provider\.ports\.web/);
  equal(
    (
      await portCheck(
        { ssh: 2222 },
        async () => true,
        async () => undefined,
      ).look(never)
    ).is,
    'ok',
  );
});

doctor('stops a run for what failed, all of it at once, and not for what is unknown', () => {
  const found = (name: string, is: Finding['is']) => ({
    name,
    is,
    saw: `saw ${name}`,
    why: `why ${name}`,
    hint: `fix ${name}`,
  });
  equal(unfit('lab', [found('kvm', 'unknown'), found('go', 'ok')]), undefined);
  const error = unfit('lab', [found('disk', 'failed'), found('kvm', 'unknown'), found('memory', 'failed')]);
  equal(error?.message, 'cannot build lab on this computer: it lacks disk, memory');
  equal(error?.details, ['disk: saw disk (why disk)', 'memory: saw memory (why memory)']);
  equal([error?.exit, unfit('lab', [found('go', 'failed')])?.hint], [4, 'fix go']);
});

doctor.run();
