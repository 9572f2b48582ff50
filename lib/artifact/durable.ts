import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is in the file, or the list of a folder, survives a power cut. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The final name has the old bytes or the new ones, whole. `draft` lies in the same file system. */
export async function settle(draft: string, path: string): Promise<void> {
  await sync(draft);
  await rename(draft, path);
  await sync(dirname(path));
}

/** wx: a link planted under the draft's name is refused, not followed. */
export async function writeDurably(path: string, text: string, draft: string, mode = 0o600): Promise<void> {
  const handle = await open(draft, 'wx', mode);
  try {
    await handle.writeFile(text);
  } finally {
    await handle.close();
  }
  await settle(draft, path);
}
