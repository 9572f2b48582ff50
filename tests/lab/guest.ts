import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NodeSSH } from 'node-ssh';
import type { Checkout } from './checkout.ts';

/** Runs a script in the machine, as its operator. */
export async function guest({ state }: Checkout): Promise<(script: string) => Promise<string>> {
  const { forwards } = JSON.parse(await readFile(join(state, 'machines/server-1/machine.json'), 'utf8'));
  const privateKeyPath = join(state, 'secrets/ssh/operator');
  return async script => {
    const ssh = new NodeSSH();
    await ssh.connect({
      host: '127.0.0.1',
      port: forwards.ssh,
      username: 'root',
      privateKeyPath,
      readyTimeout: 60_000,
    });
    const { stdout, stderr } = await ssh.execCommand(script).finally(() => ssh.dispose());
    return stdout.trim() || stderr;
  };
}

/** Lines of the files of secrets, but for what is public. */
export async function secretValues(dir: string): Promise<string[]> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true });
  const texts = await Promise.all(
    files
      .filter(file => file.isFile() && !file.name.endsWith('.pub') && !file.name.includes('certificate'))
      .map(file => readFile(join(file.parentPath, file.name), 'utf8')),
  );
  // A key's lines one by one: a journal would hold them escaped.
  return texts.flatMap(text => text.split('\n')).filter(line => line.length >= 16 && !line.startsWith('-----'));
}
