import { execFile } from 'node:child_process';
import { OpsError } from '../../errors/index.ts';
import { seconds } from '../../time/index.ts';
import { Masker } from '../masker.ts';
import { hasCode } from '../private-file.ts';
import type { Secret } from '../secret.ts';
import { fieldOf, findItem, isObject, type Place } from './bw-item.ts';
import type { ReferenceDeps } from './deps.ts';

/** What bw may know of our environment. Its own switches (BW_QUIET, BW_CLEANEXIT, BW_RAW) would change its answers. */
const HANDED_ON = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'BITWARDENCLI_APPDATA_DIR', 'NODE_EXTRA_CA_CERTS', 'BW_SESSION'];
const DEADLINE = seconds(60);
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** bw:ITEM/FIELD. ITEM is an id or the exact name; FIELD is password, username, notes or the name of a custom field. */
export async function fromVault(place: string, deps: ReferenceDeps): Promise<Secret> {
  const [, item, field] = /^([^-].*)\/([^/]+)$/.exec(place) ?? [];
  if (!item || !field)
    throw new OpsError('SECRET_REFERENCE_INVALID', `cannot use bw:${place}: an item and a field are expected`);
  if (!deps.env.BW_SESSION) throw new OpsError('VAULT_LOCKED', `cannot read bw:${place}: BW_SESSION is not set`);
  const wanted: Place = { reference: `bw:${place}`, item, field };
  // bw finds a name anywhere inside a name, and of two equal ones takes the newer: it searches, the choice is ours.
  const command = ID.test(item) ? ['get', 'item', item] : ['list', 'items', '--search', item];
  const answer = parse(await ask(command, wanted, deps), wanted);
  return fieldOf(findItem(Array.isArray(answer) ? answer : [answer], wanted), wanted);
}

async function ask(command: string[], wanted: Place, deps: ReferenceDeps): Promise<string> {
  const { error, stdout, stderr } = await bw(command, deps);
  if (error === null) return stdout;
  if (hasCode(error, 'ENOENT'))
    throw new OpsError('VAULT_UNAVAILABLE', `cannot read ${wanted.reference}: there is no bw in PATH`, {
      hint: 'install the Bitwarden CLI (bw)',
      cause: error,
    });
  if (/^Not found\.?$/m.test(stderr))
    throw new OpsError('SECRET_MISSING', `cannot read ${wanted.reference}: the vault has no such item`);
  // Why it failed is read from its state, which it answers offline, and not from its words.
  const status = await bw(['status'], deps);
  const state = /"status":\s*"(\w+)"/.exec(status.stdout)?.[1];
  if (state === 'locked' || state === 'unauthenticated')
    throw new OpsError('VAULT_LOCKED', `cannot read ${wanted.reference}: the vault is ${state}`);
  throw new OpsError('VAULT_UNAVAILABLE', `cannot read ${wanted.reference}: ${reason(error)}`, {
    details: withoutSession(stderr, deps),
  });
}

interface Answer {
  error: Error | null;
  stdout: string;
  stderr: string;
}

/** argv holds ids and names only; the session travels in the environment. */
function bw(command: string[], { env, signal }: ReferenceDeps): Promise<Answer> {
  const known = HANDED_ON.flatMap(name => (env[name] === undefined ? [] : [[name, env[name]]]));
  const options = {
    env: { ...Object.fromEntries(known), BW_NOINTERACTION: 'true' },
    timeout: DEADLINE,
    killSignal: 'SIGKILL',
    maxBuffer: 16 * 1024 * 1024,
    ...(signal ? { signal } : {}),
  } as const;
  return new Promise(done => {
    const child = execFile('bw', command, options, (error, stdout, stderr) => done({ error, stdout, stderr }));
    child.stdin?.end();
  });
}

/** Node's own message for a failed child holds its whole command line and output. */
function reason(error: Error): string {
  if ('killed' in error && error.killed) return `bw did not answer within ${DEADLINE / 1000} s`;
  return 'code' in error && typeof error.code === 'number' ? `bw ended with ${error.code}` : 'bw could not be run';
}

function withoutSession(stderr: string, { env }: ReferenceDeps): string[] {
  const masker = new Masker();
  masker.add(env.BW_SESSION ?? '');
  return masker.mask(stderr).trim().split('\n').slice(-5);
}

function parse(text: string, wanted: Place): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // The text is not quoted: it may hold what was asked for.
  }
  throw new OpsError('VAULT_UNAVAILABLE', `cannot read ${wanted.reference}: bw did not answer with JSON`);
}
