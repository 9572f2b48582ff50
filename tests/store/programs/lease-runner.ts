/** A run of its own: does what it is told on stdin, a line each, and answers with a line of JSON each. */
import { createInterface } from 'node:readline';
import type { Held } from '../../../lib/engine/index.ts';
import { Secret } from '../../../lib/secret/index.ts';
import { storeLease } from '../../../lib/store/index.ts';
import { systemClock } from '../../../lib/time/index.ts';

const { accessKey, secretKey, name, ttl, skew, ...place } = JSON.parse(process.env.LEASE ?? '{}');
const access = { ...place, accessKey: new Secret(accessKey), secretKey: new Secret(secretKey) };
const clock = { ...systemClock, now: () => Date.now() + (skew ?? 0) };
const notices: string[] = [];
const lease = storeLease(
  {
    name,
    ttl,
    access: async () => access,
    owner: async () => undefined,
    notice: text => void notices.push(text),
  },
  { clock, signal: new AbortController().signal, random: Math.random },
);
let held: Held | undefined;

const ACTS: Record<string, () => Promise<unknown>> = {
  acquire: async () => {
    held = await lease.acquire('bootstrap');
  },
  check: async () => held?.check(),
  release: async () => held?.release(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await ACTS[line]?.().then(
    () => ({ is: 'ok', notices }),
    error => ({ is: error.code ?? 'thrown', message: error.message }),
  );
  console.log(JSON.stringify({ pid: process.pid, ...answer }));
}
process.exit(0);
