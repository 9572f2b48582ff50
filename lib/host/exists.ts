import { stat } from 'node:fs/promises';

/** Whether there is anything under the name. What could not be looked at throws: unknown is not absent. */
export const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    error => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false;
      throw error;
    },
  );
