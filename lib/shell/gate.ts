/** At most `limit` inside; the others wait in order. */
export interface Gate {
  /** Resolves to the way out. Rejects with the signal's reason. */
  enter(signal?: AbortSignal): Promise<() => void>;
  /** The far side takes fewer than we thought: no more than are inside now, and always one. */
  narrow(): void;
  inside(): number;
}

export function createGate(limit: number): Gate {
  let most = limit;
  let inside = 0;
  const queue: (() => void)[] = [];
  const admit = () => {
    while (inside < most && queue.length > 0) {
      inside++;
      queue.shift()?.();
    }
  };
  const leave = () => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      inside--;
      admit();
    };
  };
  return {
    enter(signal) {
      signal?.throwIfAborted();
      return new Promise((resolve, reject) => {
        const pass = () => {
          signal?.removeEventListener('abort', cancel);
          resolve(leave());
        };
        const cancel = () => {
          queue.splice(queue.indexOf(pass), 1);
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', cancel, { once: true });
        queue.push(pass);
        admit();
      });
    },
    narrow() {
      most = Math.max(1, Math.min(most, inside));
    },
    inside: () => inside,
  };
}
