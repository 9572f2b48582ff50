import { Secret } from './secret.ts';
import type { SecretStore, Shape } from './store.ts';

/** A change of secrets under way: it outlives whoever carries it out. */
export interface Rotation {
  id: string;
  /** What is changed, by the names that a person types. */
  credentials: readonly string[];
}

const ALL = 'rotation/';
const PLAN = `${ALL}plan`;
const DONE = `${ALL}done`;
const freshName = (name: string) => `${ALL}new/${name}`;
const oldName = (name: string) => `${ALL}old/${name}`;

/** Values of before: no escrow gets them anew. New ones it does, before anything is changed to them. */
export const isOfRotation = (name: string): boolean => name.startsWith(ALL) && !name.startsWith(`${ALL}new/`);

/** The one that was begun and not ended. */
export async function rotationUnderWay(secrets: Pick<SecretStore, 'get'>): Promise<Rotation | undefined> {
  const text = await secrets.get(PLAN);
  return text && (JSON.parse(text.reveal()) as Rotation);
}

/** The id of the last one that ended. */
export const rotationEnded = async (secrets: Pick<SecretStore, 'get'>): Promise<string | undefined> =>
  (await secrets.get(DONE))?.reveal();

/** What a killed end of an earlier one left goes first: its old values are not this one's. */
export async function beginRotation(secrets: SecretStore, rotation: Rotation): Promise<void> {
  await sweep(secrets);
  await secrets.put(PLAN, new Secret(JSON.stringify(rotation)));
}

/** The value that is to come; undefined: it was not made, or it is in use already. */
export const freshOf = (secrets: Pick<SecretStore, 'get'>, name: string) => secrets.get(freshName(name));
/** The value of before; undefined: this rotation has not changed it. */
export const oldOf = (secrets: Pick<SecretStore, 'get'>, name: string) => secrets.get(oldName(name));

export const generateFresh = (secrets: SecretStore, name: string, shape: Shape): Promise<Secret> =>
  secrets.generate(freshName(name), shape);
export const putFresh = (secrets: SecretStore, name: string, value: Secret): Promise<void> =>
  secrets.put(freshName(name), value);

/** Of what is in no SecretStore. The first one counts: a killed run does not take a new value for the old one. */
export async function keepOld(secrets: SecretStore, name: string, value: Secret): Promise<void> {
  if (!(await oldOf(secrets, name))) await secrets.put(oldName(name), value);
}

/** From here on the new value is the site's. The old one is kept beside first: a killed run has both. */
export async function promote(secrets: SecretStore, name: string): Promise<void> {
  const [fresh, current] = [await freshOf(secrets, name), await secrets.get(name)];
  if (!fresh) return;
  if (current && !current.equals(fresh)) await secrets.put(oldName(name), current);
  await secrets.put(name, fresh);
  await secrets.remove(freshName(name));
}

/** Forgets the old values. Written down before they go: a killed run does not begin anew. */
export async function endRotation(secrets: SecretStore, id: string): Promise<void> {
  await secrets.put(DONE, new Secret(id));
  await sweep(secrets);
}

/** The plan last: until then it is under way. */
async function sweep(secrets: SecretStore): Promise<void> {
  const names = (await secrets.list()).filter(name => name.startsWith(ALL) && name !== DONE && name !== PLAN);
  for (const name of names) await secrets.remove(name);
  if (await secrets.get(PLAN)) await secrets.remove(PLAN);
}
