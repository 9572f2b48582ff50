import type { Change, Ctx, Decision } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { oldOf } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';
import { knownOperatorKey, OPERATOR_PUBLIC, operatorKey } from '../keys.ts';
import { createOnce, removeWhole } from './patience.ts';
import { ask, type Cloud, changes, cloudStep, done, repeat, tagged, unknown } from './step.ts';

export interface KeyFacts {
  keys: { id: string; name: string; publicKey: string }[];
  /** Here; undefined: there is none yet. */
  operator?: string;
  /** Of before, while it is changed. */
  before?: string;
}

interface KeyWant {
  name: string;
}

export const keyName = ({ site }: Pick<Cloud, 'site'>): string => `muster-${site.name}`;
/** Type and key, without the comment: AWS keeps its own. */
const bare = (line: string) => line.split(' ').slice(0, 2).join(' ');

/** ec2.key: the operator's public key, for the image's own user; ours is in the user data too. */
export const keyStep = (cloud: Cloud) =>
  cloudStep<KeyWant, KeyFacts>(cloud, {
    id: 'ec2.key',
    title: "Bring the operator's SSH key",
    want: { name: keyName(cloud) },
    deadline: minutes(5),
    nothing: { keys: [] },
    async observe({ secrets }) {
      const [keys, operator, before] = await Promise.all([
        cloud.view.see('keys'),
        knownOperatorKey(secrets),
        oldOf(secrets, OPERATOR_PUBLIC),
      ]);
      return {
        keys: keys.map(({ KeyPairId = '', KeyName = '', PublicKey = '' }) => ({
          ...{ id: KeyPairId, name: KeyName, publicKey: bare(PublicKey) },
        })),
        ...(operator !== undefined && { operator: bare(operator) }),
        ...(before && { before: bare(before.reveal()) }),
      };
    },
    decide: (want, facts) => decideKey(want, facts, bringOf(cloud.site)),
    changes: ['keys'],
    apply: (change, ctx) => apply(cloud, change, ctx),
  });

/** Without a backup there is no escrow to join by. */
export const bringOf = ({ name, backup }: Pick<Site, 'name' | 'backup'>): string =>
  backup ? './muster join brings it' : `bring .muster/${name}/secrets from the computer that has it`;

export function decideKey(want: KeyWant | undefined, { keys, operator, before }: KeyFacts, bring: string): Decision {
  const [key] = keys;
  if (want === undefined)
    return key
      ? changes(...keys.map(({ id }) => ({ action: 'delete', what: `key pair ${id}` }) as const))
      : done('there is none');
  if (!key) return changes({ action: 'create', what: `key pair ${want.name}` });
  if (operator === undefined)
    return unknown(`AWS has the key pair ${key.name}, and its private half is not on this computer: ${bring}`);
  if (key.publicKey === before) return changes({ action: 'replace', what: `key pair ${key.name}` });
  if (key.publicKey !== operator)
    return unknown(`the key pair ${key.name} in AWS is another than the operator's key on this computer: ${bring}`);
  return done(`${key.name} is the operator's`);
}

async function apply(cloud: Cloud, change: Change, ctx: Ctx): Promise<unknown> {
  if (change.action === 'replace')
    for (const { KeyPairId = '' } of await cloud.view.look('keys')) await remove(cloud, KeyPairId, ctx);
  if (change.action === 'delete') return remove(cloud, change.what.replace('key pair ', ''), ctx);
  const PublicKeyMaterial = Buffer.from(await operatorKey(cloud.site.name, ctx.secrets));
  const request = { KeyName: keyName(cloud), PublicKeyMaterial, ...tagged(cloud, ctx, 'key', 'key-pair') };
  const create = () => ask(cloud, `bring the ${change.what}`, sdk => new sdk.ImportKeyPairCommand(request));
  return createOnce({ change, find: async () => (await cloud.view.look('keys'))[0], create }, ctx);
}

const remove = (cloud: Cloud, KeyPairId: string, ctx: Ctx) =>
  removeWhole(
    `key pair ${KeyPairId}`,
    () => repeat(cloud, `remove the key pair ${KeyPairId}`, sdk => new sdk.DeleteKeyPairCommand({ KeyPairId })),
    async () => (await cloud.view.look('keys')).some(key => key.KeyPairId === KeyPairId),
    ctx,
  );
