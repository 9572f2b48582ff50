import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { podman } from '../../../../lib/host/container/podman.ts';
import { readCidr } from '../ec2/cidr.ts';
import type { InstanceRecord } from '../ec2/instance-record.ts';
import type { Ec2State } from '../ec2/state.ts';
import { createGate, type Gate } from './gate.ts';
import { imageRoot, makeDisk, removeDisk } from './root.ts';
import { type Router, startRouter } from './router.ts';
import type { Runner } from './runner.ts';
import { sweep } from './sweep.ts';
import { checkUserData } from './user-data.ts';

const exec = promisify(execFile);
let started = 0;

export interface PodmanRunner extends Runner {
  gate: Gate;
  /** Past muster, as with a screwdriver: runs inside. */
  inside(instanceId: string, ...argv: string[]): Promise<string>;
}

/** The image takes minutes to make, once. Instances as containers of this computer, on the network of their VPC. Needs root, podman, runc and slirp4netns. */
export async function startRunner(): Promise<PodmanRunner> {
  await sweep();
  const image = await imageRoot();
  started += 1;
  const dir = await mkdtemp(join(tmpdir(), `muster-aws-${process.pid}-`));
  const run = `/run/muster-aws-${process.pid}-${started}`;
  const files = { dir, root: '', console: '', run };
  const tool = async (...args: string[]) => {
    const [program = '', ...argv] = podman(files, ...args);
    return (await exec(program, argv, { maxBuffer: 1 << 26 })).stdout.trim();
  };
  const routers = new Map<string, Promise<Router>>();
  const ready = new Map<string, Router>();
  const gate = createGate(vpc => ready.get(vpc));
  const net = `127.${64 + (process.pid % 128)}.${started}`;
  const disk = (id: string) => join(dir, id);
  const log = (id: string) => join(dir, `${id}.log`);
  const made = new Set<string>();
  const busy = new Set<Promise<void>>();
  /** What is under way when all is closed is waited for: it would go on making things. */
  const under = (work: Promise<void>): Promise<void> => {
    busy.add(work);
    return work.finally(() => busy.delete(work));
  };

  async function routerOf(vpcId: string, state: Ec2State): Promise<Router> {
    const found = routers.get(vpcId) ?? startRouter(readCidr(state.vpcs.own(vpcId).CidrBlock));
    routers.set(vpcId, found);
    ready.set(vpcId, await found);
    return found;
  }

  async function power(record: InstanceRecord, state: Ec2State): Promise<void> {
    const { PrivateIpAddress = '', PrivateDnsName = '' } = state.networkInterfaces.own(record.interfaceId);
    await tool(...runArguments(record.id, PrivateDnsName.split('.')[0] ?? '', disk(record.id), log(record.id)));
    const pid = Number(await tool('inspect', '-f', '{{.State.Pid}}', record.id));
    const router = await routerOf(record.vpcId, state);
    await router.attach(pid, `v${record.id.slice(-12)}`, PrivateIpAddress);
    await gate.readdress(state);
  }

  async function start(record: InstanceRecord, state: Ec2State): Promise<void> {
    if (!made.has(record.id)) {
      const userData = checkUserData(record.userData);
      const key = state.keyPairs.all().find(({ KeyName }) => KeyName === record.asked.KeyName);
      const hostname = state.networkInterfaces.own(record.interfaceId).PrivateDnsName?.split('.')[0] ?? '';
      await makeDisk(image, disk(record.id), { instanceId: record.id, hostname, userData, publicKey: key?.PublicKey });
      made.add(record.id);
    }
    await power(record, state);
  }

  const off = async (id: string, seconds: number) => void (await tool('rm', '-f', '-i', '-t', `${seconds}`, id));

  async function remove({ id }: InstanceRecord): Promise<void> {
    await off(id, 0);
    await removeDisk(disk(id));
  }

  return {
    gate,
    address: number => `${net}.${number}`,
    start: (record, state) => under(start(record, state)),
    stop: record => under(off(record.id, 20)),
    async reboot(record, state) {
      await under(off(record.id, 20));
      await under(power(record, state));
    },
    remove: record => under(remove(record)),
    readdress(state) {
      void gate.readdress(state);
    },
    console: async record => readFile(log(record.id), 'utf8').catch(() => ''),
    inside: (id, ...argv) => tool('exec', id, ...argv),
    async close() {
      await gate.close();
      await Promise.allSettled(busy);
      await tool('rm', '-f', '-a', '-t', '0').catch(() => undefined);
      for (const id of made) await removeDisk(disk(id));
      for (const router of ready.values()) await router.close();
      await Promise.all(
        [dir, run].map(path => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })),
      );
    },
  };
}

/** As lib/host/container starts its machines, and without a network: the router gives it one. */
const runArguments = (id: string, hostname: string, disk: string, log: string): string[] => [
  ...['run', '-d', '-t', '--name', id, '--hostname', hostname, '--network', 'none', '--no-hosts'],
  ...['--privileged', '--systemd=false', '--stop-signal=SIGRTMIN+3', '-e', 'container=podman', '--cgroupns=private'],
  ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'],
  ...['--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp:exec'],
  ...['--log-driver', 'k8s-file', '--log-opt', `path=${log}`],
  ...['-v', `${disk}.data:/var/lib/rancher`, '--rootfs', disk, '/sbin/init'],
];
