import { readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { imageRefs } from '../../lib/artifact/index.ts';
import type { Report } from '../../lib/drill/report.ts';
import type { Site } from '../../lib/inventory/index.ts';
import { type StoreWorld, storeWorld } from '../backup/store-world.ts';
import { type LiveKubernetes, startKubernetes } from '../servers/aws/eks/live/cluster.ts';
import { startRunner } from '../servers/aws/instances/podman-runner.ts';
import { type AwsServer, startAws } from '../servers/aws/server.ts';
import { type Registry, startRegistry } from '../servers/registry.ts';
import { type Checkout, newCheckout } from './checkout.ts';
import { imagesArchive } from './container-host.ts';
import { storeOf } from './s3-of.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/** Whose images are built here, and published as upstream's. */
const LAB = {
  ...{ name: 'host', environment: 'lab', hosts: [], artifacts: { sources: ['module'] } },
  cluster: { kind: 'k3s', version: 'v1.36.3+k3s-lab' },
  addons: { coredns: true, 'local-path': true, 'metrics-server': true },
  app: {},
  backup: { store: { kind: 'local' }, sources: ['postgres', 'velero'] },
} as unknown as Site;

/** By the name in the lock. postgres: of the images with Debian's tools one that the archive has. */
const UPSTREAM = {
  velero: { repository: 'velero/velero', tag: 'v1.18.3', from: 'velero' },
  'velero-plugin-for-aws': {
    repository: 'velero/velero-plugin-for-aws',
    tag: 'v1.14.3',
    from: 'velero-plugin-for-aws',
  },
  'debian-base': { repository: 'library/debian', tag: 'bookworm-slim', from: 'postgres' },
} as const;

/** What a site on EKS with backups stands on. */
export interface EksLab {
  s3: StoreWorld;
  registry: Registry;
  kubernetes: LiveKubernetes;
  aws: AwsServer;
  checkout: Checkout;
}

const kept = (site: string) => join(homedir(), '.local/share/muster', site);

/** @param inventory asked when the stand-in for AWS runs. */
export async function openLab(
  lab: EksLab,
  site: string,
  inventory: (store: object) => string | Promise<string>,
): Promise<void> {
  await rm(kept(site), { recursive: true, force: true });
  lab.s3 = await storeWorld(`${site}-store`);
  await lab.s3.run();
  lab.registry = await upstream();
  const runner = await startRunner();
  lab.kubernetes = await startKubernetes(runner, lab.registry);
  lab.aws = await startAws({ runner, kubernetes: lab.kubernetes, pageSize: 1000 });
  Object.assign(process.env, lab.aws.env());
  lab.checkout = await newCheckout(site, await inventory(await storeOf(lab.s3, site)));
  await publishHere(lab);
}

/** Also one that was opened in part. */
export async function closeLab({ checkout, aws, registry, s3 }: Partial<EksLab>): Promise<void> {
  await checkout?.remove();
  await aws?.close();
  await registry?.close();
  await s3?.close();
  if (checkout) await rm(kept(checkout.site), { recursive: true, force: true });
}

async function upstream(): Promise<Registry> {
  const archive = await imagesArchive(LAB);
  const refs = await imageRefs(LAB, PROJECT);
  return startRegistry(
    archive,
    Object.values(UPSTREAM).map(({ from, ...name }) => ({ ...name, ref: refs[from] ?? '' })),
  );
}

/** The lock of this checkout names the stand-in where upstream's is named. */
async function publishHere({ checkout, registry }: EksLab): Promise<void> {
  const path = join(checkout.dir, 'artifacts/lock.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replaceAll(/image: [^/ ]+\/(.*), host: [^,]+,/g, `image: ${registry.host}/$1,`));
}

/** Digests, in the registry. Those of k3s are nobody's here. */
export async function lookUp(lab: EksLab): Promise<void> {
  const path = join(lab.checkout.dir, 'artifacts/lock.yaml');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(/(sums: \S+, )digest: unresolved/g, `$1digest: sha256:${'0'.repeat(64)}`));
  await ok(lab, 'lock');
}

export async function ok({ checkout }: EksLab, verb: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await checkout.muster(verb, ...args);
  assert.is(code, 0, `${verb} ${args.join(' ')}: ${stderr.split('\n').slice(-20).join('\n')}${stdout.slice(-3000)}`);
  return stdout;
}

export const inPod = (context: EksLab, script: string) =>
  ok(context, 'kubectl', '-n', 'team', 'exec', 'wiki-0', '--', 'sh', '-c', script);

export const passed = ({ checks }: Report) => checks.filter(({ state }) => state === 'passed').map(({ id }) => id);
