import type { Change, Decision } from '../engine/index.ts';

export type Power = { is: 'off' } | { is: 'on'; pid: number; status: string };

const done = (reason: string): Decision => ({ is: 'done', reason });
const one = (change: Omit<Change, 'grade'>): Decision => ({ is: 'changes', changes: [{ grade: 'known', ...change }] });

export function decideImage(want: unknown, facts: { key?: string }): Decision {
  if (want === undefined) return done('the cache is kept');
  return facts.key === undefined
    ? one({ action: 'create', what: 'machine image' })
    : done(`image ${facts.key.slice(0, 12)}`);
}

export function decideIdentity(
  want: { name: string } | undefined,
  facts: { name: string; uuid?: string; folder: boolean },
): Decision {
  const what = `machine ${facts.name}`;
  if (want === undefined) return facts.folder ? one({ action: 'delete', what }) : done('there is none');
  return facts.uuid === undefined ? one({ action: 'create', what }) : done(`UUID ${facts.uuid}`);
}

export function decideDisk(want: { name: string } | undefined, facts: { name: string; whole: boolean }): Decision {
  if (want === undefined) return done("goes with the machine's folder");
  return facts.whole ? done('there, with its base') : one({ action: 'create', what: `disk of ${facts.name}` });
}

export interface PowerWant {
  name: string;
  power: 'on' | 'off' | 'kill';
}

export function decidePower(want: PowerWant | undefined, facts: { name: string; power: Power }): Decision {
  const { name, power } = facts;
  const what = `power of ${name}`;
  if (want?.power === 'on') {
    if (power.is === 'off') return one({ action: 'run', what, from: 'off', to: 'on' });
    if (power.status === 'running') return done(`runs as pid ${power.pid}`);
    return { is: 'unknown', reason: `${name} is ${power.status}, neither on nor off` };
  }
  return power.is === 'off' ? done('is off') : one({ action: 'run', what, from: 'on', to: 'off' });
}

export function decideSsh(want: { name: string } | undefined, facts: { name: string; saw?: string }): Decision {
  if (want === undefined) return done('nothing of its own');
  if (facts.saw === undefined) return done('answers with its planted key');
  return one({ action: 'run', what: `wait for SSH of ${facts.name}`, from: facts.saw });
}
