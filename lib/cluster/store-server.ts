/** Of a Corefile: a server for one name, which is one address. */
export const storeServer = (name: string, address: string): string =>
  `${name}:53 {\n    errors\n    hosts {\n        ${address} ${name}\n    }\n}\n`;
