/**
 * `node bench/fan-out.ts [HOSTS]`: one look at many hosts that have nothing to do, against a bare ssh2 client that does one
 * exec a host. Both are programs of their own, in turn; sshd is real, and shares these cores.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Sshd, startSshd } from '../tests/servers/sshd.ts';

const ROUNDS = 5;
/** sshd listens on 16 addresses at the most, and our own is one. */
const ADDRESSES = 15;

export interface Target {
  name: string;
  address: string;
  port: number;
  hostKey: string;
}

interface Measured {
  ms: number;
  /** Of the client alone, milliseconds: what is left of the time is sshd's, or waiting. */
  cpu: number;
  rss: number;
}

/** One sshd with its addresses of 127.0.0.0/8. The drop rule of MaxStartups is for one address, not for fifteen hosts. */
async function startHosts(server: number, hosts: number): Promise<{ sshd: Sshd; targets: Target[] }> {
  const addresses = Array.from({ length: Math.min(ADDRESSES, hosts) }, (_, n) => `127.9.${server}.${n + 1}`);
  const config = [...addresses.map(address => `ListenAddress ${address}`), 'MaxStartups 1000'];
  const sshd = await startSshd({ config });
  const { port, hostKey } = sshd;
  return {
    sshd,
    targets: addresses.map(address => ({ name: `h${server}-${address.split('.')[3]}`, address, port, hostKey })),
  };
}

/** Not synchronous: sshd waits for who reads its log. */
async function measure(kind: string, spec: string): Promise<Measured> {
  const argv = [join(import.meta.dirname, 'fan-out-client.ts'), kind, spec];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { timeout: 120_000 });
  return JSON.parse(stdout) as Measured;
}

export async function benchFanOut(hosts: number): Promise<void> {
  const servers: { sshd: Sshd; targets: Target[] }[] = [];
  const dir = mkdtempSync(join(tmpdir(), 'fan-out-'));
  try {
    for (let left = hosts; left > 0; left -= ADDRESSES) servers.push(await startHosts(servers.length, left));
    const spec = join(dir, 'hosts.json');
    const all = servers.flatMap(({ sshd, targets }) =>
      targets.map(target => ({ ...target, identity: sshd.identity.reveal() })),
    );
    writeFileSync(spec, JSON.stringify(all), { mode: 0o600 });
    const kinds = ['bare', 'muster'];
    const rounds: Measured[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push([await measure('bare', spec), await measure('muster', spec)]);
    }
    report(hosts, kinds, rounds);
  } finally {
    for (const { sshd } of servers) await sshd.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function report(hosts: number, kinds: readonly string[], rounds: readonly Measured[][]): void {
  console.log(
    `${hosts} hosts, nothing to do, against a bare ssh2 client (${ROUNDS} rounds; fastest, median; at most 1.3x)`,
  );
  const of = (n: number) => rounds.map(round => round[n]?.ms ?? Number.NaN).toSorted((a, b) => a - b);
  for (const [n, kind] of kinds.entries()) {
    const shown = [0, Math.floor((ROUNDS - 1) / 2)].map(at => {
      const [ms, base] = [of(n)[at] ?? Number.NaN, of(0)[at] ?? Number.NaN];
      return `${ms.toFixed(0)} ms = ${(ms / base).toFixed(2)}x`;
    });
    const cpu = Math.min(...rounds.map(round => round[n]?.cpu ?? Number.NaN));
    const memory = Math.max(...rounds.map(round => round[n]?.rss ?? 0)) / 2 ** 20;
    console.log(`  ${kind.padEnd(28)} ${shown.join('   ')}   ${cpu.toFixed(0)} ms CPU   ${memory.toFixed(0)} MB`);
  }
}

if (import.meta.main) await benchFanOut(Number(process.argv[2] ?? 50));
