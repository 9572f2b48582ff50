import { open, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { OpsError, oneLine } from '../errors/index.ts';
import { checkTogether } from './checks/index.ts';
import type { Known } from './checks/known.ts';
import { type Position, readYaml } from './document.ts';
import { nearest } from './nearest.ts';
import { formatPath, type Problem, printable } from './problem.ts';
import type { Inventory } from './schema.ts';
import type { BackupWant } from './sections/backup.ts';
import { checkShape } from './shape.ts';
import type { Site } from './site.ts';

/** An inventory is some kilobytes; what is larger is another file. */
const LARGEST = 256 * 1024;

/**
 * Reads and checks one inventory, circle by circle: syntax, shape, what keys say together.
 * Errors: INVENTORY_INVALID with every problem of the circle as `file:line:column: path: got X, expected Y`,
 * INVENTORY_MISSING, INVENTORY_UNREADABLE.
 */
export async function loadInventory(path: string, known: Pick<Known, 'k3sVersions'>): Promise<Site> {
  return checkedInventory(await readText(path), path, known);
}

/** The same of a text that is to stand under the path. Errors: INVENTORY_INVALID. */
export function checkedInventory(text: string, path: string, known: Pick<Known, 'k3sVersions'>): Site {
  const source = readYaml(text);
  if (source.flaws.length > 0) throw invalid(path, source.flaws);
  const fail = (problems: Problem[]) =>
    invalid(
      path,
      problems.map(problem => ({ at: source.position(problem), text: sentence(problem) })),
    );
  const shape = checkShape(source.data);
  if ('problems' in shape) throw fail(shape.problems);
  const fileName = basename(path, extname(path));
  const problems = checkTogether(shape.inventory, { ...known, fileName });
  if (problems.length > 0) throw fail(problems);
  return asSite(shape.inventory, resolve(path));
}

const sentence = ({ path, got, expected }: Problem): string =>
  `${path.length === 0 ? '' : `${formatPath(path)}: `}got ${got}, expected ${expected}`;

function invalid(path: string, flaws: readonly { at: Position; text: string }[]): OpsError {
  const details = [...flaws]
    .sort((a, b) => a.at.line - b.at.line || a.at.col - b.at.col)
    .map(({ at, text }) => printable(`${path}:${at.line}:${at.col}: ${text}`));
  const count = details.length === 1 ? '1 problem' : `${details.length} problems`;
  return new OpsError('INVENTORY_INVALID', `cannot use ${path}: ${count}`, { details });
}

async function readText(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('it is not a file');
    if (stat.size > LARGEST) throw new Error(`it has ${stat.size} bytes, and no inventory has more than ${LARGEST}`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw await missing(path);
    throw new OpsError('INVENTORY_UNREADABLE', `cannot read ${path}: ${oneLine(error)}`, { cause: error });
  }
}

async function missing(path: string): Promise<OpsError> {
  const entries = await readdir(dirname(path)).catch(() => []);
  const names = entries.filter(name => name.endsWith('.yaml')).map(name => name.slice(0, -'.yaml'.length));
  const meant = nearest(basename(path, extname(path)), names);
  return new OpsError(
    'INVENTORY_MISSING',
    `cannot find the inventory ${path}; there ${names.length > 0 ? `are: ${names.sort().join(', ')}` : 'are none'}`,
    meant === undefined ? {} : { hint: `--site ${meant}` },
  );
}

function asSite({ site, ...sections }: Inventory, path: string): Site {
  const absolute = (file: string) =>
    resolve(dirname(path), file.startsWith('~/') ? join(homedir(), file.slice(2)) : file);
  const { artifacts, hosts, backup, state } = sections;
  return {
    ...sections,
    name: site.name,
    path,
    ...(backup && { backup: seenFrom(backup, absolute) }),
    ...(state && { state: { store: caSeenFrom(state.store, absolute) } }),
    artifacts: artifacts.bundle === undefined ? artifacts : { ...artifacts, bundle: absolute(artifacts.bundle) },
    hosts: hosts.map(host =>
      host.ssh?.identity === undefined
        ? host
        : { ...host, ssh: { ...host.ssh, identity: absolute(host.ssh.identity) } },
    ),
  };
}

function seenFrom(backup: NonNullable<Inventory['backup']>, absolute: (file: string) => string): BackupWant {
  const { store, escrow } = backup;
  return {
    ...backup,
    store: store.kind === 's3' ? storeSeenFrom(store, absolute) : store,
    ...(escrow && { escrow: { ...escrow, places: escrow.places.map(absolute) } }),
  };
}

function storeSeenFrom<S extends Extract<BackupWant['store'], { kind: 's3' }>>(
  store: S,
  absolute: (file: string) => string,
): S {
  const { replica } = store;
  return { ...caSeenFrom(store, absolute), ...(replica && { replica: caSeenFrom(replica, absolute) }) };
}

const caSeenFrom = <P extends { ca?: string | undefined }>(place: P, absolute: (file: string) => string): P =>
  place.ca === undefined ? place : { ...place, ca: absolute(place.ca) };
