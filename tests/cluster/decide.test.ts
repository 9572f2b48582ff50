import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as k3s from '../../lib/cluster/k3s/decide.ts';
import { MODULES_TEXT, SYSCTL_TEXT, sha256 } from '../../lib/cluster/k3s/files.ts';
import { decideReady } from '../../lib/cluster/k3s/ready.ts';
import { decideKubeconfig } from '../../lib/cluster/kubeconfig/steps.ts';
import type { Decision } from '../../lib/engine/index.ts';

// A case is data: what is wanted, what was seen, what must be decided. A new file needs no code.
const dir = join(import.meta.dirname, '../cases/cluster');

// biome-ignore lint/suspicious/noExplicitAny: the data are checked by the decision that they must lead to.
type Decide = (want: any, facts: any) => Decision;

const DECISIONS: Record<string, Decide> = {
  packages: k3s.decidePackages,
  kernel: k3s.decideKernel,
  binary: k3s.decideBinary,
  images: k3s.decideImages,
  config: k3s.decideConfig,
  service: k3s.decideService,
  ready: decideReady,
  kubeconfig: (want, facts) => decideKubeconfig(want, facts, 'lab'),
};

const digests: Record<string, string> = { '{sysctl}': sha256(SYSCTL_TEXT), '{modules}': sha256(MODULES_TEXT) };
const files = readdirSync(dir).filter(file => file.endsWith('.json'));

for (const file of files) {
  const text = readFileSync(join(dir, file), 'utf8').replace(/\{(sysctl|modules)\}/g, name => digests[name] ?? name);
  const { decision, promise, want, facts, expect } = JSON.parse(text);
  test(`${decision}: ${promise}`, () => {
    const decide = DECISIONS[decision];
    assert.ok(decide, `${file}: no decision is called ${decision}`);
    assert.equal(decide(want, facts), expect);
  });
}

test('every decision has its cases', () => {
  const covered = new Set(files.map(file => file.split('-')[0]));
  assert.equal([...covered].sort(), Object.keys(DECISIONS).sort());
});

test.run();
