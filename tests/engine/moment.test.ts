import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AnyStep, ClusterApi, Ctx, KubeQuery } from '../../lib/engine/index.ts';
import { makePlan, runSteps } from '../../lib/engine/index.ts';
import { make, memoryGate, newEnv, newWorld, type World } from './world.ts';

const test = suite('questions of a plan');

const PODS = { apiVersion: 'v1', kind: 'Pod' };

/** A cluster whose pods are the names of the world; `asked` counts. */
function clusterOf(world: World) {
  const asked: string[] = [];
  const list = async ({ kind }: KubeQuery) => {
    asked.push(kind);
    return [...world.names].map(name => ({ ...PODS, metadata: { name } }));
  };
  return { asked, cluster: async () => ({ list }) as unknown as ClusterApi };
}

/** Wants a pod of the name, and asks only after others were answered. */
function podStep(world: World, name: string, ms: number, needs: string[] = []): AnyStep {
  const observe = async (ctx: Ctx) => {
    await new Promise(resolve => setTimeout(resolve, ms));
    const pods = await (await ctx.cluster('test')).list({ ...PODS });
    return pods.some(({ metadata }) => metadata.name === name);
  };
  return { ...make(world, name, { needs }), observe };
}

function envOf(world: World) {
  const { asked, cluster } = clusterOf(world);
  const env = newEnv(world, '/nowhere');
  return { asked, env: { ...env, ports: { ...env.ports, cluster } } };
}

test('a plan asks a cluster once, however late a step comes to ask; the next plan asks anew', async () => {
  const world = newWorld();
  const { asked, env } = envOf(world);
  const steps = [podStep(world, 'db', 0), podStep(world, 'app', 30)];
  assert.is((await makePlan(steps, env)).changes, 2);
  assert.equal(asked, ['Pod']);
  world.names.add('db').add('app');
  assert.is((await makePlan(steps, env)).changes, 0);
  assert.equal(asked, ['Pod', 'Pod']);
});

test('what was told while planning is not taken for what an effect left', async () => {
  const world = newWorld();
  const { env } = envOf(world);
  const { changed } = await runSteps([podStep(world, 'db', 0), podStep(world, 'app', 0, ['db'])], env, memoryGate());
  assert.is(changed.length, 2);
});

test.run();
