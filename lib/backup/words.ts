export interface Untold {
  code: 'STORE_UNREACHABLE' | 'CHECK_UNRUN';
  why: string;
}

/** Pure. Of the words of a tool that ended: they are of its way or of its computer, and nothing is known of the data. */
export function cannotTell(words: string): Untold | undefined {
  if (AWAY.test(words)) return { code: 'STORE_UNREACHABLE', why: 'the store gave no answer' };
  if (UNFIT.test(words)) return { code: 'CHECK_UNRUN', why: 'it was ended, or found no room, where it ran' };
  return words.trim() === '' ? { code: 'CHECK_UNRUN', why: 'it ended without a word' } : undefined;
}

/** Of Go's clients and of pgBackRest's. */
const AWAY = new RegExp(
  [
    'connection (refused|reset|closed)|broken pipe|network is unreachable|no route to host|closed network connection',
    'no such host|unable to get address|temporary failure in name resolution',
    'i/o timeout|context deadline|timeout (connecting|awaiting|exceeded)|TLS handshake',
    'HostConnectError|ServiceError|unable to negotiate TLS|TLS error|x509:|certificate (has expired|verify failed)',
    '\\b50[0-4]\\b \\(?(internal|bad|service|gateway|not implemented)|service unavailable|slow ?down|too many requests',
  ].join('|'),
  'i',
);

const UNFIT = new RegExp(
  [
    'no space left|disk quota exceeded|cannot allocate memory|out of memory|OOMKilled|too many open files',
    'read-only file system|permission denied|signal: killed|evicted|node was low on|exit status (137|143)|its pod is gone|no reason given',
  ].join('|'),
  'i',
);
