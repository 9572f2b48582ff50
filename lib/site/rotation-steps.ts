import type { Change, Credential, Ctx, Decision, Step } from '../engine/index.ts';
import {
  beginRotation,
  endRotation,
  freshOf,
  oldOf,
  promote,
  type Rotation,
  rotationEnded,
  rotationUnderWay,
  type SecretStore,
} from '../secret/index.ts';
import { minutes } from '../time/index.ts';

const target = (name: string) => ({ site: name, kind: 'site' as const, name });
const changes = (...list: Change[]): Decision => ({ is: 'changes', changes: list });

/** rotation.begin: it is written down what is to be changed; whoever comes after a kill goes on with it. */
export const beginStep = (site: string, rotation: Rotation): Step<object, { under: boolean }> => ({
  id: 'rotation.begin',
  title: 'Write down what is changed',
  target: target(site),
  want: { credentials: rotation.credentials },
  deadline: minutes(1),
  observe: async ({ secrets }) => ({ under: (await rotationUnderWay(secrets))?.id === rotation.id }),
  decide: (_, { under }) =>
    under
      ? { is: 'done', reason: 'under way' }
      : changes({ action: 'create', what: `rotation of ${rotation.credentials.join(', ')}`, grade: 'known' }),
  apply: (change, ctx) => ctx.effect(change, () => beginRotation(ctx.secrets, rotation)),
});

/** rotation.values: the new values are there, beside the ones in use. */
export const valuesStep = (site: string, all: readonly Credential[]): Step<object, string[]> => ({
  id: 'rotation.values',
  title: 'Make the new values',
  target: target(site),
  want: { credentials: all.map(({ id }) => id) },
  deadline: minutes(2),
  async observe({ secrets }) {
    const lacking = await Promise.all(all.map(async one => ((await isMade(one, secrets)) ? [] : [one.id])));
    return lacking.flat();
  },
  decide: (_, lacking) =>
    lacking.length === 0
      ? { is: 'done', reason: 'made' }
      : changes(
          ...lacking.map((id): Change => ({ action: 'create', what: freshText(id), grade: 'known', secret: true })),
        ),
  apply: (change, ctx) =>
    ctx.effect(change, async () => all.find(({ id }) => change.what === freshText(id))?.make(ctx)),
});

const freshText = (id: string) => `new value of ${id}`;

/** Of each name that has a value: there is a new one, or it is in use already. */
async function isMade({ secrets: names }: Credential, secrets: SecretStore): Promise<boolean> {
  const made = names.map(
    async name => !(await secrets.get(name)) || (await freshOf(secrets, name)) || (await oldOf(secrets, name)),
  );
  return (await Promise.all(made)).every(Boolean);
}

/** rotation.promote: from here on the site's values are the new ones. The old ones are kept until the end. */
export const promoteStep = (site: string, all: readonly Credential[]): Step<object, string[]> => ({
  id: 'rotation.promote',
  title: "Make the new values the site's",
  target: target(site),
  want: { credentials: all.map(({ id }) => id) },
  deadline: minutes(1),
  observe: ({ secrets }) => waiting(all, secrets),
  decide: (_, names) =>
    names.length === 0
      ? { is: 'done', reason: "the new values are the site's" }
      : changes(
          ...names.map((name): Change => ({ action: 'update', what: `secret ${name}`, grade: 'known', secret: true })),
        ),
  apply: (change, ctx) => ctx.effect(change, () => promote(ctx.secrets, change.what.slice('secret '.length))),
});

async function waiting(all: readonly Credential[], secrets: Pick<SecretStore, 'get'>): Promise<string[]> {
  const names = all.flatMap(({ secrets: own }) => own);
  const found = await Promise.all(names.map(async name => ((await freshOf(secrets, name)) ? [name] : [])));
  return found.flat();
}

/** rotation.end: the old values are gone. Written down first: a killed end is not taken for a beginning. */
export const endStep = (site: string, id: string, store: SecretStore | undefined): Step<object, { left: boolean }> => ({
  id: 'rotation.end',
  title: 'Forget the old values',
  target: target(site),
  want: { rotation: id },
  deadline: minutes(1),
  observe: async ({ secrets }: Ctx) => ({
    left: (await isOpen(secrets, id)) || (store !== undefined && (await rotationUnderWay(store)) !== undefined),
  }),
  decide: (_, { left }) =>
    left
      ? changes({ action: 'delete', what: 'old values', grade: 'known', secret: true })
      : { is: 'done', reason: 'gone' },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      // The store's own first: with the site's plan everything is over.
      if (store && (await rotationUnderWay(store))) await endRotation(store, id);
      await endRotation(ctx.secrets, id);
    }),
});

const isOpen = async (secrets: SecretStore, id: string) =>
  (await rotationUnderWay(secrets)) !== undefined || (await rotationEnded(secrets)) !== id;
