import { execFileSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { renderConfig, renderUnit, stampOf } from '../../lib/cluster/k3s/files.ts';
import { nodeFacts } from '../../lib/cluster/k3s/nodes.ts';
import { archiveFile, binary, config, kernel, leftovers, packages, service } from '../../lib/cluster/k3s/observe.ts';
import { golden } from './golden.ts';

test('config.yaml is what k3s documents, with the token in a file of its own', () => {
  golden(
    'cluster/config.golden.yaml',
    renderConfig({ node: 'server-1', tlsSan: ['127.0.0.1'], pauseImage: 'muster.lab/pause:1' }),
  );
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
