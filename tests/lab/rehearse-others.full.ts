import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { imageRefs } from '../../lib/artifact/index.ts';
import type { Report } from '../../lib/drill/report.ts';
import { containerProcesses } from '../../lib/host/container/processes.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { registryFiles } from '../servers/aws/eks/live/files.ts';
import { type Registry, startRegistry } from '../servers/registry.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { imagesArchive } from './container-host.ts';
import { wiki } from './wiki.ts';

const PROJECT = join(import.meta.dirname, '..', '..');
const SITE = 'othertest';
const KEPT = join(homedir(), '.local/share/muster', SITE);
const INVENTORY = `
site: { name: ${SITE} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: container }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 2GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
backup:
  store: { kind: local }
  sources: [velero]
  namespaces: [team]
  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: 5m
`;

interface Context {
  checkout: Checkout;
  registry: Registry;
  /** Of podman: whose registries have no TLS. */
  config: string;
}

const test = suite<Context>('a rehearsal of what others run');

test.before(async context => {
  await rm(KEPT, { recursive: true, force: true });
  context.checkout = await newCheckout(SITE, INVENTORY);
  await context.checkout.commit();
  context.registry = await somebodys();
  // A rehearsal sees nothing of /tmp.
  context.config = `/run/muster-test-${process.pid}-registries.conf`;
  await writeFile(context.config, `[[registry]]\nlocation = "${context.registry.host}"\ninsecure = true\n`);
  process.env.CONTAINERS_REGISTRIES_CONF = context.config;
});

test.after(async ({ checkout, registry, config }) => {
  await checkout.muster('destroy', `--confirm=${SITE}`);
  await checkout.muster('purge-store', `--confirm=${SITE}`);
  await rm(KEPT, { recursive: true, force: true });
  await checkout.remove();
  await registry.close();
  await rm(config);
});

/** Of an image that the lab's machines have under another name only. */
async function somebodys(): Promise<Registry> {
  const lab = {
    ...{ name: 'host', environment: 'lab', hosts: [], artifacts: { sources: ['module'] } },
    ...{
      cluster: { kind: 'k3s', version: 'v1.36.3+k3s-lab' },
      backup: { store: { kind: 'local' }, sources: ['velero'] },
    },
    addons: { coredns: true, 'local-path': true, 'metrics-server': false },
  } as unknown as Site;
  const archive = await imagesArchive(lab);
  const ref = (await imageRefs(lab, PROJECT)).busybox ?? '';
  return startRegistry(archive, [{ repository: 'team/wiki', tag: '1', ref }]);
}

async function ok({ checkout }: Context, verb: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await checkout.muster(verb, ...args);
  assert.is(code, 0, `${verb} ${args.join(' ')}: ${stderr.split('\n').slice(-20).join('\n')}${stdout.slice(-3000)}`);
  return stdout;
}

/** As the owner of the machine would tell its containerd of the registry. */
async function tellNode({ registry }: Context): Promise<void> {
  const [machine] = (await containerProcesses()).filter(({ name }) => name === `muster-${SITE}-server-1`);
  const { pid } = machine ?? {};
  // The process is the container's monitor, outside; its child is the machine.
  const [init] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ');
  for (const [path, text] of Object.entries(registryFiles(registry))) {
    const file = join(`/proc/${init}/root`, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

async function rehearse(context: Context): Promise<Report> {
  const { report } = JSON.parse(await ok(context, 'drill', 'site-rebuild', '--json')) as { report: Report };
  assert.equal([report.verdict, report.mode], ['verified', 'rehearse']);
  return report;
}

const stateOf = ({ checks }: Report, id: string) => checks.find(check => check.id === id);

test('a site runs an image of somebody’s registry, and its set has the digest', async context => {
  await ok(context, 'bootstrap');
  await tellNode(context);
  const file = join(context.checkout.dir, 'workload.yaml');
  await writeFile(file, wiki(`${context.registry.host}/team/wiki:1`));
  await ok(context, 'kubectl', 'apply', '-f', file);
  await ok(context, 'kubectl', '-n', 'team', 'rollout', 'status', 'statefulset/wiki', '--timeout=120s');
  await ok(context, 'backup');
});

test('behind the fence it runs: this computer pulled it, by that digest', async context => {
  const { registry } = context;
  registry.requests.length = 0;
  const report = await rehearse(context);
  assert.is(stateOf(report, 'workloads.team')?.state, 'passed', JSON.stringify(stateOf(report, 'workloads.team')));
  for (const id of ['velero.files.team.data-wiki-0', 'site.next-backup'])
    assert.is(stateOf(report, id)?.state, 'passed', JSON.stringify(stateOf(report, id)));
  assert.ok(registry.requests.includes(`GET /v2/team/wiki/manifests/${registry.digests['team/wiki']}`));
});

test('where it cannot be had, the data is proven all the same, and what does not run is told', async context => {
  context.registry.gone = true;
  const report = await rehearse(context);
  const { state, required, details = [] } = stateOf(report, 'workloads.team') ?? {};
  assert.equal([state, required], ['unrun', false]);
  assert.match(details.join('\n'), /ImagePullBackOff|ErrImagePull/);
  assert.is(stateOf(report, 'velero.files.team.data-wiki-0')?.state, 'passed');
});

test.run();
