import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Before KILL. Milliseconds: a lab file seals journals and ends machines. */
const TERM_GRACE = 3000;

/** Living processes of a group; a zombie that nobody reaped is not one. */
export function groupMembers(group: number): { pid: number; name: string }[] {
  if (!signalGroup(group, 0)) return [];
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      const stat = statOf(name);
      return stat && stat.group === group && stat.state !== 'Z' ? [{ pid: Number(name), name: stat.name }] : [];
    });
}

/** TERM, then KILL; resolves when none is left. */
export async function endGroup(group: number): Promise<void> {
  if (groupMembers(group).length === 0) return;
  signalGroup(group, 'SIGTERM');
  for (let waited = 0; waited < TERM_GRACE; waited += 50) {
    await sleep(50);
    if (groupMembers(group).length === 0) return;
  }
  signalGroup(group, 'SIGKILL');
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  if (group <= 1) return false;
  try {
    return process.kill(-group, signal);
  } catch {
    return false; // ESRCH: nobody is left
  }
}

/** proc(5): pid (comm) state ppid pgrp; comm may hold blanks and parentheses. */
function statOf(pid: string): { name: string; state: string; group: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = text.lastIndexOf(')');
    const [state = '', , group] = text.slice(close + 2).split(' ');
    return { name: text.slice(text.indexOf('(') + 1, close), state, group: Number(group) };
  } catch {
    return undefined; // ended between the listing and the look
  }
}
