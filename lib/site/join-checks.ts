import { type Copy, copiesOf, generations } from '../backup/escrow/generations.ts';
import { generationHere } from '../backup/escrow/in-use.ts';
import {
  type Check,
  type CheckResult,
  escrowOf,
  listSets,
  newestComplete,
  publicKeyPath,
  readPublicKey,
} from '../backup/index.ts';
import type { AnyStep } from '../engine/index.ts';
import { EXIT, isOpsError, OpsError, oneLine } from '../errors/index.ts';
import { hasRoles, letsIn, type Role, storeAccess } from '../store/index.ts';
import type { OpenSite } from './open.ts';
import { runVerb } from './run-verb.ts';

type Seen = Pick<CheckResult, 'state' | 'got' | 'code' | 'details'>;
type EntryCheck = Check<OpenSite>;

const about = { source: 'site', level: 'L7', required: true } as const;

/** The ways into a site, each tried from this computer. `way`: steps that write down how its cluster is reached. */
export const entryChecks = (way: readonly AnyStep[]): EntryCheck[] =>
  checksOf(way).map(({ look, ...check }) => ({
    ...check,
    look: open =>
      look(open).catch(error => {
        open.signal.throwIfAborted();
        throw asUnrun(error);
      }),
  }));

const checksOf = (way: readonly AnyStep[]): EntryCheck[] => [
  {
    ...about,
    id: 'join.machines',
    title: 'Every machine shows the host key that is known of it, and lets the key of the site in',
    expected: 'each of the inventory',
    look: async open => machinesSeen(await Promise.all(open.site.hosts.map(({ name }) => logIn(open, name)))),
  },
  {
    ...about,
    id: 'join.cluster',
    title: 'The cluster lets this computer in',
    expected: 'its namespace kube-system',
    async look(open) {
      await runVerb(open, 'join', way, { retain: true });
      const api = await open.ports.cluster(open.site.name);
      const found = await api.get({ apiVersion: 'v1', kind: 'Namespace', name: 'kube-system' }).catch(refusedOr);
      if (found instanceof OpsError) return { state: 'failed', code: found.code, got: oneLine(found) };
      if (found) return { state: 'passed', got: `it answers ${found.metadata.name}` };
      return { state: 'failed', code: 'OBJECT_MISSING', got: 'it answers, and has no namespace kube-system' };
    },
  },
  {
    ...about,
    id: 'join.store',
    title: 'The store lets the keys of this computer in',
    expected: 'the keys of every role',
    look: async open => storeSeen(await Promise.all(rolesOf(open).map(role => tryRole(open, role)))),
  },
  {
    ...about,
    id: 'join.sets',
    title: "The newest set is one of this site's signer, and opens with what is here",
    expected: 'a complete set, of no newer generation than the one here',
    look: newestSet,
  },
  {
    ...about,
    id: 'join.escrow',
    title: 'Both places of the escrow are here: a backup writes to each',
    expected: 'the newest generation, the same in each',
    async look({ site }) {
      const at = escrowOf(site);
      const newest = (await generations(at)).at(-1) ?? 0;
      return copiesSeen(newest, await copiesOf(at, newest));
    },
  },
];

/** A place that lacks the newest may be a copy of before, or another directory than the one that all write to. Pure. */
export function copiesSeen(newest: number, copies: readonly Pick<Copy, 'place' | 'is'>[]): Seen {
  const got = `generation ${newest} in ${copies.map(({ place, is }) => `${place}: ${is}`).join(', ')}`;
  if (copies.some(({ is }) => is === 'differs')) return { state: 'failed', code: 'ESCROW_ABSENT', got };
  if (copies.every(({ is }) => is === 'whole')) return { state: 'passed', got };
  throw new OpsError('CHECK_UNRUN', `cannot tell whether a backup here reaches both places: ${got}`);
}

/** Its no is an answer. */
const refusedOr = (error: unknown): OpsError => {
  if (isOpsError(error, 'CLUSTER_REFUSED')) return error;
  throw error;
};

interface Tried {
  name: string;
  /** undefined: it lets us in. */
  wrong?: unknown;
}

async function logIn({ ports }: OpenSite, name: string): Promise<Tried> {
  try {
    await (await ports.shell(name)).run(['true']);
    return { name };
  } catch (wrong) {
    return { name, wrong };
  }
}

/** What a machine answered is known; one that did not answer is unknown. Pure. */
export function machinesSeen(tried: readonly Tried[]): Seen {
  if (tried.length === 0) return { state: 'passed', got: 'nobody logs in to nodes that its cloud makes' };
  const refused = tried.find(
    ({ wrong }) => isOpsError(wrong, 'SSH_AUTH_REFUSED') || isOpsError(wrong, 'HOST_KEY_CHANGED'),
  );
  if (isOpsError(refused?.wrong)) {
    const details = tried.flatMap(({ name, wrong }) => (wrong === undefined ? [] : [`${name}: ${oneLine(wrong)}`]));
    return { state: 'failed', code: refused.wrong.code, got: details[0] ?? '', details };
  }
  for (const { wrong } of tried) if (wrong !== undefined) throw wrong;
  return { state: 'passed', got: tried.map(({ name }) => name).join(', ') };
}

/** A role without keys of its own has the site's. */
const rolesOf = ({ site }: OpenSite): Role[] => (hasRoles(site) ? ['site', 'reader', 'admin'] : ['site']);

async function tryRole({ site, dirs, ports, signal }: OpenSite, role: Role): Promise<Tried> {
  try {
    const access = await storeAccess(site, role, { dirs, secrets: ports.secrets });
    if (await letsIn(access, { clock: ports.clock, signal, random: Math.random })) return { name: role };
    return {
      name: role,
      wrong: new OpsError('STORE_REFUSED', `cannot use the keys of ${role}: the store refuses them`),
    };
  } catch (wrong) {
    return { name: role, wrong };
  }
}

/** Keys that are not on this computer, as a variable that is not set, tell nothing. Pure. */
export function storeSeen(tried: readonly Tried[]): Seen {
  const refused = tried.filter(({ wrong }) => isOpsError(wrong, 'STORE_REFUSED'));
  const details = refused.map(({ wrong }) => oneLine(wrong));
  if (details[0] !== undefined) return { state: 'failed', code: 'STORE_REFUSED', got: details[0], details };
  for (const { wrong } of tried) if (wrong !== undefined) throw wrong;
  return { state: 'passed', got: tried.map(({ name }) => name).join(', ') };
}

/** What went wrong on the way tells nothing of what is there, whatever it means elsewhere: a variable that is not set, say. */
const asUnrun = (wrong: unknown) =>
  isOpsError(wrong) && wrong.exit !== EXIT.unknown && !/^(STORE|CLUSTER|SHELL)_/.test(wrong.code)
    ? new OpsError('CHECK_UNRUN', wrong.message, { cause: wrong, hint: wrong.hint })
    : wrong;

async function newestSet({ site, dirs, ports }: OpenSite): Promise<Seen> {
  const publicKey = await readPublicKey(publicKeyPath(site, dirs.project));
  const now = new Date(ports.clock.now());
  const { rows } = await listSets(await ports.store(site.name), { site, publicKey, now, proven: () => undefined });
  const newest = newestComplete(rows);
  const generation = newest?.set?.manifest.escrowGeneration;
  if (!newest || generation === undefined)
    throw new OpsError('CHECK_UNRUN', `cannot tell: ${site.name} has no complete set`);
  const here = await generationHere(dirs.state);
  const got = `${newest.id}, of generation ${generation}`;
  if (generation <= here) return { state: 'passed', got };
  return { state: 'failed', code: 'SECRETS_STALE', got: `${got}; here is ${here}` };
}
