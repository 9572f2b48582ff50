/** Steps look at other things before they ask: those that do ask with those that need not. */
const MOMENT = 10;

/**
 * Equal questions of one moment, asked once. They are sent after the last of them was asked, so that no answer is
 * older than its question. `ready` is what they wait for anyway.
 */
export function gathering<T>(): (key: string, ready: () => Promise<unknown>, ask: () => Promise<T>) => Promise<T> {
  const open = new Map<string, Promise<T>>();
  return (key, ready, ask) => {
    const later = async () => {
      try {
        await ready();
        await new Promise(resolve => setTimeout(resolve, MOMENT));
      } finally {
        open.delete(key);
      }
      return ask();
    };
    const answer = open.get(key) ?? later();
    open.set(key, answer);
    return answer;
  };
}
