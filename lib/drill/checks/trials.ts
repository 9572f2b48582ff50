import { DATABASE_POD, NAMESPACE } from '../../addon/app/app.ts';
import { ask, webUrl } from '../../addon/app/endpoint.ts';
import { logsIn } from '../../addon/app/login.ts';
import { DATABASE_ROLES, passwordName } from '../../addon/app/roles.ts';
import { AUTHORITY } from '../../addon/site-ca/steps.ts';
import { copiesOf, generations } from '../../backup/escrow/generations.ts';
import { IDENTITY, opens } from '../../backup/escrow/identity.ts';
import { escrowOf, publicKeyPath, readIdentity, readPublicKey, signatureFlaw, signBytes } from '../../backup/index.ts';
import { CIPHER, repositoryKeysOf } from '../../backup/postgres/repository.ts';
import { parseSigner, SIGNER } from '../../backup/sign.ts';
import { kopiaOpens } from '../../backup/velero/credential.ts';
import { REPOSITORY_PASSWORD } from '../../backup/velero/names.ts';
import { letsTokenIn } from '../../cluster/api/bearer.ts';
import { TOKEN_SECRET } from '../../cluster/k3s/configure.ts';
import { isOpsError, OpsError, oneLine } from '../../errors/index.ts';
import { OPERATOR_KEY } from '../../host/keys.ts';
import { oldOf, type Secret, type SecretStore } from '../../secret/index.ts';
import type { OpenSite } from '../../site/index.ts';
import { tryLoginOf } from '../../site/login.ts';
import { letsIn, type Role, secretNames, storeAccess, storeFiles, storeSecrets } from '../../store/index.ts';
import { seconds } from '../../time/index.ts';
import { surroundingsOf } from './surroundings.ts';

/** One way in, tried with a value. Throws when nothing can be told. */
export interface Trial {
  /** Of the credential: 'database'. */
  id: string;
  /** Whether the value of before opens it; undefined: there is none, since it was not changed. */
  old(): Promise<boolean | undefined>;
  fresh(): Promise<boolean>;
  /** What is tried: 'role app'. */
  what: string;
}

/** A name of the SecretStore, tried in one way. */
function trial(
  open: OpenSite,
  at: { id: string; what: string; name: string },
  lets: (value: Secret) => Promise<boolean>,
): Trial {
  const { secrets } = open.ports;
  return {
    ...at,
    async old() {
      const value = await oldOf(secrets, at.name);
      return value && lets(value);
    },
    async fresh() {
      const value = await secrets.get(at.name);
      return value !== undefined && lets(value);
    },
  };
}

/** Every credential of a lab, by the way that somebody who has it would take. */
export const trialsOf = (open: OpenSite): Trial[] => [
  ...DATABASE_ROLES.map(role =>
    trial(open, { id: 'database', what: `role ${role}`, name: passwordName(role) }, value =>
      roleGetsIn(open, role, value),
    ),
  ),
  ...(['site', 'reader', 'admin'] as const).map(role => storeTrial(open, role)),
  trial(open, { id: 'token', what: 'the API', name: TOKEN_SECRET }, value => tokenOpens(open, value)),
  trial(open, { id: 'archive', what: 'the archive that is written', name: CIPHER }, value => archiveOpens(open, value)),
  trial(open, { id: 'volumes', what: 'the volume backups', name: REPOSITORY_PASSWORD }, value =>
    kopiaOpens(open.site, NAMESPACE, value, surroundingsOf(open)),
  ),
  trial(open, { id: 'ca', what: 'the front door', name: AUTHORITY.certificate }, value => vouches(open, value)),
  ...open.site.hosts.map(({ name }) =>
    trial(open, { id: 'ssh', what: name, name: OPERATOR_KEY }, value => tryLoginOf(open)(name, value)),
  ),
  trial(open, { id: 'signer', what: 'a set', name: SIGNER }, value => signs(open, value)),
  identityTrial(open),
];

async function roleGetsIn({ site, ports }: OpenSite, role: string, password: Secret): Promise<boolean> {
  try {
    return await logsIn(await ports.cluster(site.name), role, password);
  } catch (cause) {
    throw new OpsError('CHECK_UNRUN', `cannot tell whether role ${role} gets in: ${oneLine(cause)}`, { cause });
  }
}

function storeTrial(open: OpenSite, role: Role): Trial {
  const { site, dirs, ports, signal } = open;
  const secrets = role === 'admin' ? storeSecrets(storeFiles(dirs.project, site.name)) : ports.secrets;
  const { access, secret } = secretNames(role);
  const tried = async (read: (from: SecretStore, name: string) => Promise<Secret | undefined>) => {
    const [accessKey, secretKey] = [await read(secrets, access), await read(secrets, secret)];
    if (!accessKey || !secretKey) return undefined;
    const to = await storeAccess(site, 'reader', { dirs, secrets: ports.secrets });
    return letsIn({ ...to, accessKey, secretKey }, { clock: ports.clock, signal, random: Math.random });
  };
  return {
    id: 'store',
    what: `role ${role}`,
    old: () => tried(oldOf),
    fresh: async () => (await tried((from, name) => from.get(name))) ?? false,
  };
}

async function tokenOpens({ site, dirs }: OpenSite, token: Secret): Promise<boolean> {
  const is = await letsTokenIn(dirs.project, site.name, token);
  if (typeof is === 'string') return is === 'yes';
  throw new OpsError('CHECK_UNRUN', `cannot tell whether the API knows a token: ${is.silent}`);
}

/** pgBackRest takes a setting of its environment before that of its file. */
async function archiveOpens({ site, ports }: OpenSite, cipher: Secret): Promise<boolean> {
  const [api, { stanza }] = await Promise.all([ports.cluster(site.name), repositoryKeysOf(ports.secrets)]);
  const script = `PGBACKREST_REPO1_CIPHER_PASS='${cipher.reveal()}' pgbackrest --stanza=${stanza} --output=json info\n`;
  const { stdout, stderr } = await api.exec(DATABASE_POD, ['sh', '-s'], { stdin: script, timeout: seconds(60) });
  if (/"status":\{"code":[02],/.test(stdout.text)) return true;
  const said = stdout.text + stderr.text;
  if (/CryptoError|FormatError|unable to load info file|was the repo encrypted/.test(said)) return false;
  throw new OpsError('CHECK_UNRUN', `cannot tell whether the archive opens: ${said.slice(0, 300)}`);
}

async function vouches({ site, provider, signal }: OpenSite, authority: Secret): Promise<boolean> {
  try {
    await ask(`${await webUrl(site, provider)}/api/health`, authority.reveal(), { timeout: seconds(30), signal });
    return true;
  } catch (error) {
    const code =
      isOpsError(error) && error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : '';
    if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) return false;
    throw error;
  }
}

async function signs({ site, dirs }: OpenSite, pem: Secret): Promise<boolean> {
  const bytes = Buffer.from('whose signature does a set take?');
  const publicKey = await readPublicKey(publicKeyPath(site, dirs.project));
  return signatureFlaw(bytes, Buffer.from(signBytes(bytes, parseSigner(pem))), publicKey) === undefined;
}

/** Of every generation, in every place: one that the old identity opens gives all that is in it away. */
function identityTrial({ site, ports }: OpenSite): Trial {
  const at = escrowOf(site);
  const texts = async () => {
    const all = await Promise.all(
      (await generations(at)).map(async number => ({ number, copies: await copiesOf(at, number) })),
    );
    return all.flatMap(({ number, copies }) =>
      copies.flatMap(({ text }) => (text === undefined ? [] : [{ number, text }])),
    );
  };
  return {
    id: 'identity',
    what: 'the escrow',
    async old() {
      const old = await oldOf(ports.secrets, IDENTITY);
      if (!old) return undefined;
      for (const { number, text } of await texts()) if (await opens(text, old.reveal(), number)) return true;
      return false;
    },
    async fresh() {
      const identity = await readIdentity(at);
      for (const { number, text } of await texts()) if (!(await opens(text, identity?.reveal(), number))) return false;
      return identity !== undefined;
    },
  };
}
