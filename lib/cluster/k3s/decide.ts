import type { Change, Decision } from '../../engine/index.ts';
import {
  BINARY,
  CONFIG,
  IMAGES_DIR,
  MODULES,
  MODULES_TEXT,
  SYSCTL,
  SYSCTL_TEXT,
  SYSCTLS,
  sha256,
  TOKEN,
  UNIT,
} from './files.ts';
import {
  BAKED,
  type ConfigFacts,
  type FileFacts,
  type KernelFacts,
  type PackageFacts,
  type ServiceFacts,
  type SmallFile,
} from './observe.ts';

/** Pure: what is to be done, from what is wanted and what was seen. */

const done = (reason: string): Decision => ({ is: 'done', reason });
const changes = (list: readonly Change[], reason: string): Decision =>
  list.length > 0 ? { is: 'changes', changes: list } : done(reason);

const one = (change: Omit<Change, 'grade'>, grade: Change['grade'] = 'known'): Decision => ({
  is: 'changes',
  changes: [{ ...change, grade }],
});

/** 'sha256 0123456789ab', as a person compares it. */
const short = (digest: string) => `sha256 ${digest.slice(0, 12)}`;

export function decidePackages(want: readonly string[] | undefined, facts: PackageFacts): Decision {
  if (want === undefined) return done('packages stay: others may use them by now');
  if (want.length === 0) return done('k3s brings what it needs');
  if (!facts.dpkg)
    return {
      is: 'unknown',
      reason: `not a Debian host: dpkg-query is missing, so nothing is known of ${want.join(', ')}`,
    };
  const missing = want.filter(name => !facts.installed.includes(name));
  if (missing.length > 0) return one({ action: 'create', what: `packages ${missing.join(', ')}` });
  return done(`${want.join(', ')} installed`);
}

export function decideKernel(want: object | undefined, { sysctls, overlay, files }: KernelFacts): Decision {
  if (want === undefined)
    return files.sysctl || files.modules
      ? one({ action: 'delete', what: `files ${SYSCTL}, ${MODULES}` })
      : done('nothing of ours is read at boot');
  const open: string[] = [];
  for (const [name, value] of Object.entries(SYSCTLS))
    if (sysctls[name] !== value) open.push(`${name} is ${sysctls[name] ?? 'absent'}, expected ${value}`);
  // What counts is the effect: in a container modules are the host's, and there is no /lib/modules.
  if (!overlay) open.push('no overlay file system');
  if (files.sysctl !== sha256(SYSCTL_TEXT)) open.push(`${SYSCTL} ${files.sysctl ? 'differs' : 'is absent'}`);
  if (files.modules !== sha256(MODULES_TEXT)) open.push(`${MODULES} ${files.modules ? 'differs' : 'is absent'}`);
  if (open.length === 0) return done('forwarding on, overlay known');
  return one({
    action: 'update',
    what: 'kernel settings',
    from: open.join('; '),
    to: 'as a node needs them, now and at boot',
  });
}

/** A large file, and what it should be; `artifact` undefined: not made yet. */
export interface StampedFacts extends FileFacts {
  artifact?: string;
}

export function decideBinary(want: object | undefined, facts: StampedFacts): Decision {
  return decideStamped(want, facts, BINARY);
}

function decideStamped(
  want: object | undefined,
  { file, sha256: found, artifact }: StampedFacts,
  path: string,
): Decision {
  const what = `file ${path}`;
  if (want === undefined) return file ? one({ action: 'delete', what }) : done('there is none');
  if (artifact === undefined) return one({ action: file ? 'update' : 'create', what }, 'unknown');
  if (file === undefined) return one({ action: 'create', what, to: short(artifact) });
  if (found === artifact) return done(short(artifact));
  return one({ action: 'update', what, from: found ? short(found) : 'digest not known', to: short(artifact) });
}

export interface ImageFacts extends StampedFacts {
  path: string;
  needed: boolean;
  /** Names that the node lacks; absent: the node could not be asked, as before its first start. */
  missing?: readonly string[];
}

/** Seen on the node is what counts; before there is a node, the archive that k3s imports when it starts. */
export function decideImages(want: object | undefined, facts: ImageFacts): Decision {
  if (want !== undefined && !facts.needed) return done('nothing of it is needed');
  if (want !== undefined && facts.missing?.length === 0) return done('every image is on the node');
  // Images that were in the disk and are lost: there never was an archive, so it comes first.
  const { file, ...rest } = facts;
  const archive = decideStamped(want, facts.missing && file === BAKED ? rest : facts, facts.path);
  if (want === undefined || !facts.missing) return archive;
  const what = `import images ${facts.missing.join(', ')}`;
  const before = archive.is === 'changes' ? archive.changes : [];
  return { is: 'changes', changes: [...before, { action: 'run', what, grade: 'known' }] };
}

export interface ConfigWant {
  config: SmallFile;
  /** undefined: the binary, which it names, is not made yet. */
  unit?: SmallFile;
}

/** `token` compared while observing: nothing of it is in the facts. */
export type ConfigSeen = Omit<ConfigFacts, 'token'> & { wanted?: ConfigWant; token: 'absent' | 'same' | 'different' };

export function decideConfig(want: object | undefined, facts: ConfigSeen): Decision {
  if (want === undefined) {
    const there = { [CONFIG]: facts.config, [TOKEN]: facts.token !== 'absent', [UNIT]: facts.unit };
    const paths = Object.entries(there).flatMap(([path, found]) => (found ? [path] : []));
    return changes(
      paths.map((path): Change => ({ action: 'delete', what: `file ${path}`, grade: 'known' })),
      'no files of ours',
    );
  }
  const list: Change[] = [];
  const same = (a: SmallFile, b: SmallFile) => a.sha256 === b.sha256 && a.mode === b.mode;
  const file = (path: string, found: SmallFile | undefined, wanted: SmallFile | undefined) => {
    const what = `file ${path}`;
    const action = found ? 'update' : 'create';
    if (!wanted) list.push({ action, what, grade: 'unknown' });
    else if (!found) list.push({ action, what, grade: 'known' });
    else if (!same(found, wanted)) list.push({ action, what, from: shown(found), to: shown(wanted), grade: 'known' });
  };
  if (facts.token === 'absent') list.push({ action: 'create', what: `file ${TOKEN}`, grade: 'known', secret: true });
  if (facts.token === 'different') list.push({ action: 'update', what: `file ${TOKEN}`, grade: 'known', secret: true });
  file(CONFIG, facts.config, facts.wanted?.config);
  file(UNIT, facts.unit, facts.wanted?.unit);
  return changes(list, 'config.yaml, token and unit are as wanted');
}

const shown = ({ sha256: digest, mode }: SmallFile) => `${short(digest)} mode ${mode}`;

/** A start that was begun, perhaps by a run that was killed, is not begun again. */
export const AWAIT = 'wait for k3s to be active';
const RESTART = 'restart k3s with the files that are there';

export interface ServiceSeen {
  service: ServiceFacts;
  /** What the running process is to be started with; absent: the binary is not made yet. */
  stamp?: string;
  /** Only asked for a removal. */
  leftovers?: readonly string[];
}

export function decideService(want: object | undefined, { service, stamp, leftovers }: ServiceSeen): Decision {
  if (want === undefined) {
    if (!leftovers) return { is: 'unknown', reason: 'what is left of k3s was not looked for' };
    if (leftovers.length === 0) return done('nothing of k3s runs or is mounted');
    return one({
      action: 'delete',
      what: 'k3s, its containers, mounts, interfaces and data',
      from: counted(leftovers),
    });
  }
  const seen = `${service.active} (${service.sub})`;
  const current = stamp !== undefined && service.stamp === stamp;
  if (service.active === 'activating' && current) return one({ action: 'run', what: AWAIT, from: seen, to: 'active' });
  if (service.active !== 'active') return one({ action: 'run', what: 'start k3s', from: seen, to: 'active' });
  if (stamp === undefined) return one({ action: 'run', what: RESTART }, 'unknown');
  if (!current) return one({ action: 'run', what: RESTART, from: 'started with others' });
  if (!service.enabled) return one({ action: 'run', what: 'start k3s at boot' });
  return done(`${seen}, started with the files that are there`);
}

/** '12 x process, 2 x mount'. */
const counted = (list: readonly string[]) =>
  [...Map.groupBy(list, line => line.split(' ')[0])].map(([kind, some]) => `${some.length} x ${kind}`).join(', ');

export const archivePath = (file: string): string => `${IMAGES_DIR}/${file}`;
