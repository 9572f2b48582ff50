import { isRecord } from '../cluster/index.ts';

/**
 * Paths at which a live object is not what was asked for. Defaulting only adds: what is there beside our fields is
 * fine, what differs in them is drift. Values are not given, they may be secret.
 */
export function differences(want: unknown, live: unknown, path = ''): string[] {
  if (Array.isArray(want)) return inList(want, live, path);
  if (isRecord(want)) {
    if (!isRecord(live)) return Object.keys(want).length === 0 && live === undefined ? [] : [path];
    return Object.entries(want).flatMap(([key, value]) => differences(value, live[key], path ? `${path}.${key}` : key));
  }
  // The API drops what is empty.
  if (want === '' && live === undefined) return [];
  return want === live ? [] : [path];
}

function inList(want: readonly unknown[], live: unknown, path: string): string[] {
  if (want.length === 0 && live === undefined) return [];
  if (!Array.isArray(live)) return [path];
  const key = KEYS.find(name => want.every(item => isRecord(item) && name in item));
  if (key === undefined) {
    if (want.length !== live.length) return [path];
    return want.flatMap((item, index) => differences(item, live[index], `${path}[${index}]`));
  }
  // A list with names is a map to the API: others may add to it, and the order is not ours.
  const name = (item: unknown) => (isRecord(item) ? item[key] : undefined);
  return want.flatMap(item => {
    const found = live.filter(other => name(other) === name(item));
    const at = `${path}[${String(name(item))}]`;
    if (found.length === 0) return [at];
    // Two ports of one number differ by protocol: one of them has to fit.
    return found.map(other => differences(item, other, at)).sort((a, b) => a.length - b.length)[0] ?? [];
  });
}

/** What the API merges lists by, as far as our objects have such lists. */
const KEYS = ['name', 'mountPath', 'containerPort', 'port', 'ip', 'topologyKey'];
