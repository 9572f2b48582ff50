import type { Ctx } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { createSshKeyPair, Secret, type SecretStore } from '../secret/index.ts';

export const OPERATOR_KEY = 'ssh/operator';
export const OPERATOR_PUBLIC = 'ssh/operator.pub';
const hostKeyName = (machine: string) => `ssh/${machine}-host-key`;
const hostPublic = (machine: string) => `ssh/${machine}-host-key.pub`;

/** A host key for the machine, and the site's login key if it has none yet. Gives the host's public key line. */
export async function createKeys(site: string, machine: string, { secrets }: Ctx): Promise<string> {
  const { publicKey, privateKey } = await createSshKeyPair(machine);
  await secrets.put(hostKeyName(machine), privateKey);
  await operatorKey(site, secrets);
  return publicKey;
}

/** OpenSSH public key line of the site's login key; undefined: it has none yet. */
export const knownOperatorKey = async (secrets: SecretStore): Promise<string | undefined> =>
  (await secrets.get(OPERATOR_PUBLIC))?.reveal();

/** The same, made if there is none. */
export async function operatorKey(site: string, secrets: SecretStore): Promise<string> {
  const known = await knownOperatorKey(secrets);
  if (known !== undefined) return known;
  const operator = await createSshKeyPair(`muster-${site}`);
  await secrets.put(OPERATOR_KEY, operator.privateKey);
  await secrets.put(OPERATOR_PUBLIC, new Secret(operator.publicKey));
  return operator.publicKey;
}

/** The machine's host key, made if there is none: its public key line lies beside it. */
export async function hostKey(machine: string, secrets: SecretStore): Promise<string> {
  const known = await secrets.get(hostPublic(machine));
  if (known && (await secrets.get(hostKeyName(machine)))) return known.reveal();
  const { publicKey, privateKey } = await createSshKeyPair(machine);
  await secrets.put(hostKeyName(machine), privateKey);
  await secrets.put(hostPublic(machine), new Secret(publicKey));
  return publicKey;
}

/** What is planted before the first boot: no key is ever taken on trust. */
export interface PlantedKeys {
  hostPrivateKey: Secret;
  /** OpenSSH public key line of the one who logs in. */
  operatorKey: string;
}

/** Errors: MACHINE_DAMAGED. */
export async function plantedKeys(machine: string, { secrets, run }: Ctx): Promise<PlantedKeys> {
  const [hostPrivateKey, operator] = await Promise.all([
    secrets.get(hostKeyName(machine)),
    secrets.get(OPERATOR_PUBLIC),
  ]);
  if (hostPrivateKey && operator) return { hostPrivateKey, operatorKey: operator.reveal() };
  throw new OpsError('MACHINE_DAMAGED', `cannot plant the keys of ${machine}: they are gone from ${run.dirs.state}`);
}
