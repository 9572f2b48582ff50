import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Cluster, Nodegroup } from '@aws-sdk/client-eks';
import type { Registry } from '../../../registry.ts';
import { contains, readCidr } from '../../ec2/cidr.ts';
import { ec2Of } from '../../ec2/state.ts';
import type { Box } from '../../instances/boxes.ts';
import type { PodmanRunner } from '../../instances/podman-runner.ts';
import type { Call } from '../../service.ts';
import type { Kubernetes } from '../kubernetes.ts';
import { eksOf } from '../state.ts';
import { addonManifest } from './addons.ts';
import { BINARY, IMAGES, labFiles, MINOR, nodeFiles, planeFiles, registryFiles } from './files.ts';
import { startWebhook, type Webhook } from './webhook.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..', '..', '..');

/** As which a public endpoint sees this computer: an address of documentation, which `access` of an inventory names. */
export const OUTSIDE = '203.0.113.7';

export interface LiveKubernetes extends Kubernetes {
  webhook: Webhook;
  /** Of the images that its nodes have. */
  refs: Readonly<Record<string, string>>;
  /** As the administrator inside the control plane, past EKS. */
  kubectl(cluster: string, ...argv: string[]): Promise<string>;
  close(): Promise<void>;
}

interface Plane {
  box: Box;
  token: string;
  door: Server;
  nodes: Map<string, Box>;
}

/** Control planes and nodes as containers of the lab binary, on the VPC's network: one minor, no upgrades. `registry`: from which nodes pull what they lack. */
export async function startKubernetes(
  { boxes }: Pick<PodmanRunner, 'boxes'>,
  registry?: Pick<Registry, 'host' | 'port'>,
): Promise<LiveKubernetes> {
  const lab = await labFiles(PROJECT);
  const webhook = await startWebhook();
  const planes = new Map<string, Plane>();
  const own = (name = ''): Plane => {
    const found = planes.get(name);
    if (!found) throw new Error(`no control plane of ${name} runs here`);
    return found;
  };
  const inside = (plane: Plane, ...argv: string[]) => boxes.inside(plane.box.id, BINARY, 'kubectl', ...argv);

  async function start(cluster: Cluster, call: Call) {
    const { name = '', version } = cluster;
    const record = eksOf(call).clusters.get(name);
    if (!record || version !== MINOR) throw new Error(`no control plane of ${name} at ${version} can run here`);
    const machine = ec2Of(call).networkInterfaces.own(record.inVpc.interfaces[0] ?? '');
    const id = newId();
    const token = randomBytes(24).toString('hex');
    const box = boxOf(id, 'control-plane', machine, [`${lab.binary}:${BINARY}:ro`]);
    const url = webhook.urlFor(id, { record, region: call.region, world: call.world });
    const { pause } = lab.refs;
    await boxes.prepare(box, undefined, planeFiles({ name: box.hostname, address: box.address, token, pause }, url));
    await boxes.power(box, ec2Of(call));
    const plane = { box, token, door: await openDoor(cluster, box), nodes: new Map() };
    planes.set(name, plane);
    await patiently(`the API of ${name}`, () => inside(plane, 'get', '--raw', '/readyz'));
    const ca = await readFile(join(boxes.data(id), 'k3s/server/tls/server-ca.crt'));
    const { port } = plane.door.address() as { port: number };
    return { endpoint: `https://127.0.0.1:${port}`, ca: ca.toString('base64') };
  }

  /** The public endpoint, for whom it is open to. */
  async function openDoor(cluster: Cluster, { vpcId, address }: Box): Promise<Server> {
    const door = createServer({ pauseOnConnect: true }, socket => {
      const { endpointPublicAccess, publicAccessCidrs = [] } = cluster.resourcesVpcConfig ?? {};
      const open = publicAccessCidrs.some(cidr => contains(readCidr(cidr), readCidr(`${OUTSIDE}/32`)));
      const router = endpointPublicAccess && open ? boxes.router(vpcId) : undefined;
      if (!router) return void socket.destroy();
      router.connect({ address, port: 6443 }, socket);
    });
    await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
    return door;
  }

  async function join_(
    cluster: Cluster,
    machine: NetworkInterface,
    { taints = [] }: Nodegroup,
    call: Call,
  ): Promise<void> {
    const plane = own(cluster.name);
    const { pause } = lab.refs;
    const box = boxOf(newId(), nodeName(machine), machine, [
      `${lab.binary}:${BINARY}:ro`,
      `${lab.images}:${IMAGES}:ro`,
    ]);
    plane.nodes.set(box.hostname, box);
    const { hostname: name, address } = box;
    const files = nodeFiles({ name, address, token: plane.token, pause }, plane.box.address, taints);
    await boxes.prepare(box, undefined, { ...files, ...(registry && registryFiles(registry)) });
    await boxes.power(box, ec2Of(call));
    const ready = ['wait', `node/${name}`, '--for=condition=Ready', '--timeout=10s'];
    await patiently(`node ${name} of ${cluster.name}`, () => inside(plane, ...ready));
  }

  async function leave(cluster: Cluster, machine: NetworkInterface): Promise<void> {
    const plane = own(cluster.name);
    const name = nodeName(machine);
    const box = plane.nodes.get(name);
    if (!box) return;
    plane.nodes.delete(name);
    await boxes.remove(box.id);
    await patiently(`the end of node ${name}`, () => inside(plane, 'delete', 'node', name, '--ignore-not-found'));
  }

  async function stop({ name = '' }: Pick<Cluster, 'name'>): Promise<void> {
    const plane = planes.get(name);
    if (!plane) return;
    planes.delete(name);
    plane.door.close();
    for (const { id } of [...plane.nodes.values(), plane.box]) await boxes.remove(id);
  }

  return {
    webhook,
    refs: lab.refs,
    start: (cluster, call) => boxes.under(start(cluster, call)),
    stop: cluster => boxes.under(stop(cluster)),
    join: (cluster, machine, group, call) => boxes.under(join_(cluster, machine, group, call)),
    leave: (cluster, machine) => boxes.under(leave(cluster, machine)),
    async install({ name }, { addonName: addon = '', configurationValues = '{}' }) {
      const manifest = addonManifest(addon, lab.refs, JSON.parse(configurationValues));
      // The lab binary applies what lies there.
      const dir = join(boxes.data(own(name).box.id), 'k3s/server/manifests');
      if (manifest !== undefined) await writeFile(join(dir, `${addon}.yaml`), manifest);
    },
    kubectl: (name, ...argv) => inside(own(name), ...argv),
    async close() {
      for (const name of [...planes.keys()]) await stop({ name });
      await webhook.close();
    },
  };
}

const newId = () => `eks-${randomBytes(6).toString('hex')}`;
const nodeName = ({ PrivateDnsName = '' }: NetworkInterface) => PrivateDnsName.split('.')[0] ?? '';
const boxOf = (
  id: string,
  hostname: string,
  { VpcId = '', PrivateIpAddress = '' }: NetworkInterface,
  volumes: string[],
): Box => ({ id, hostname, vpcId: VpcId, address: PrivateIpAddress, volumes });

const MOST = 180_000;

/** Until it is done without an error. */
async function patiently(what: string, act: () => Promise<unknown>): Promise<void> {
  for (const end = Date.now() + MOST; ; await new Promise(resolve => setTimeout(resolve, 500))) {
    const failed = await act().then(
      () => undefined,
      error => error as Error,
    );
    if (!failed) return;
    if (Date.now() > end) throw new Error(`${what} is not there after ${MOST / 1000} s: ${failed.message}`);
  }
}
