import type { Change, Credential, Ctx, Decision, Step } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { createSshKeyPair, freshOf, oldOf, putFresh, type Secret, Secret as SecretOf } from '../secret/index.ts';
import { minutes } from '../time/index.ts';
import { OPERATOR_KEY, OPERATOR_PUBLIC } from './keys.ts';

/** Whether a host lets this key in, by a connection of its own. Errors: those of the way there. */
export type TryLogin = (host: string, identity: Secret) => Promise<boolean>;

/** The key with which muster logs in to machines that it made. A host's own key says who it is, and stays. */
export const loginCredential = (site: Site, tryLogin: TryLogin): Credential => ({
  id: 'ssh',
  title: 'The key that logs in to the machines',
  secrets: [OPERATOR_KEY, OPERATOR_PUBLIC],
  async make({ secrets }) {
    const { publicKey, privateKey } = await createSshKeyPair(`muster-${site.name}`);
    await putFresh(secrets, OPERATOR_KEY, privateKey);
    await putFresh(secrets, OPERATOR_PUBLIC, new SecretOf(publicKey));
  },
  before: site.hosts.map(({ name }) => allowStep(site, name)),
  follows: site.provider.kind === 'ec2' ? ['ec2.key'] : [],
  after: site.hosts.map(({ name }) => forbidStep(site, name, tryLogin)),
});

const target = (site: Site, name: string) => ({ site: site.name, kind: 'host' as const, name });
const one = (change: Change): Decision => ({ is: 'changes', changes: [change] });

const LINE = 'f=$HOME/.ssh/authorized_keys; ';
const HAS = `${LINE}grep -qxF "$1" "$f"`;
/** A last line without its end would swallow what follows. */
const ADD = `${LINE}set -e; umask 077; test -z "$(tail -c 1 "$f")" || echo >> "$f"; printf '%s\\n' "$1" >> "$f"; sync -f "$f"`;
const DROP = `${LINE}set -e; umask 077; grep -vxF "$1" "$f" > "$f.new" || test $? = 1; mv "$f.new" "$f"; sync -f "$f"`;

/** host.allow: the new key is let in, beside the old one. */
const allowStep = (site: Site, host: string): Step<object, { allowed: boolean }> => ({
  id: 'host.allow',
  title: `Let the new key into ${host}`,
  target: target(site, host),
  want: {},
  deadline: minutes(1),
  async observe(ctx) {
    const line = await freshOf(ctx.secrets, OPERATOR_PUBLIC);
    return { allowed: !line || (await has(host, line, ctx)) };
  },
  decide: (_, { allowed }) =>
    allowed
      ? { is: 'done', reason: 'it is let in' }
      : one({ action: 'create', what: `new key in ${host}`, grade: 'known' }),
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const line = await freshOf(ctx.secrets, OPERATOR_PUBLIC);
      if (line) await (await ctx.shell(host)).run({ script: ADD, args: [line.reveal()] });
    }),
});

async function has(host: string, line: Secret, ctx: Ctx): Promise<boolean> {
  const { code } = await (await ctx.shell(host)).exec({ script: HAS, args: [line.reveal()] });
  return code === 0;
}

/** host.forbid: only the new key logs in. Both are tried; the old one goes only when the new one was seen to work. */
const forbidStep = (site: Site, host: string, tryLogin: TryLogin): Step<object, { fresh: boolean; old: boolean }> => ({
  id: 'host.forbid',
  title: `Let the old key into ${host} no more`,
  target: target(site, host),
  want: {},
  deadline: minutes(2),
  async observe(ctx) {
    const [fresh, old] = [await ctx.secrets.get(OPERATOR_KEY), await oldOf(ctx.secrets, OPERATOR_KEY)];
    return {
      fresh: fresh !== undefined && (await tryLogin(host, fresh)),
      old: old !== undefined && (await tryLogin(host, old)),
    };
  },
  decide: (_, { fresh, old }) => {
    if (!fresh) return { is: 'unknown', reason: `${host} does not let the new key in: the old one stays` };
    if (!old) return { is: 'done', reason: 'only the new key logs in' };
    return one({ action: 'delete', what: `old key in ${host}`, grade: 'known' });
  },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const line = await oldOf(ctx.secrets, OPERATOR_PUBLIC);
      if (!line) throw new OpsError('KEY_MISSING', `cannot take the old key out of ${host}: it is not kept here`);
      await (await ctx.shell(host)).run({ script: DROP, args: [line.reveal()] });
    }),
});
