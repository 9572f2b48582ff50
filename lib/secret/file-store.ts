import { randomInt, randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { OpsError, oneLine } from '../errors/index.ts';
import type { Masker } from './masker.ts';
import { hasCode, readPrivate, refuseExposed } from './private-file.ts';
import { Secret } from './secret.ts';
import type { SecretStore, Shape } from './store.ts';

const NAME = /^[a-z0-9][a-z0-9.-]*(\/[a-z0-9][a-z0-9.-]*){0,3}$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const SHORTEST = 16;

/**
 * Secrets as files, one each: 0600 in directories of 0700, whole or not at all.
 * Errors: SECRET_NAME_INVALID, SECRET_EXPOSED, SECRET_UNREADABLE, SECRET_WRITE.
 */
export class FileSecretStore implements SecretStore {
  readonly #root: string;
  readonly #masker: Pick<Masker, 'add'>;

  /** `root` is .muster/<site>/secrets; it is made when the first secret is. What leaves the store is masked from then on. */
  constructor(root: string, masker: Pick<Masker, 'add'>) {
    this.#root = resolve(root);
    this.#masker = masker;
  }

  async get(name: string): Promise<Secret | undefined> {
    const path = this.#path(name);
    if (!(await this.#rootIsPrivate())) return undefined;
    const secret = await readPrivate({ path, what: `the secret ${name}`, noLink: true });
    if (secret) this.#masker.add(secret);
    return secret;
  }

  async put(name: string, value: Secret): Promise<void> {
    await this.#write(name, value, rename);
  }

  async generate(name: string, shape: Shape): Promise<Secret> {
    const existing = await this.get(name);
    if (existing) return existing;
    const fresh = random(shape);
    try {
      // link(2) refuses what is there already: of two processes one makes the secret, the other reads it.
      await this.#write(name, fresh, link);
      return fresh;
    } catch (error) {
      const first = error instanceof OpsError && hasCode(error.cause, 'EEXIST') ? await this.get(name) : undefined;
      if (first) return first;
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name);
    if (!(await this.#rootIsPrivate())) return;
    await this.#writing(name, async () => {
      await rm(path, { force: true });
      await this.#sync(path);
    });
  }

  async list(): Promise<string[]> {
    if (!(await this.#rootIsPrivate())) return [];
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true });
    return entries
      .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
      .map(entry => relative(this.#root, join(entry.parentPath, entry.name)))
      .sort();
  }

  #path(name: string): string {
    if (NAME.test(name) && name.length <= 200) return join(this.#root, name);
    throw new OpsError('SECRET_NAME_INVALID', `cannot name a secret ${JSON.stringify(name)}`);
  }

  /** false: there is no directory, so there are no secrets. */
  async #rootIsPrivate(): Promise<boolean> {
    const stat = await lstat(this.#root).catch(error => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw new OpsError('SECRET_UNREADABLE', `cannot read ${this.#root}: ${oneLine(error)}`, { cause: error });
    });
    if (stat === undefined) return false;
    if (!stat.isDirectory()) throw new OpsError('SECRET_EXPOSED', `cannot trust ${this.#root}: it is not a directory`);
    refuseExposed(this.#root, stat);
    return true;
  }

  async #write(name: string, value: Secret, publish: (from: string, to: string) => Promise<void>): Promise<void> {
    const path = this.#path(name);
    this.#masker.add(value);
    await this.#rootIsPrivate();
    await this.#writing(name, async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const fresh = join(dirname(path), `.${randomUUID()}.new`);
      try {
        await writeDurably(fresh, value);
        await publish(fresh, path);
      } finally {
        await rm(fresh, { force: true });
      }
      await this.#sync(path);
    });
  }

  async #writing(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      throw new OpsError('SECRET_WRITE', `cannot keep the secret ${name}: ${oneLine(error)}`, { cause: error });
    }
  }

  /** A name is durable when every directory above it is, up to the one that was there before us. */
  async #sync(path: string): Promise<void> {
    for (let dir = dirname(path); dir.length >= dirname(this.#root).length; dir = dirname(dir)) {
      await using handle = await open(dir, 'r');
      await handle.sync();
    }
  }
}

/** 'wx' fails when anything has the name, a planted link included. */
async function writeDurably(path: string, value: Secret): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(value.reveal());
  await file.sync();
}

/** Always the system's generator: a source that a test can choose is a source that someone else can. */
function random({ length }: Shape): Secret {
  if (length < SHORTEST) throw new RangeError(`a secret of ${length} characters, at least ${SHORTEST} are needed`);
  return new Secret(Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''));
}
