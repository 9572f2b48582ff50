import type { Client } from 'pg';
import type { Ctx, Decision, Need, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes, seconds } from '../../time/index.ts';
import { DATABASE_POD } from './app.ts';
import { asRole } from './login.ts';
import { PASSWORDS, type Role } from './manifests/want.ts';
import { scramMatches, scramVerifier } from './scram.ts';

export const DATABASE_ROLES = Object.keys(PASSWORDS) as Role[];
/** The SecretStore's name. */
export const passwordName = (role: Role): string => `app/${PASSWORDS[role]}-password`;

/** Roles whose password is another than the one that is kept here. */
export interface RoleFacts {
  different: Role[];
}

/**
 * app.roles: the database lets its roles in with the passwords that are kept here, and with no others. A changed Secret
 * changes no role, and a restored database has those of its backup.
 */
export const rolesStep = (site: Site, needs: readonly Need[] = []): Step<object, RoleFacts> => ({
  id: 'app.roles',
  title: 'Give the roles of the database the passwords that are kept here',
  target: { site: site.name, kind: 'cluster', name: site.name },
  want: {},
  needs,
  deadline: minutes(3),
  observe,
  decide: decideRoles,
  apply: (change, ctx) => ctx.effect(change, async () => setPasswords((await readVerifiers(ctx)).different, ctx)),
});

export function decideRoles(_: unknown, { different }: RoleFacts): Decision {
  if (different.length === 0) return { is: 'done', reason: 'every role has the password that is kept here' };
  const what = `password of ${different.join(', ')}`;
  return { is: 'changes', changes: [{ action: 'update', what, grade: 'known', secret: true }] };
}

/** A login is the effect itself, and starts no program: that of the role that sees the others'; else from within the pod. */
async function observe(ctx: Ctx): Promise<RoleFacts> {
  const kept = await ctx.secrets.get(passwordName('postgres'));
  const api = await ctx.cluster(ctx.target.site);
  const seen = kept && (await asRole(api, 'postgres', kept, verifiersOver).catch(() => undefined));
  return seen?.size === DATABASE_ROLES.length ? compared(seen, ctx) : readVerifiers(ctx);
}

const VERIFIERS = `SELECT rolname, rolpassword FROM pg_authid WHERE rolname IN (${DATABASE_ROLES.map(role => `'${role}'`).join(', ')});`;

async function verifiersOver(client: Client): Promise<Verifiers> {
  const { rows } = await client.query<{ rolname: string; rolpassword: string | null }>(VERIFIERS);
  return new Map(rows.map(({ rolname, rolpassword }) => [rolname, rolpassword ?? '']));
}

async function readVerifiers(ctx: Ctx): Promise<RoleFacts> {
  const rows = await psql(VERIFIERS, ctx);
  return compared(new Map(rows.split('\n').map(row => row.split('|') as [string, string])), ctx);
}

/** By the name of the role. */
type Verifiers = ReadonlyMap<string, string>;

async function compared(verifiers: Verifiers, ctx: Ctx): Promise<RoleFacts> {
  const different: Role[] = [];
  for (const role of DATABASE_ROLES) {
    const kept = await ctx.secrets.get(passwordName(role));
    // One that is not there yet is migrate's to make.
    if (kept && verifiers.has(role) && !scramMatches(verifiers.get(role) ?? '', kept.reveal())) different.push(role);
  }
  return { different };
}

/** Who came in with the old password is put out: a session outlives its password. */
async function setPasswords(roles: readonly Role[], ctx: Ctx): Promise<void> {
  const statements = await Promise.all(
    roles.map(async role => {
      const kept = await ctx.secrets.get(passwordName(role));
      if (!kept) throw new OpsError('SECRET_MISSING', `cannot set the password of ${role}: it is not kept here`);
      return `ALTER ROLE ${role} PASSWORD '${scramVerifier(kept.reveal())}';`;
    }),
  );
  const out = roles.map(
    role =>
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '${role}' AND client_addr IS NOT NULL;`,
  );
  await psql(['BEGIN;', ...statements, 'COMMIT;', ...out].join('\n'), ctx);
}

/** Inside the pod the operating system's user is proof. Errors: APP_DATABASE_UNREADABLE. */
async function psql(sql: string, ctx: Ctx): Promise<string> {
  const api = await ctx.cluster(ctx.target.site);
  const argv = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres'];
  const { code, stdout, stderr } = await api.exec(DATABASE_POD, argv, { stdin: sql, timeout: seconds(60) });
  if (code === 0) return stdout.text.trim();
  throw new OpsError('APP_DATABASE_UNREADABLE', `cannot look at the database's roles: psql ended with ${code}`, {
    details: stderr.text.trim().split('\n'),
  });
}
