import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { addressAt, type Cidr } from '../ec2/cidr.ts';

const run = promisify(execFile);

/** The network of one VPC: instances are on its bridge, with their private addresses; VPCs never see each other. */
export interface Router {
  /** Gives the container of that process its address and the way out. */
  attach(pid: number, name: string, address: string): Promise<void>;
  /** Hands the connection over; it ends at the private address. */
  connect(to: { address: string; port: number }, socket: Socket): void;
  close(): Promise<void>;
}

/** Lives as long as this process: its namespace, and slirp4netns, go with it. */
export async function startRouter({ from, bits }: Cidr): Promise<Router> {
  const gateway = addressAt(from + 1);
  const inside = join(import.meta.dirname, 'router-inside.ts');
  const child = spawn('unshare', ['--net', process.execPath, inside, `${gateway}/${bits}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await heard(child);
  const slirp = await wayOut(child.pid ?? 0);
  const within = (pid: number, ...argv: string[]) => run('nsenter', ['-t', `${pid}`, '-n', 'ip', ...argv]);
  return {
    async attach(pid, name, address) {
      await within(child.pid ?? 0, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${pid}`);
      await within(child.pid ?? 0, 'link', 'set', name, 'master', 'br0', 'up');
      await within(pid, 'link', 'set', 'lo', 'up');
      await within(pid, 'address', 'add', `${address}/${bits}`, 'dev', 'eth0');
      await within(pid, 'link', 'set', 'eth0', 'up');
      await within(pid, 'route', 'add', 'default', 'via', gateway);
    },
    connect(to, socket) {
      child.send(to, socket, error => error && socket.destroy());
    },
    async close() {
      await Promise.all([child, slirp].map(end));
    },
  };
}

async function heard(child: ChildProcess): Promise<void> {
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`the router of a VPC ended with status ${code}`);
  });
  await Promise.race([once(child, 'message'), failed]);
}

/** slirp4netns ends when its exit-fd does: with this process. */
async function wayOut(pid: number): Promise<ChildProcess> {
  const argv = ['--configure', '--mtu=65520', '--ready-fd=3', '--exit-fd=4', `${pid}`, 'tap0'];
  const slirp = spawn('slirp4netns', argv, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const ready = slirp.stdio[3];
  if (!ready) throw new Error('slirp4netns has no ready-fd');
  await once(ready, 'data');
  return slirp;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
