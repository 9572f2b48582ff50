/** One of the two programs that bench/fan-out.ts measures: `bare SPEC` or `muster SPEC`. Prints its own time and memory. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ctx } from '../lib/engine/index.ts';
import type { Target } from './fan-out.ts';

type Host = Target & { identity: string };

async function bare(hosts: readonly Host[]): Promise<void> {
  const { Client } = (await import('ssh2')).default;
  const { hostFacts } = await import('../lib/shell/host-facts.ts');
  const one = ({ address, port, hostKey, identity }: Host) =>
    new Promise<void>((resolve, reject) => {
      const known = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64');
      const client = new Client();
      client.on('error', reject).on('ready', () => {
        client.exec('/bin/sh -s', (error, channel) => {
          if (error) return reject(error);
          let said = '';
          channel.on('data', (chunk: Buffer) => {
            said += chunk;
          });
          channel.on('close', () => {
            client.end();
            if (said.includes('boot-id')) resolve();
            else reject(new Error(`${address} said: ${said}`));
          });
          channel.end(hostFacts.script);
        });
      });
      client.connect({
        sock: connect({ host: address, port, noDelay: true }),
        username: 'root',
        privateKey: identity,
        hostVerifier: (key: Buffer) => key.equals(known),
      });
    });
  await Promise.all(hosts.map(one));
}

/** A plan over all of them, as `./muster plan` makes it: engine, facts, shells. */
async function muster(hosts: readonly Host[]): Promise<void> {
  const { makePlan } = await import('../lib/engine/index.ts');
  const { createFacts, createShells, hostFacts } = await import('../lib/shell/index.ts');
  const { Masker, Secret, FileSecretStore } = await import('../lib/secret/index.ts');
  const { systemClock: clock } = await import('../lib/time/index.ts');
  const state = mkdtempSync(join(tmpdir(), 'fan-out-state-'));
  const { signal } = new AbortController();
  const masker = new Masker();
  const target = (name: string) => {
    const host = hosts.find(each => each.name === name);
    if (!host) throw new Error(`no host ${name}`);
    const { address, port, hostKey, identity } = host;
    return { address, port, hostKey, user: 'root', identity: new Secret(identity) };
  };
  const shells = createShells({ connect: async name => target(name), clock, signal, masker });
  const none = () => Promise.reject(new Error('not asked for'));
  const ports = {
    ...{ clock, secrets: new FileSecretStore(state, masker), shell: shells.shell, cluster: none, store: none },
    facts: createFacts(shells.shell),
  };
  const dirs = { project: state, state, cache: state };
  const run = { id: 'bench', verb: 'plan', site: 'bench', startedAt: new Date().toISOString(), choices: {}, dirs };
  const steps = hosts.map(({ name }) => ({
    ...{ id: 'host.fit', title: `Look at ${name}`, target: { site: 'bench', kind: 'host' as const, name }, want: {} },
    deadline: 60_000,
    observe: (ctx: Ctx) => ctx.facts(name, hostFacts),
    decide: (_: unknown, facts: { bootId: string }) => ({ is: 'done' as const, reason: facts.bootId }),
    apply: async () => undefined,
  }));
  const plan = await makePlan(steps, { run, ports, signal, emit: () => undefined, pace: 1, limit: 16 });
  await shells.close();
  rmSync(state, { recursive: true });
  if (plan.changes > 0 || plan.unknown > 0) throw new Error(`${plan.changes} changes, ${plan.unknown} unknown`);
}

const [kind, spec = ''] = process.argv.slice(2);
const hosts = JSON.parse(readFileSync(spec, 'utf8')) as Host[];
await (kind === 'bare' ? bare(hosts) : muster(hosts));
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const cpu = (userCPUTime + systemCPUTime) / 1000;
process.stdout.write(JSON.stringify({ ms: performance.now(), cpu, rss: maxRSS * 1024 }));
process.exit(0);
