import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { lookAt, writeKubeconfig } from '../../lib/cluster/kubeconfig/file.ts';
import { readHeader, renderKubeconfig, sha256, wayOf } from '../../lib/cluster/kubeconfig/render.ts';
import { isOpsError } from '../../lib/errors/index.ts';

const K3S_YAML = `apiVersion: v1
clusters: [{ name: default, cluster: { server: "https://127.0.0.1:6443", certificate-authority-data: Q0E= } }]
users: [{ name: default, user: { client-certificate-data: Q0VSVA==, client-key-data: S0VZ } }]
contexts: [{ name: default, context: { cluster: default, user: default } }]
current-context: default
`;
const SERVER = 'https://127.0.0.1:16443';

const rendered = (k3sYaml: string, site: string, server: string) =>
  renderKubeconfig(wayOf(k3sYaml, server), site, sha256(k3sYaml));

function withDir(use: (dir: string) => Promise<void>) {
  return async () => {
    const dir = mkdtempSync(join(tmpdir(), 'muster-kubeconfig-'));
    try {
      await use(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  };
}

test('cluster, user and context are named by the site, the server is where it answers here', () => {
  const config = parse(rendered(K3S_YAML, 'lab', SERVER));
  assert.is(config['current-context'], 'lab');
  assert.equal(config.contexts, [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }]);
  assert.equal(config.clusters, [{ name: 'lab', cluster: { server: SERVER, 'certificate-authority-data': 'Q0E=' } }]);
  assert.equal(config.users[0].user, { 'client-certificate-data': 'Q0VSVA==', 'client-key-data': 'S0VZ' });
});

test('one changed letter is seen', () => {
  const text = rendered(K3S_YAML, 'lab', SERVER);
  assert.is(readHeader(text)?.intact, true);
  assert.is(readHeader(text.replace('S0VZ', 'S0Vz'))?.intact, false);
  assert.is(readHeader(K3S_YAML), undefined);
});

test('what is no kubeconfig is refused', () => {
  assert.throws(
    () => rendered('{}', 'lab', SERVER),
    (error: unknown) => isOpsError(error, 'KUBECONFIG_REFUSED'),
  );
});

test(
  'the file is 0600 whatever the umask, and replaces one of ours whatever its mode',
  withDir(async dir => {
    const path = join(dir, 'kubeconfigs', 'lab.yaml');
    const umask = process.umask(0);
    try {
      await writeKubeconfig(path, rendered(K3S_YAML, 'lab', SERVER));
      await writeKubeconfig(path, rendered(K3S_YAML, 'lab', 'https://127.0.0.1:2'));
    } finally {
      process.umask(umask);
    }
    assert.is(statSync(path).mode & 0o777, 0o600);
    const seen = await lookAt(path);
    assert.is(seen.is === 'ours' && seen.server, 'https://127.0.0.1:2');
  }),
);

test(
  'a file that another hand wrote is not replaced',
  withDir(async dir => {
    const path = join(dir, 'lab.yaml');
    writeFileSync(path, K3S_YAML);
    const text = rendered(K3S_YAML, 'lab', SERVER);
    const error = await writeKubeconfig(path, text).catch(caught => caught);
    assert.ok(isOpsError(error, 'KUBECONFIG_REFUSED'));
    assert.is(error.exit, 4);
    assert.is(readFileSync(path, 'utf8'), K3S_YAML);
  }),
);

test(
  'a link planted under the draft’s name is not followed',
  withDir(async dir => {
    const path = join(dir, 'lab.yaml');
    const elsewhere = join(dir, 'elsewhere');
    writeFileSync(elsewhere, 'theirs');
    symlinkSync(elsewhere, `${path}.${process.pid}.draft`);
    await writeKubeconfig(path, rendered(K3S_YAML, 'lab', SERVER));
    assert.is(readFileSync(elsewhere, 'utf8'), 'theirs');
    assert.is((await lookAt(path)).is, 'ours');
  }),
);

test.run();
