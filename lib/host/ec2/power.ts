import type { AnyStep, Change, Ctx, Decision } from '../../engine/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { decideSsh } from '../decide.ts';
import { reach } from '../reach.ts';
import { instancesOf, stateOf } from './instances.ts';
import { knownInstance } from './machine.ts';
import { until } from './patience.ts';
import { waitUntilRunning } from './run-instance.ts';
import { type Cloud, changes, cloudStep, done, repeat, unknown } from './step.ts';

export interface PowerWant {
  name: string;
  power: 'on' | 'off' | 'kill';
}

export interface PowerFacts {
  name: string;
  /** AWS's word; undefined: there is no machine. */
  state?: string;
}

/** machine.power, machine.on, machine.off, machine.kill. */
export const powerStep = (cloud: Cloud, name: string, power: PowerWant['power'], id = `machine.${power}`): AnyStep =>
  cloudStep<PowerWant, PowerFacts>(cloud, {
    id,
    title: power === 'on' ? `Start ${name}` : `Stop ${name}`,
    host: name,
    want: { name, power },
    ...(id === 'machine.power' && { needs: [{ step: 'ec2.instance', scope: 'same' }] }),
    deadline: minutes(15),
    nothing: { name },
    async observe() {
      const [one] = (await instancesOf(cloud, name)).living;
      return { name, ...(one && { state: stateOf(one) }) };
    },
    decide: decidePower,
    changes: ['instances', 'addresses'],
    apply: (change, ctx) => apply(cloud, name, power, change, ctx),
  });

const OFF = ['stopped', 'stopping'];

export function decidePower(want: PowerWant | undefined, { name, state }: PowerFacts): Decision {
  if (want === undefined) return done('goes with its machine');
  const on = want.power === 'on';
  const what = `power of ${name}`;
  if (state === undefined) return on ? changes({ action: 'run', what, to: 'on' }) : done('there is no machine');
  if (state === (on ? 'running' : 'stopped')) return done(`is ${state}`);
  if (on || state === 'running' || state === 'pending' || OFF.includes(state))
    return changes({ action: 'run', what, from: state, to: on ? 'on' : 'off' });
  return unknown(`${name} is ${state}, neither on nor off`);
}

async function apply(cloud: Cloud, name: string, power: PowerWant['power'], _: Change, ctx: Ctx): Promise<unknown> {
  const one = await knownInstance(cloud, name);
  const InstanceIds = [one.InstanceId ?? ''];
  const stopped = async () => {
    const [now] = (await instancesOf(cloud, name, 'look')).living;
    return !now || stateOf(now) === 'stopped' || undefined;
  };
  if (power === 'on') {
    if (OFF.includes(stateOf(one))) {
      await until(`${name} stopped`, minutes(5), stopped, ctx, 'stopping');
      await repeat(cloud, `start ${name}`, sdk => new sdk.StartInstancesCommand({ InstanceIds }));
    }
    return waitUntilRunning(cloud, name, ctx);
  }
  const request = { InstanceIds, ...(power === 'kill' && { Force: true }) };
  await repeat(cloud, `stop ${name}`, sdk => new sdk.StopInstancesCommand(request));
  return until(`${name} stopped`, minutes(5), stopped, ctx, 'stopping');
}

/** machine.ssh: it answers, with the key that was planted. */
export const sshStep = (cloud: Cloud, name: string, needs: string): AnyStep =>
  cloudStep<{ name: string }, { name: string; saw?: string }>(cloud, {
    id: 'machine.ssh',
    title: `Reach ${name} by SSH`,
    host: name,
    want: { name },
    needs: [{ step: needs, scope: 'same' }],
    deadline: minutes(6),
    nothing: { name, saw: 'there is no machine' },
    observe: async (ctx, removing) => ({ name, ...(!removing && (await reach(name, ctx))) }),
    decide: decideSsh,
    changes: [],
    apply: (_, ctx) =>
      ctx.wait({
        what: `SSH of ${name}`,
        deadline: minutes(5),
        every: seconds(1),
        hint: `does provider.access in the inventory have the address that this computer is seen with? Its console: EC2, ${name}, system log`,
        probe: async () => {
          const { saw } = await reach(name, ctx);
          return saw === undefined ? { value: true } : { saw };
        },
      }),
  });
