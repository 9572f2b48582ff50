import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { podman } from '../../../../lib/host/container/podman.ts';
import { readCidr } from '../ec2/cidr.ts';
import type { Ec2State } from '../ec2/state.ts';
import { type FirstBoot, imageRoot, makeDisk, removeDisk } from './root.ts';
import { type Router, startRouter } from './router.ts';
import { sweep } from './sweep.ts';

const exec = promisify(execFile);

/** A machine as a container of this computer, on the network of its VPC. */
export interface Box {
  id: string;
  hostname: string;
  vpcId: string;
  /** Private; in the VPC. */
  address: string;
  /** What of this computer is seen inside, as podman's -v takes it. */
  volumes?: readonly string[];
}

export interface Boxes {
  /** A disk of its own, with these files on it. Once. */
  prepare(
    box: Box,
    first?: Pick<FirstBoot, 'userData' | 'publicKey'>,
    files?: Readonly<Record<string, string>>,
  ): Promise<void>;
  power(box: Box, state: Ec2State): Promise<void>;
  off(id: string, seconds: number): Promise<void>;
  remove(id: string): Promise<void>;
  router(vpcId: string): Router | undefined;
  /** Past everybody, as with a screwdriver: runs inside. */
  inside(id: string, ...argv: string[]): Promise<string>;
  console(id: string): Promise<string>;
  /** Of this computer: what is /var/lib/rancher inside. */
  data(id: string): string;
  /** What is under way when all is closed is waited for: it would go on making things. */
  under<T>(work: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The image takes minutes to make, once. Needs root, podman, runc and slirp4netns. */
export async function startBoxes(name: string): Promise<Boxes> {
  await sweep();
  const image = await imageRoot();
  const dir = await mkdtemp(join(tmpdir(), `muster-aws-${process.pid}-`));
  const run = `/run/muster-aws-${process.pid}-${name}`;
  const tool = async (...args: string[]) => {
    const [program = '', ...argv] = podman({ dir, root: '', console: '', run }, ...args);
    return (await exec(program, argv, { maxBuffer: 1 << 26 })).stdout.trim();
  };
  const routers = new Map<string, Promise<Router>>();
  const ready = new Map<string, Router>();
  const made = new Set<string>();
  const busy = new Set<Promise<unknown>>();
  const disk = (id: string) => join(dir, id);
  const log = (id: string) => join(dir, `${id}.log`);

  async function routerOf(vpcId: string, state: Ec2State): Promise<Router> {
    const found = routers.get(vpcId) ?? startRouter(readCidr(state.vpcs.own(vpcId).CidrBlock));
    routers.set(vpcId, found);
    ready.set(vpcId, await found);
    return found;
  }

  const off = async (id: string, seconds: number) => void (await tool('rm', '-f', '-i', '-t', `${seconds}`, id));

  return {
    async prepare({ id, hostname }, first = { userData: undefined, publicKey: undefined }, files = {}) {
      if (made.has(id)) return;
      await makeDisk(image, disk(id), { instanceId: id, hostname, ...first });
      made.add(id);
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(disk(id), path)), { recursive: true });
        await writeFile(join(disk(id), path), text, { mode: 0o600 });
      }
    },
    async power({ id, hostname, vpcId, address, volumes = [] }, state) {
      await tool(...runArguments({ id, hostname, disk: disk(id), log: log(id), volumes }));
      const pid = Number(await tool('inspect', '-f', '{{.State.Pid}}', id));
      await (await routerOf(vpcId, state)).attach(pid, `v${id.slice(-12)}`, address);
    },
    off,
    async remove(id) {
      await off(id, 0);
      await removeDisk(disk(id));
      made.delete(id);
    },
    router: vpcId => ready.get(vpcId),
    inside: (id, ...argv) => tool('exec', id, ...argv),
    console: id => readFile(log(id), 'utf8').catch(() => ''),
    data: id => `${disk(id)}.data`,
    under(work) {
      busy.add(work);
      return work.finally(() => busy.delete(work));
    },
    async close() {
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

interface Started {
  id: string;
  hostname: string;
  disk: string;
  log: string;
  volumes: readonly string[];
}

/** As lib/host/container starts its machines, and without a network: the router gives it one. */
const runArguments = ({ id, hostname, disk, log, volumes }: Started): string[] => [
  ...['run', '-d', '-t', '--name', id, '--hostname', hostname, '--network', 'none', '--no-hosts'],
  ...['--privileged', '--systemd=false', '--stop-signal=SIGRTMIN+3', '-e', 'container=podman', '--cgroupns=private'],
  ...['--ulimit', 'nofile=20000:20000', '--ulimit', 'nproc=20000:20000'],
  ...['--tmpfs', '/run', '--tmpfs', '/run/lock', '--tmpfs', '/tmp:exec'],
  ...['--log-driver', 'k8s-file', '--log-opt', `path=${log}`],
  ...[`${disk}.data:/var/lib/rancher`, ...volumes].flatMap(volume => ['-v', volume]),
  ...['--rootfs', disk, '/sbin/init'],
];
