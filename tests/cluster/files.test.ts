import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { wantedTexts } from '../../lib/cluster/k3s/configure.ts';
import { renderConfig, renderUnit, stampOf } from '../../lib/cluster/k3s/files.ts';
import type { Server } from '../../lib/cluster/k3s/host.ts';
import { nodeFacts } from '../../lib/cluster/k3s/nodes.ts';
import { archiveFile, binary, config, kernel, leftovers, packages, service } from '../../lib/cluster/k3s/observe.ts';
import type { Ctx } from '../../lib/engine/index.ts';
import { golden } from './golden.ts';

test('config.yaml is what k3s documents, with the token in a file of its own', () => {
  golden(
    'cluster/config.golden.yaml',
    renderConfig({ node: 'server-1', tlsSan: ['127.0.0.1'], pauseImage: 'muster.lab/pause:1' }),
  );
});

test('an add-on that the inventory does not want is not brought by a released k3s', async () => {
  const of = async (version: string) => {
    const site = { cluster: { version }, addons: { coredns: true, 'local-path': false, 'metrics-server': false } };
    const provider = { endpoint: async () => ({ address: '10.0.0.1', port: 1 }), nodeAddress: () => '10.1.0.1' };
    const artifacts = { binary: { find: async () => ({ needed: false }) }, pause: async () => undefined };
    const server = { site, provider, artifacts, name: 'server-1', needs: [] } as unknown as Server;
    return parse((await wantedTexts(server, {} as Ctx)).config);
  };
  const released = await of('v1.36.4+k3s1');
  assert.equal(released.disable, ['servicelb', 'traefik', 'local-storage', 'metrics-server']);
  assert.equal([released['node-ip'], released['tls-san']], ['10.1.0.1', ['10.0.0.1']]);
  assert.equal((await of('v1.36.3+k3s-lab')).disable, ['servicelb', 'traefik']);
});

test('the unit keeps containers alive over a restart and names the files it was made with', () => {
  golden('cluster/k3s.golden.service', renderUnit('0123456789abcdef'));
});

test('the stamp changes with the binary and with the configuration', () => {
  const stamps = [stampOf('a', 'x'), stampOf('b', 'x'), stampOf('a', 'y')];
  assert.is(new Set(stamps).size, 3);
  assert.is(stampOf('a', 'x'), stamps[0]);
});

test('every question to a host is sh that a POSIX shell reads', () => {
  for (const probe of [
    packages(['runc']),
    kernel,
    binary,
    archiveFile('k3s.images', '/x.tar'),
    config,
    service,
    leftovers,
  ])
    execFileSync('dash', ['-n'], { input: probe.script });
});

test('a digest counts only for the very size and time it was noted for', () => {
  const digest = 'a'.repeat(64);
  assert.equal(binary.parse(`file 10 20\nstamp ${digest} 10 20\n`, 0), { file: '10 20', sha256: digest });
  assert.equal(binary.parse(`file 10 21\nstamp ${digest} 10 20\n`, 0), { file: '10 21' });
  assert.equal(binary.parse(`stamp ${digest} 10 20\n`, 0), {});
});

test('a service is read as systemd shows it, with the stamp of the running process', () => {
  const shown = 'ActiveState=active\nSubState=running\nUnitFileState=enabled\nNRestarts=2\nMainPID=7\nMUSTER_K3S=s1\n';
  const facts = { active: 'active', sub: 'running', enabled: true, restarts: 2, stamp: 's1' };
  assert.equal(service.parse(shown, 0), facts);
  assert.throws(() => service.parse('', 0), /systemctl show k3s said/);
});

test('packages count as installed only when dpkg says installed', () => {
  const probe = packages(['runc', 'conntrack']);
  assert.equal(probe.parse('runc installed\nconntrack config-files\n', 0), { dpkg: true, installed: ['runc'] });
  assert.equal(probe.parse('', 3), { dpkg: false, installed: [] });
});

test('a node that is being deleted, or says nothing, is not ready', () => {
  const ready = {
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
    nodeInfo: { kubeletVersion: 'v1' },
  };
  const node = (metadata: object, status: object) =>
    nodeFacts({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', ...metadata }, status });
  assert.is(node({}, ready).ready, true);
  assert.is(node({ deletionTimestamp: '2026-01-01T00:00:00Z' }, ready).ready, false);
  assert.is(node({}, {}).ready, false);
  assert.is(node({}, {}).why, 'no word from its kubelet yet');
});

test.run();
