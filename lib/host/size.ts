/** '3.8 GiB', for messages about memory and disks. */
export const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
