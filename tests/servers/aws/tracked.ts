export interface Tracked {
  value: unknown;
  /** Paths of what nobody has looked at. */
  unread(): string[];
}

/**
 * The same value, watched: a parameter that a rule never reads is one that the stand-in ignores, and a test that relies on
 * it would prove nothing.
 */
export function tracked(input: object): Tracked {
  const read = new Set<string>();
  const watch = (value: object, path: string): object =>
    new Proxy(value, {
      get(target, key, receiver) {
        const found: unknown = Reflect.get(target, key, receiver);
        if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return found;
        const at = path === '' ? key : `${path}.${key}`;
        if (typeof found !== 'object' || found === null || found instanceof Date || ArrayBuffer.isView(found)) {
          read.add(at);
          return found;
        }
        return watch(found, at);
      },
    });
  return { value: watch(input, ''), unread: () => leaves(input, '').filter(path => !read.has(path)) };
}

function leaves(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return [path];
  return Object.entries(value).flatMap(([key, each]) => leaves(each, path === '' ? key : `${path}.${key}`));
}
