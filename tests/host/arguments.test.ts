import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { plantedByFence } from '../../lib/host/fence.ts';
import { type Accelerator, qemuArguments } from '../../lib/host/qemu/arguments.ts';
import { machineFiles } from '../../lib/host/qemu/identity.ts';
import { seedFiles } from '../../lib/host/qemu/seed.ts';
import { identity } from './world.ts';

const argv = (accelerator: Accelerator, state = '/state', memory = 4 * 2 ** 30) =>
  qemuArguments({
    identity,
    files: machineFiles(state, identity.name),
    cpus: 2,
    memory,
    accelerator,
    commandLine: 'quiet',
    run: 'run-1',
  });
const after = (args: readonly string[], flag: string) => args[args.indexOf(flag) + 1] ?? '';

test('every way in is on 127.0.0.1', () => {
  const forwards = argv('tcg').flatMap(arg => arg.match(/hostfwd=[^,]*/g) ?? []);
  assert.equal(forwards, [
    'hostfwd=tcp:127.0.0.1:2222-:22',
    'hostfwd=tcp:127.0.0.1:6443-:6443',
    'hostfwd=tcp:127.0.0.1:8443-:30443',
  ]);
});

test('the disk never drops what the guest flushed, and the seed is read only', () => {
  const drives = argv('tcg').filter((_, at, all) => all[at - 1] === '-blockdev');
  assert.is(drives.length, 2);
  for (const drive of drives) assert.not.match(drive, /no-flush|unsafe/);
  assert.match(drives[1] ?? '', /driver=vvfat.*label=cidata,read-only=on/);
});

test('a comma in a path stays in the path', () => {
  const args = argv('tcg', '/a,readonly=on');
  assert.ok(args.some(arg => arg.endsWith('file.filename=/a,,readonly=on/machines/server-1/disk.qcow2')));
});

test('KVM is used only when it was chosen, and memory is in MiB', () => {
  assert.equal([after(argv('kvm'), '-accel'), after(argv('kvm'), '-cpu')], ['kvm', 'host']);
  assert.match(after(argv('tcg'), '-accel'), /^tcg/);
  assert.match(after(argv('tcg'), '-cpu') ?? '', process.arch === 'x64' ? /^max,.*-avx,-avx2/ : /^max$/);
  assert.is(after(argv('tcg'), '-m'), '4096');
});

test('only an emulated machine keeps time by its ticks and by a TSC that Linux would not trust', () => {
  const append = (accelerator: Accelerator) => argv(accelerator)[argv(accelerator).indexOf('-append') + 1] ?? '';
  assert.match(append('tcg'), / tsc=reliable highres=off nohz=off norandmaps$/);
  assert.not.match(append('kvm'), /tsc=|highres=|nohz=|norandmaps/);
});

test('a panic ends the machine, so that who waits for it sees it die', () =>
  assert.ok(argv('tcg').includes('-no-reboot')));

test('the process tells whose it is: UUID, site, checkout and run', () => {
  const args = argv('tcg');
  assert.is(after(args, '-uuid'), identity.uuid);
  for (const tag of ['site=test', 'owner=/checkout', 'run=run-1'])
    assert.ok(args.includes(`type=11,value=muster.${tag}`));
});

const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\nbytes: # [\n-----END OPENSSH PRIVATE KEY-----\n';
const seed = () => seedFiles({ identity, operatorKey: 'ssh-ed25519 OPERATOR', hostPrivateKey: KEY });

test('the seed plants the host key byte for byte and lets nobody in but the operator', () => {
  const text = seed()['user-data'] ?? '';
  assert.is(text.split('\n', 1)[0], '#cloud-config');
  const data = parse(text);
  assert.equal(data.ssh_keys, { ed25519_private: KEY, ed25519_public: identity.hostKey });
  assert.equal(data.users, [{ name: 'root', ssh_authorized_keys: ['ssh-ed25519 OPERATOR'] }]);
  assert.is(data.ssh_deletekeys, false);
});

test('a fence is planted, and raised in the boot that plants it, before anything of the seed can be reached', () => {
  const planted = plantedByFence({ name: 'lab-rehearsal', store: { address: '10.0.2.2', port: 7443 } });
  const files = seedFiles({ identity, operatorKey: 'ssh-ed25519 OPERATOR', hostPrivateKey: KEY, planted });
  const { write_files, bootcmd, cloud_init_modules } = parse(files['user-data'] ?? '');
  assert.equal(
    write_files.map(({ path, content }: { path: string; content: string }) => ({ path, text: content })),
    planted,
  );
  assert.equal(bootcmd, [['nft', '-f', '/etc/muster/fence.nft']]);
  assert.equal(cloud_init_modules.slice(0, 2), ['write-files', 'bootcmd']);
  assert.is(parse(seed()['user-data'] ?? '').bootcmd, undefined);
});

/** As cloud-init reads it: to YAML 1.1, colons between digits make one number, and `no` is false. */
const asCloudInit = (text = '') => parse(text, { version: '1.1' });

test('a name that YAML 1.1 would take for something else stays a name', () => {
  const files = seedFiles({ identity: { ...identity, name: 'no' }, operatorKey: 'KEY', hostPrivateKey: KEY });
  assert.is(asCloudInit(files['meta-data'])['local-hostname'], 'no');
});

test('a new machine is a new instance, planted in one go: dsmode is local', () =>
  assert.equal(parse(seed()['meta-data'] ?? ''), {
    'instance-id': identity.uuid,
    'local-hostname': 'server-1',
    dsmode: 'local',
  }));

test('the network is matched by the addresses that the command line gives the cards', () => {
  const { ethernets } = asCloudInit(seed()['network-config']);
  const cards = argv('tcg').flatMap(arg => /mac=([0-9a-f:]+)/.exec(arg)?.[1] ?? []);
  assert.equal([ethernets.eth0.match.macaddress, ethernets.eth1.match.macaddress], cards);
  assert.equal(ethernets.eth1.addresses, ['10.77.0.1/24']);
});

test.run();
