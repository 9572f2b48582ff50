import type { Change, Ctx, Decision, Need, Step } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import type { SecretStore } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';
import type { Secrets } from './document.ts';
import { generations, openEscrow } from './generations.ts';
import { type EscrowAt, readIdentity } from './place.ts';

/** Which secrets of which generation a site is to have. */
export interface OpenWant {
  /** Whose escrow: in a rehearsal another site's. */
  of: string;
  /** Absent: the newest. */
  generation?: number;
  /** Prefixes of names; absent: all of them. */
  only?: readonly string[];
  /** Prefixes of those of which what is there wins, also in a rebuild: the way to the store may be younger than the set. */
  keep?: readonly string[];
  /** rebuild: the escrow must be there, and another value is refused. adopt: what is there wins, and no escrow is fine. */
  mode: 'rebuild' | 'adopt';
}

export interface OpenFacts {
  /** undefined: there is no escrow yet. */
  generation: number | undefined;
  absent: string[];
  different: string[];
  same: number;
}

/**
 * escrow.open: a site gets its secrets back before anything generates new ones. Never writes over another value.
 * Errors: ESCROW_ABSENT, KEY_MISSING, KEY_WRONG; RESTORE_TARGET: the site has other secrets of these names.
 */
export function escrowOpenStep(
  into: string,
  at: EscrowAt,
  want: Omit<OpenWant, 'of'>,
  needs: readonly Need[] = [],
): Step<OpenWant, OpenFacts> {
  return {
    id: 'escrow.open',
    title: 'Take the secrets out of the escrow',
    target: { site: into, kind: 'site', name: into },
    want: { ...want, of: at.site },
    needs,
    deadline: minutes(1),
    observe: ctx => observeSecrets(at, want, ctx.secrets),
    decide: (_, facts) => decideOpen(facts),
    apply: (change, ctx) => ctx.effect(change, () => fill(at, want, change, ctx)),
  };
}

async function observeSecrets(at: EscrowAt, want: Omit<OpenWant, 'of'>, store: SecretStore): Promise<OpenFacts> {
  const opened = await open(at, want);
  const facts: OpenFacts = { generation: opened?.generation, absent: [], different: [], same: 0 };
  for (const [name, secret] of opened?.secrets ?? []) {
    const kept = await store.get(name);
    if (!kept) facts.absent.push(name);
    else if (kept.equals(secret) || want.keep?.some(prefix => name.startsWith(prefix))) facts.same++;
    else facts.different.push(name);
  }
  if (want.mode === 'rebuild' && facts.different.length > 0) throw otherValues(at, facts.different);
  return facts;
}

const otherValues = ({ site }: EscrowAt, details: string[]) =>
  new OpsError(
    'RESTORE_TARGET',
    `cannot take ${details.length} secrets out of the escrow of ${site}: other values are there`,
    {
      details,
      hint: `if they are of the site that is lost: ./muster destroy --site ${site} --confirm=${site} removes them, not the escrow`,
    },
  );

export function decideOpen({ generation, absent, different, same }: OpenFacts): Decision {
  if (generation === undefined) return { is: 'done', reason: 'no escrow yet' };
  if (absent.length === 0) {
    const kept = different.length > 0 ? `, ${different.length} that are there differ and stay` : '';
    return { is: 'done', reason: `${same} secrets are as in generation ${generation}${kept}` };
  }
  const create = (name: string): Change => ({ action: 'create', what: `secret ${name}`, grade: 'known', secret: true });
  return { is: 'changes', changes: absent.map(create) };
}

async function fill(
  at: EscrowAt,
  want: Omit<OpenWant, 'of'>,
  { what }: Change,
  { secrets: store }: Ctx,
): Promise<void> {
  const name = what.slice('secret '.length);
  const secret = (await open(at, want))?.secrets.get(name);
  if (!secret)
    throw new OpsError('KEY_MISSING', `cannot take ${name} out of the escrow of ${at.site}: it is not in it`);
  await store.put(name, secret);
}

async function open(
  at: EscrowAt,
  want: Omit<OpenWant, 'of'>,
): Promise<{ generation: number; secrets: Secrets } | undefined> {
  if (want.mode === 'adopt' && (await nothingYet(at))) return undefined;
  const opened = await openEscrow(at, await readIdentity(at), want.generation);
  const { only } = want;
  const wanted = ([name]: [string, unknown]) => !only || only.some(prefix => name.startsWith(prefix));
  return { ...opened, secrets: new Map([...opened.secrets].filter(wanted)) };
}

/** A lab that was never backed up; or private halves that are offline: a person opens those, and nothing is adopted. */
async function nothingYet(at: EscrowAt): Promise<boolean> {
  if (!at.made && !(await readIdentity(at))) return true;
  try {
    return (await generations(at)).length === 0;
  } catch (error) {
    if (isOpsError(error, 'ESCROW_ABSENT')) return true;
    throw error;
  }
}
