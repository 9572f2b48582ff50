import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { OpsError } from '../../errors/index.ts';
import type { OpenSite } from '../../site/index.ts';
import type { Keys } from '../../store/index.ts';
import { type Isolation, unshare } from './isolate.ts';
import { emptied, SYSTEM } from './roots.ts';
import { decodeRehearsed, eventReader, type Order, orderText, RESULT, type Rehearsed } from './wire.ts';

/**
 * In a mount namespace of its own: $1 an empty directory, $2 the checkout, $3 the commit; then words and paths, and after
 * `--` what becomes of the process. A root is made of what is named, the commit is cloned to where the checkout was, and
 * everything else is let go of: nothing is left behind, whoever is killed.
 */
const ENTER = `set -eu
root=$1 project=$2 commit=$3
shift 3
mount -t tmpfs -o mode=0755 muster "$root"
while [ "$1" != -- ]; do
  at=$root$2
  case $1 in
    system)
      if [ -L "$2" ]; then cp -P "$2" "$at"
      elif [ -e "$2" ]; then mkdir -p "$at"; mount --rbind "$2" "$at"; fi ;;
    empty) mkdir -p "$at"; mount -t tmpfs -o "mode=$3" muster "$at"; shift ;;
    clone)
      git clone --quiet --no-local --depth 1 -- "$project" "$at"
      [ "$(git -C "$at" rev-parse HEAD)" = "$commit" ] || { echo "HEAD is no more $commit" >&2; exit 1; } ;;
    read | write)
      if [ -d "$2" ]; then mkdir -p "$at"; else mkdir -p "$(dirname "$at")"; : >>"$at"; fi
      mount --bind "$2" "$at"
      [ "$1" = write ] || mount -o remount,bind,ro "$at" ;;
  esac
  shift 2
done
shift
cd "$root"
mkdir .outside
pivot_root . .outside
cd /
umount -l /.outside
rmdir /.outside
cd "$project"
exec "$@"
`;

/** Words for ENTER: what lies above before what lies in it. */
function places({ roots, commit }: Extract<Isolation, { is: 'able' }>, project: string): string[] {
  const sorted = (paths: readonly string[]) => [...new Set(paths)].sort((a, b) => a.length - b.length);
  const mode = (path: string) => (path.endsWith('/tmp') ? '1777' : '0755');
  const byPath = [...roots].sort((a, b) => a.path.length - b.path.length);
  return [
    ...[project, commit],
    ...SYSTEM.flatMap(path => ['system', path]),
    ...sorted(emptied(project)).flatMap(path => ['empty', path, mode(path)]),
    ...['clone', project],
    ...byPath.flatMap(({ access, path }) => [access, path]),
  ];
}

export interface Entry {
  open: OpenSite;
  order: Order & { isolation: Extract<Isolation, { is: 'able' }> };
  scratch: Keys | undefined;
  /** Of the new site. */
  state: string;
}

/**
 * Carries the order out in a process that sees what is listed and nothing else, by the code of the commit. It ends with
 * us, whatever ends us: its stdin closes then. Errors: INTERRUPTED; what else goes wrong is among what was seen.
 */
export async function enterIsolation({ open, order, scratch, state }: Entry): Promise<Rehearsed> {
  const { project } = open.dirs;
  const shell = await open.ports.shell('localhost');
  const node = [await ownNode(project), join(project, 'lib/drill/isolation/inside.ts')];
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const again = uid === 0 ? [] : ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  const root = join(project, '.muster', 'rehearsals');
  const argv = [
    ...unshare(),
    'sh',
    '-c',
    ENTER,
    'sh',
    root,
    ...places(order.isolation, project),
    '--',
    ...again,
    ...node,
  ];
  const said: string[] = [];
  const read = eventReader(open.emit);
  const over = Promise.withResolvers<void>();
  try {
    const { code, signal } = await shell.exec(argv, {
      stdin: untilOver(orderText(order, scratch), over.promise),
      signal: open.signal,
      env: { TMPDIR: '/tmp', NODE_COMPILE_CACHE: '/tmp/compile-cache' },
      onLine: (line, stream) => (stream === 'stdout' && read(line) ? undefined : void said.push(line)),
    });
    const text = code === 0 ? await readFile(join(state, RESULT), 'utf8') : undefined;
    if (text !== undefined) return decodeRehearsed(text);
    return { ended: { checks: [], rpo: [], error: diedInside(code ?? signal, said) } };
  } finally {
    over.resolve();
  }
}

/** This very Node, by its path in the checkout: where node_modules is a link, the path of the program is another. */
async function ownNode(project: string): Promise<string> {
  const packages = join(project, 'node_modules');
  const real = `${await realpath(packages)}/`;
  return process.execPath.startsWith(real) ? join(packages, process.execPath.slice(real.length)) : process.execPath;
}

async function* untilOver(text: string, over: Promise<void>): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  await over;
}

const diedInside = (how: number | string | null, said: readonly string[]) => {
  const lines = said.map(line => stripVTControlCharacters(line)).filter(line => line.trim() !== '');
  return new OpsError(
    'COMMAND_FAILED',
    `cannot rehearse in a namespace of its own: it ended with ${how}: ${lines.at(-1) ?? 'no word'}`,
    { details: lines.slice(-15) },
  );
};
