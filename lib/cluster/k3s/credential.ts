import type { Change, Credential, Ctx, Decision, Shell, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { keepOld, oldOf, Secret } from '../../secret/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { type LetIn, letsTokenIn } from '../api/bearer.ts';
import { TOKEN_SECRET } from './configure.ts';
import { BINARY, TOKEN } from './files.ts';
import { ROOT } from './host.ts';
import { START } from './serve.ts';

/** Where k3s itself keeps the token of its datastore, in the full form. */
const OWN = '/var/lib/rancher/k3s/server/token';

/**
 * k3s makes the new token and says it: given to `k3s token rotate` it would stand in an argument. From there on its own
 * file has it, so that a killed run finds it again.
 */
export const tokenCredential = (site: Site): Credential => ({
  id: 'token',
  title: "The cluster's token, which opens its datastore and lets nodes join",
  secrets: [],
  make: async () => {},
  before: [],
  follows: [],
  after: [tokenStep(site)],
});

export interface TokenFacts {
  /** The datastore's: as it was before this rotation, or another. */
  datastore: 'old' | 'new';
  /** It is the one that is kept here. */
  kept: boolean;
  /** k3s is told so where it is configured. */
  configured: boolean;
  /** The API lets the old one in; the new one. */
  old: LetIn;
  fresh: LetIn;
}

const ROTATE = 'token of the datastore';
const KEEP = 'token, kept here';
const RESTART = 'k3s, with the new token';

const tokenStep = (site: Site): Step<object, TokenFacts> => ({
  id: 'k3s.token',
  title: "Change the cluster's token",
  target: { site: site.name, kind: 'host', name: serverOf(site) },
  want: {},
  deadline: minutes(6),
  observe: ctx => observe(site, ctx),
  decide: (_, facts) => decideToken(facts),
  apply: (change, ctx) => ctx.effect(change, () => act(site, change, ctx)),
});

const serverOf = ({ hosts }: Site) => hosts.find(({ role }) => role === 'server')?.name ?? '';

export function decideToken({ datastore, kept, configured, old, fresh }: TokenFacts): Decision {
  const made = datastore === 'new';
  const grade = made ? 'known' : 'predicted';
  const changes: Change[] = [];
  if (!made) changes.push({ action: 'update', what: ROTATE, grade: 'known', secret: true });
  if (!made || !kept) changes.push({ action: 'update', what: KEEP, grade, secret: true });
  if (!made || !kept || !configured || old !== 'no' || fresh !== 'yes')
    changes.push({ action: 'replace', what: RESTART, grade });
  if (changes.length > 0) return { is: 'changes', changes };
  return { is: 'done', reason: 'the API lets the new token in, and the old one no more' };
}

async function observe(site: Site, ctx: Ctx): Promise<TokenFacts> {
  const [shell, kept, old] = [
    await ctx.shell(serverOf(site)),
    await ctx.secrets.get(TOKEN_SECRET),
    await oldOf(ctx.secrets, TOKEN_SECRET),
  ];
  const own = await ownToken(shell);
  const before = old ?? kept;
  const ask = async (token: Secret | undefined): Promise<LetIn> =>
    token ? letsTokenIn(ctx.run.dirs.project, site.name, token) : { silent: 'there is none' };
  const configured = (await shell.exec(['cat', TOKEN], ROOT)).stdout.text;
  return {
    datastore: before !== undefined && own.equals(before) ? 'old' : 'new',
    kept: kept?.equals(own) ?? false,
    configured: own.equals(configured),
    old: await ask(before),
    fresh: await ask(own),
  };
}

/** The password of the full form. */
async function ownToken(shell: Shell): Promise<Secret> {
  const { stdout, code } = await shell.exec(['cat', OWN], ROOT);
  const password = /^K10[0-9a-f]{64}::[^:]+:(\S+)\s*$/.exec(stdout.text)?.[1];
  if (code === 0 && password !== undefined) return new Secret(password);
  throw new OpsError('STEP_UNKNOWN', `cannot read the token of ${shell.host}: ${OWN} has none`);
}

async function act(site: Site, { what }: Change, ctx: Ctx): Promise<void> {
  const shell = await ctx.shell(serverOf(site));
  const kept = await ctx.secrets.get(TOKEN_SECRET);
  if (what === ROTATE) {
    if (kept) await keepOld(ctx.secrets, TOKEN_SECRET, kept);
    await shell.run([BINARY, 'token', 'rotate'], { ...ROOT, timeout: minutes(1) });
    return;
  }
  const own = await ownToken(shell);
  if (what === KEEP) return ctx.secrets.put(TOKEN_SECRET, own);
  await shell.upload({ content: own }, TOKEN, { mode: 0o600, ...ROOT });
  await shell.run({ script: START }, ROOT);
  await ctx.wait({
    what: 'the API with the new token',
    deadline: minutes(5),
    every: seconds(1),
    hint: `on ${shell.host}: journalctl -u k3s -e`,
    probe: async () => {
      const { old, fresh } = await observe(site, ctx);
      if (old === 'no' && fresh === 'yes') return { value: true };
      return { saw: `the new token: ${shown(fresh)}, the old one: ${shown(old)}` };
    },
  });
}

const shown = (is: LetIn) => (typeof is === 'string' ? is : is.silent);
